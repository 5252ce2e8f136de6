#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// The prompt of a sweep, as far as it is known before the first run.
struct SessionPrompt {
  std::string text;                    ///< empty while `built_in_tokens` is set
  std::optional<int> built_in_tokens;  ///< the built-in text is still to be cut to this size
  std::string description;             ///< "built-in text, about 512 tokens"
};

/// The configured prompt; of a store that was made with the built-in text, the very same words
/// again, whatever size today's grid would choose. The error says why the store's prompt and the
/// configuration's cannot be the same.
Expected<SessionPrompt, std::string> ChoosePrompt(const SweepConfig& config,
                                                  const Metadata& stored);

/// Its length in tokens: as the server counted it for these results, else a guess.
std::int64_t ExpectedPromptTokens(const SessionPrompt& prompt, const Metadata& stored);

}  // namespace ollama_bench
