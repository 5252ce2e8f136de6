#pragma once

#include <string>
#include <string_view>

#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/sample.h"

namespace ollama_bench {

/// `text` without terminal control sequences (CSI, OSC and other escapes of ECMA-48, carriage
/// returns, other control characters but the newline) and without the spinner's braille glyphs.
/// `ollama` writes all of these to a pipe too, also right in front of a metric or an error.
std::string StripControlSequences(std::string_view text);

/// Reads the block that `ollama run --verbose` ends its standard error with. Lines may be missing,
/// follow control sequences, or be followed by other text. Of a repeated line the last
/// counts. Numbers that are no numbers, negative or absurd leave their field empty.
RunMetrics ParseVerboseOutput(std::string_view standard_error);

/// What kind of failure Ollama's own words mean; kUnknown where they fit none. The phrases are
/// those of the sources and the issue tracker, v0.6.8 to v0.33.
FailureKind ClassifyFailure(std::string_view text);

/// The failure that `output` (raw, of a command or of an HTTP answer) reports: its kind, its
/// "Error: …" line as the message, its end as the tail. `fallback` is the message where there is no
/// such line.
Failure FailureFromOutput(std::string_view output, std::string_view fallback);

}  // namespace ollama_bench
