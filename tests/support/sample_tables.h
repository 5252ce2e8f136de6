#pragma once

#include <fstream>
#include <optional>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/analysis/slice.h"
#include "ollama_bench/analysis/stratum_answer.h"
#include "ollama_bench/analysis/sweep_answer.h"
#include "ollama_bench/core/cell_result.h"
#include "support/failed_visit.h"
#include "support/pair.h"

namespace ollama_bench {

/// A counted sample with this prompt eval rate in tokens/s.
inline Sample SampleWithRate(double rate) {
  Sample sample;
  sample.metrics.printed_prompt_eval_rate = rate;
  return sample;
}

inline CellResult ResultWithRates(Cell cell, const std::vector<double>& rates) {
  CellResult result;
  result.cell = cell;
  for (const double rate : rates) result.samples.push_back(SampleWithRate(rate));
  return result;
}

inline CellResult FailedResult(Cell cell, FailureKind kind, std::string message = {}) {
  CellResult result;
  result.cell = cell;
  AddFailure(result, {kind, std::move(message), {}, 1});
  return result;
}

/// What the cells of a table of prompt eval rates say, each measured by one run of one load.
inline std::optional<SweepAnswer> AnswerOf(const ResultTable& table) {
  std::vector<CellResult> results;
  for (std::size_t i = 0; i < table.states.size(); ++i) {
    if (const auto* measured = std::get_if<Measured>(&table.states[i])) {
      const Cell cell = table.CellAt(i / table.columns(), i % table.columns());
      results.push_back(ResultWithRates(cell, {measured->value}));
    }
  }
  return AnswerSweep(results, table.metric);
}

/// What the one stratum of a sweep says.
inline std::vector<StratumAnswer> OneAnswer(std::optional<SweepAnswer> answer) {
  return {{Cell(), std::move(answer)}};
}

/// A span of that value alone, which must outlive it.
template <class Value>
std::span<const Value> Only(const Value& value) {
  return {&value, 1};
}

/// The one table that holds all cells of `results`.
inline ResultTable TableOf(const std::vector<CellResult>& results,
                           Metric metric = Metric::kPromptEvalRate) {
  const auto grids = GridsOf(*UnitedSpace(results, {}), {});
  return BuildResultTable(results, grids->at(0), metric);
}

/// Evenly spaced axes, as a sweep has them.
inline Grid MakeGrid(int columns, int rows) {
  Grid grid;
  for (int i = 1; i <= columns; ++i) grid.across.values.push_back(2048 * i);
  for (int i = 1; i <= rows; ++i) grid.down.values.push_back(128 * i);
  return grid;
}

/// What stands at the `index`-th place of a table that has all kinds of gaps; empty: a value.
inline std::optional<CellState> GapAt(int index, const Cell& first) {
  const auto kinds = AllFailureKinds();
  if (index % 9 == 2) return Untested{};
  if (index % 9 == 4) return Excluded{Exclusion::kWrongContext};
  if (index % 9 == 6) return AliasOf{first};
  if (index % 3 != 1) return std::nullopt;
  return Failed{kinds[static_cast<std::size_t>(index) % kinds.size()].kind, "no <room> & board"};
}

/// Values from `low` to `high` in no order, and no two the same. With `with_gaps` there is also
/// every other state of a cell, failures of all kinds among them, as far as there is room.
inline ResultTable MakeTable(int columns, int rows, bool with_gaps = false, double low = 76.4,
                             double high = 323.1) {
  ResultTable table{Metric::kPromptEvalRate, MakeGrid(columns, rows), {}};
  const int cells = columns * rows;
  for (int i = 0; i < cells; ++i) {
    auto gap = with_gaps ? GapAt(i, table.CellAt(0, 0)) : std::nullopt;
    if (gap) {
      table.states.push_back(std::move(*gap));
      continue;
    }
    const int shuffled = static_cast<int>((static_cast<long>(i) * 7919) % cells);
    const double share = cells == 1 ? 1.0 : shuffled / (cells - 1.0);
    table.states.emplace_back(Measured{low + (high - low) * share, 3});
  }
  return table;
}

inline std::string ReadTestFile(const std::string& name) {
  std::ifstream file(std::string(OLLAMA_BENCH_TEST_DATA) + "/" + name, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline std::vector<std::string> SplitFields(const std::string& line, char separator) {
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == separator) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

/// The lines of `text`, line ends of both kinds removed.
inline std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(line);
  }
  return lines;
}

/// A results_table.csv as results with one sample per value, and its axes.
inline std::pair<std::vector<CellResult>, Grid> ReadCsvTable(const std::string& text) {
  std::vector<CellResult> results;
  Grid grid;
  for (const std::string& line : Lines(text)) {
    const std::vector<std::string> fields = SplitFields(line, ',');
    if (fields[0] == "num_batch") {
      for (std::size_t i = 1; i < fields.size(); ++i) {
        grid.across.values.push_back(std::stoi(fields[i]));
      }
      continue;
    }
    grid.down.values.push_back(std::stoi(fields[0]));
    for (std::size_t i = 1; i < fields.size(); ++i) {
      if (fields[i].empty()) continue;
      const Cell cell{grid.across.values[i - 1], grid.down.values.back()};
      results.push_back(ResultWithRates(cell, {std::stod(fields[i])}));
    }
  }
  return {results, grid};
}

}  // namespace ollama_bench
