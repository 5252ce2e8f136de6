#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/failure.h"

namespace ollama_bench {

/// How much of the built-in text makes a prompt of the wanted size.
struct SettledPrompt {
  std::int64_t words = 0;
  std::optional<std::int64_t>
      tokens;  ///< counted by the server; empty where it does not fit this cell
};

/// Runs a text on the server and gives back its token count, template included.
using TokenCounter = std::function<Expected<std::int64_t, Failure>(std::string_view text)>;

/// Finds the number of words whose prompt has about `target` tokens (within 1 %, at least 4), by
/// the secant method on the server's own counts; two or three runs for English. Where `target` does
/// not fit the cell's context, two short runs and a straight line must do. A prompt that comes out
/// more than 5 % off is a failure.
Expected<SettledPrompt, Failure> SettleBuiltInPrompt(int target, const Cell& cell, int num_predict,
                                                     const TokenCounter& count_tokens);

}  // namespace ollama_bench
