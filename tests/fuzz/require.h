#pragma once

#include <cstdlib>

namespace ollama_bench {

/// Ends the fuzzer with a report where something does not hold.
inline void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace ollama_bench
