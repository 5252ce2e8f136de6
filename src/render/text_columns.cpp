#include "text_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace ollama_bench {

std::string TextColumns::Text() const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += fmt::format("{}{:>{}}", i == 0 ? "" : "  ", row[i], widths[i]);
    }
    text += line + '\n';
  }
  return text;
}

}  // namespace ollama_bench
