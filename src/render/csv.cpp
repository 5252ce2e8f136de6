#include "ollama_bench/render/csv.h"

#include <fmt/format.h>

#include <iterator>

namespace ollama_bench {
namespace {

void AppendValue(std::string& csv, const CellState& state) {
  if (const auto* measured = std::get_if<Measured>(&state)) {
    fmt::format_to(std::back_inserter(csv), "{:#}", measured->value);
  }
}

std::string MatrixOf(const ResultTable& table) {
  const Axis& across = table.grid.across;
  const Axis& down = table.grid.down;
  std::string csv(KeyOf(down.parameter));
  for (const int value : across.values) csv += ',' + FormatValue(across.parameter, value);
  csv += "\r\n";
  for (std::size_t row = 0; row < table.rows(); ++row) {
    csv += FormatValue(down.parameter, down.values[row]);
    for (std::size_t column = 0; column < table.columns(); ++column) {
      csv += ',';
      AppendValue(csv, table.At(row, column));
    }
    csv += "\r\n";
  }
  return csv;
}

std::string ListOf(std::span<const ResultTable> tables) {
  const std::vector<Parameter> parameters = ParametersOf(tables);
  std::string csv;
  for (const Parameter parameter : parameters) csv += fmt::format("{},", KeyOf(parameter));
  csv += fmt::format("{}\r\n", tables.empty() ? "value" : Describe(tables.front().metric).key);
  for (const ResultTable& table : tables) {
    for (std::size_t i = 0; i < table.states.size(); ++i) {
      const Cell cell = table.CellAt(i / table.columns(), i % table.columns());
      for (const Parameter parameter : parameters) {
        csv += FormatValue(parameter, cell[parameter]) + ',';
      }
      AppendValue(csv, table.states[i]);
      csv += "\r\n";
    }
  }
  return csv;
}

}  // namespace

std::string RenderCsv(std::span<const ResultTable> tables) {
  const bool is_pair = tables.size() == 1 && tables.front().grid.fixed == Cell() &&
                       tables.front().grid.across.parameter == kUsualAcross &&
                       tables.front().grid.down.parameter == kUsualDown;
  return is_pair ? MatrixOf(tables.front()) : ListOf(tables);
}

}  // namespace ollama_bench
