#pragma once

#include <compare>
#include <string>

namespace ollama_bench {

/// One combination of the two swept parameters, in tokens.
struct Cell {
  int num_ctx = 0;    ///< context length, and so the size of the KV cache
  int num_batch = 0;  ///< prompt tokens that go through the model at once

  friend auto operator<=>(const Cell&, const Cell&) = default;
};

/// "num_ctx=4096 num_batch=512"
std::string NameOf(const Cell& cell);

}  // namespace ollama_bench
