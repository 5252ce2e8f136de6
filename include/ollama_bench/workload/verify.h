#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/sample.h"

namespace ollama_bench {

/// Prompts with different unique tokens may differ by this many tokens.
inline constexpr std::int64_t kTokenTolerance = 4;

/// What a run of a cell should show.
struct Expectation {
  Cell cell;
  int num_predict = 0;
  std::optional<std::int64_t> prompt_tokens;  ///< empty while nothing is known yet
};

/// `cell` with the settings of the server that it sets as they were `reported`, where they were.
Cell EffectiveServer(const Cell& cell, const Cell& reported);

/// Whether the server took more of the prompt from its cache than every prompt shares: some tokens
/// in front of the unique one are the template's.
bool IsPromptCached(const RunMetrics& metrics);

/// Why the sample, one request, must not enter the cell's rate; empty where it may. Reads the
/// metrics, the wall time and what the server said of the loaded model.
std::optional<Exclusion> VerifyRequest(const Sample& sample, const Expectation& expectation);

/// Whether a prompt of `prompt_tokens` and its answer stay below the cell's context.
bool FitsContext(const Cell& cell, std::int64_t prompt_tokens, int num_predict);

}  // namespace ollama_bench
