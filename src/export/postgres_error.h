#pragma once

#include <string>
#include <string_view>

namespace ollama_bench {

/// What to do where a statement failed with this SQLSTATE; empty where nothing is known.
std::string_view AdviceOn(std::string_view sqlstate);

/// `text` in one line, printable.
std::string OneLine(std::string_view text);

}  // namespace ollama_bench
