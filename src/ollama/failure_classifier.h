#pragma once

#include <string_view>

#include "ollama_bench/core/failure.h"

namespace ollama_bench {

/// What kind of failure Ollama's own words mean; kUnknown where they fit none. The phrases are
/// those of the sources and the issue tracker, v0.6.8 to v0.33.
FailureKind ClassifyFailure(std::string_view text);

/// The failure that `output` (raw, of a command or of an HTTP answer) reports: its kind, its
/// "Error: …" line as the message, its end as the tail. `fallback` is the message where there is no
/// such line.
Failure FailureFromOutput(std::string_view output, std::string_view fallback);

}  // namespace ollama_bench
