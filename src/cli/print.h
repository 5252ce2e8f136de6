#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

namespace ollama_bench {

/// Formats to `out`. Unlike fmt::print it does not throw where nobody reads any more, a closed
/// terminal or `| head`: a sweep must get to its end and clean up. The stream remembers the error.
template <class... Values>
void Print(std::FILE* out, fmt::format_string<Values...> format, Values&&... values) {
  const std::string text = fmt::format(format, std::forward<Values>(values)...);
  std::fwrite(text.data(), 1, text.size(), out);
}

}  // namespace ollama_bench
