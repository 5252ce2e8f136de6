#include "ollama_bench/render/csv.h"

#include <fmt/format.h>

#include <iterator>

namespace ollama_bench {

std::string RenderCsv(const ResultTable& table) {
  std::string csv = "num_batch";
  const auto out = std::back_inserter(csv);
  for (const int num_ctx : table.grid.num_ctx.values) fmt::format_to(out, ",{}", num_ctx);
  csv += "\r\n";
  for (std::size_t row = 0; row < table.rows(); ++row) {
    fmt::format_to(out, "{}", table.grid.num_batch.values[row]);
    for (std::size_t column = 0; column < table.columns(); ++column) {
      csv += ',';
      if (const auto* measured = std::get_if<Measured>(&table.At(row, column))) {
        fmt::format_to(out, "{:#}", measured->value);
      }
    }
    csv += "\r\n";
  }
  return csv;
}

}  // namespace ollama_bench
