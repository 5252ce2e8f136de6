#include "ollama_bench/core/cell.h"

namespace ollama_bench {
namespace {

std::string Join(const Cell& cell, std::string_view between, std::string_view separator) {
  std::string text;
  for (const ParameterInfo& info : AllParameters()) {
    if (!cell.Sets(info.parameter)) continue;
    if (!text.empty()) text += separator;
    text += info.key;
    text += between;
    text += FormatValue(info.parameter, cell[info.parameter]);
  }
  return text.empty() ? "auto" : text;
}

}  // namespace

std::strong_ordering operator<=>(const Cell& a, const Cell& b) {
  for (std::size_t i = 0; i < kParameterCount; ++i) {
    if (a.values_[i] == b.values_[i]) continue;
    return IsBefore(static_cast<Parameter>(i), a.values_[i], b.values_[i])
               ? std::strong_ordering::less
               : std::strong_ordering::greater;
  }
  return std::strong_ordering::equal;
}

std::string NameOf(const Cell& cell) {
  return Join(cell, "=", " ");
}

std::string DescribeCell(const Cell& cell) {
  return Join(cell, " ", ", ");
}

}  // namespace ollama_bench
