#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/sample.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/ollama/generate_request.h"
#include "ollama_bench/ollama/ollama_api.h"

namespace ollama_bench {

/// What came of it.
struct GenerateAnswer {
  RunMetrics metrics;
  std::optional<std::chrono::nanoseconds> first_token;  ///< as in Sample
};

/// Sends the request and waits for the end of its answer, the time-out (kTimeout) or a stop request
/// (kInterrupted), whichever is first; on the latter two the connection is cut, which Ollama takes
/// as a wish to end the run. Blocks.
/// `on_idle`, where given, is called a few times a second, on the caller's thread.
Expected<GenerateAnswer, Failure> Generate(const OllamaApi& api, const GenerateRequest& request,
                                           const StopRequest& stop,
                                           const std::function<void()>& on_idle = nullptr);

/// Has the loaded `model` read one token in place of what its prompt cache holds, so that nothing
/// of a later prompt, not even the template before it, is there already. `cell` must be what the
/// model is loaded with, or empty where those are its own parameters; then no load follows.
/// `version` is the server's, as it reports it.
///
/// llama-server (Ollama v0.30 on) saves the prompt that is displaced, and brings it back for a
/// later one of which it holds a larger share than what is loaded then. A token that the later
/// prompt begins with is contained in it wholly, so no saved prompt is better; that one token is
/// not read again. Source: server_prompt_cache::load of llama.cpp.
Expected<void, Failure> ForgetPrompt(OllamaApi& api, const std::string& version,
                                     const std::string& model, std::optional<Cell> cell,
                                     const StopRequest& stop);

/// Has the loaded `model` generate `tokens` tokens; `cell` as for ForgetPrompt. A text that
/// continues by itself is given without the model's template, so that few models stop before.
Expected<RunMetrics, Failure> GenerateTokens(const OllamaApi& api, const std::string& model,
                                             std::optional<Cell> cell, int tokens,
                                             std::chrono::milliseconds timeout,
                                             const StopRequest& stop,
                                             const std::function<void()>& on_idle = nullptr);

}  // namespace ollama_bench
