#pragma once

#include <string_view>

#include "ollama_bench/core/failure.h"

namespace ollama_bench {

/// What an HTTP status means that does not come with words of Ollama's: mostly of a proxy before
/// it.
struct StatusMeaning {
  int first = 0;
  int last = 0;  ///< included
  FailureKind kind = FailureKind::kUnknown;
  std::string_view text;    ///< what it means
  std::string_view remedy;  ///< what to do
};

/// Null where a status says nothing by itself (500 and those of success).
const StatusMeaning* MeaningOf(int status);

}  // namespace ollama_bench
