#include "ollama_bench/render/text_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace ollama_bench {

std::string TextColumns::Text() const {
  std::vector<std::size_t> widths(headings_.front().size(), 0);
  for (const auto* rows : {&headings_, &rows_}) {
    for (const Row& row : *rows) {
      for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string text;
  for (const auto* rows : {&headings_, &rows_}) {
    for (const Row& row : *rows) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        text += fmt::format("{}{:>{}}", i == 0 ? "" : "  ", row[i], widths[i]);
      }
      text += '\n';
    }
  }
  return text;
}

}  // namespace ollama_bench
