#pragma once

#include <cstddef>
#include <optional>

#include "ollama_bench/session/session_options.h"

namespace ollama_bench {

/// What `run` is to measure and how, unchecked but for the types.
struct RunOptions {
  SessionOptions session;
  std::optional<std::size_t> limit;  ///< cells measured by this start at most
  bool retry_failed = false;
  bool remeasure_unverified = false;
  bool baseline = true;          ///< measure what the user has at present, too
  bool measure_aliases = false;  ///< also cells that are known to be the same measurement
};

}  // namespace ollama_bench
