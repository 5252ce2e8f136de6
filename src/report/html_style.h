#pragma once

#include <string_view>

namespace ollama_bench {

/// The style sheet of a report. Like the script it holds none of `<`, `>` and `&`, so that it is
/// text in HTML and in XML.
extern const std::string_view kPageStyle;

/// Sorts tables by a click on a heading, adds buttons that copy, and opens what is folded before it
/// is printed.
extern const std::string_view kPageScript;

}  // namespace ollama_bench
