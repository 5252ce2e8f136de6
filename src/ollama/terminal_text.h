#pragma once

#include <string>
#include <string_view>

namespace ollama_bench {

/// `text` without terminal control sequences (CSI, OSC and other escapes of ECMA-48, carriage
/// returns, other control characters but the newline) and without the spinner's braille glyphs.
/// `ollama` writes all of these to a pipe too, also right in front of a metric or an error.
std::string StripControlSequences(std::string_view text);

}  // namespace ollama_bench
