#pragma once

#include <string>
#include <string_view>

namespace ollama_bench {

/// Any text as text of XML and HTML, in elements and in quoted attributes: valid UTF-8, with
/// control characters shown as "\\x1b" and the like, and `&`, `<`, `>` and `"` escaped. Line ends
/// stay where `keep_newlines` is set.
std::string EscapeMarkup(std::string_view text, bool keep_newlines = false);

}  // namespace ollama_bench
