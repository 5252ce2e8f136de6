#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "chapters.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/render/cell_text.h"
#include "ollama_bench/render/load_text.h"
#include "ollama_bench/render/scale_text.h"
#include "ollama_bench/render/text_report.h"

namespace ollama_bench {
namespace {

// More rows make a page that nobody reads.
constexpr std::size_t kMostRows = 2000;

// Those in which cells of the tables differ; all where none does.
std::vector<Parameter> ColumnsOf(const std::vector<SweepMap>& maps,
                                 const std::vector<ResultTable>& tables) {
  std::vector<Parameter> all = ParametersOf(tables);
  std::vector<Parameter> varied;
  const Cell first = maps.front().CellAt(0, 0);
  for (const Parameter parameter : all) {
    const bool differs = std::any_of(maps.begin(), maps.end(), [&](const SweepMap& map) {
      return map.CellAt(0, 0)[parameter] != first[parameter] ||
             (map.grid.across.parameter == parameter && map.column_count() > 1) ||
             (map.grid.down.parameter == parameter && map.row_count() > 1);
    });
    if (differs) varied.push_back(parameter);
  }
  return varied.empty() ? all : varied;
}

// "recommended", "current setting", "not significantly different from the best".
std::string NotesOn(const SweepMap& map, const Cell& cell, const MapCell& state) {
  std::vector<std::string> notes;
  if (map.recommended.contains(cell)) notes.emplace_back("recommended");
  if (map.current.contains(cell)) notes.emplace_back("current setting");
  if (state.kind != MapCell::Kind::kMeasured) {
    notes.push_back(CellDescription(map.metric, state));
  } else if (state.is_contender && !map.recommended.contains(cell)) {
    notes.emplace_back("may be the best");
  }
  return fmt::format("{}", fmt::join(notes, ", "));
}

std::vector<std::string> RowOf(const SweepMap& map, const Cell& cell, const MapCell& state,
                               const std::vector<Parameter>& parameters) {
  const MetricInfo& metric = Describe(map.metric);
  std::vector<std::string> row;
  for (const Parameter parameter : parameters) {
    row.push_back(FormatValue(parameter, cell[parameter]));
  }
  if (state.HasValue()) {
    row.push_back(fmt::format("{:.{}f}", state.value, metric.decimals));
    row.push_back(
        fmt::format("{:.{}f} to {:.{}f}", state.low, metric.decimals, state.high, metric.decimals));
    row.push_back(state.loss > 0 ? fmt::format("{:.1f}", -100 * state.loss) : "0");
    row.push_back(state.loss > 0 ? (state.is_worse ? "yes" : "no") : "");
    row.push_back(fmt::format("{}", state.loads));
  } else {
    row.insert(row.end(), {"-", "-", "-", "", "-"});
  }
  row.push_back(NotesOn(map, cell, state));
  return row;
}

Table CellTable(const ReportedSweep& sweep) {
  const std::vector<Parameter> parameters = ColumnsOf(sweep.maps, sweep.tables);
  const MetricInfo& metric = Describe(sweep.metric);
  Table table;
  table.title = "All cells";
  for (const Parameter parameter : parameters) {
    table.headings.emplace_back(KeyOf(parameter));
  }
  table.headings.push_back(fmt::format("{}, {}", metric.label, metric.unit));
  table.headings.insert(table.headings.end(),
                        {"95 % CI", "against the best, %", "significant", "loads", "notes"});
  for (const SweepMap& map : sweep.maps) {
    for (std::size_t row = 0; row < map.row_count(); ++row) {
      for (std::size_t column = 0; column < map.column_count(); ++column) {
        if (table.rows.size() == kMostRows) return table;
        const Cell cell = map.CellAt(row, column);
        table.rows.push_back(RowOf(map, cell, map.At(row, column), parameters));
      }
    }
  }
  return table;
}

void AddChoiceTables(const ReportedSweep& sweep, std::vector<Block>& blocks) {
  if (sweep.tables.front().states.empty()) return;
  const TableStatistics statistics = ComputeStatistics(sweep.tables);
  const std::vector<Parameter> parameters = ColumnsOf(sweep.maps, sweep.tables);
  // Of one parameter that is the table of all cells.
  if (statistics.values && parameters.size() > 1) {
    for (const Parameter parameter : parameters) {
      blocks.emplace_back(TableOf(BestColumns(sweep.tables, parameter),
                                  fmt::format("Best of each {}, as measured", KeyOf(parameter))));
    }
  }
  blocks.emplace_back(CellTable(sweep));
  if (statistics.combinations > kMostRows) {
    blocks.emplace_back(
        Paragraph{fmt::format("The first {} of {} cells.", kMostRows, statistics.combinations),
                  Tone::kQuiet});
  }
}

// "Levels: num_ctx 4096".
template <class Series>
std::string NameOf(std::string_view noun, const std::vector<Series>& all, const Series& one) {
  if (all.size() < 2 && one.common == Cell()) return std::string(noun);
  return fmt::format("{}: {}", noun, DescribeCell(one.common));
}

void AddLoadTables(const std::vector<LoadSeries>& load, std::vector<Block>& blocks) {
  for (const LoadSeries& series : load) {
    blocks.emplace_back(TableOf(LevelColumns(series), NameOf("Levels", load, series)));
  }
  for (const Parameter length : {Parameter::kNumPredict, Parameter::kPromptTokens}) {
    if (load.empty()) break;
    if (const auto columns = LengthColumns(load, length)) {
      blocks.emplace_back(
          TableOf(*columns, fmt::format("A request by {} and level", KeyOf(length))));
    }
  }
}

void AddScaleTables(const std::vector<ScaleSeries>& scale, std::vector<Block>& blocks) {
  for (const ScaleSeries& series : scale) {
    blocks.emplace_back(TableOf(PointColumns(series), NameOf("Lengths", scale, series)));
    if (scale.size() > 1) blocks.emplace_back(Paragraph{ScaleSentences(series), Tone::kPlain});
  }
}

}  // namespace

std::vector<Block> TableBlocks(const ReportedSweep& sweep, const SweepContent& content) {
  std::vector<Block> blocks;
  AddLoadTables(content.load, blocks);
  AddScaleTables(content.scale, blocks);
  if (content.has_choice) AddChoiceTables(sweep, blocks);
  return blocks;
}

std::vector<Block> FailureBlocks(const ReportedSweep& sweep) {
  Table table{"Cells that failed", {"cell", "failure", "message", "visits that failed"}, {}};
  std::vector<Block> folds;
  std::vector<FailureKind> shown;
  for (const CellResult& result : sweep.results) {
    const Failure* failure = FailureOf(result);
    if (failure == nullptr) continue;
    const VisitCount visits = CountVisits(result);
    if (table.rows.size() < kMostRows) {
      table.rows.push_back({DescribeCell(result.cell), std::string(Describe(failure->kind).label),
                            failure->message, fmt::format("{} of {}", visits.failed, visits.all)});
    }
    // What was printed is alike for all failures of a kind.
    const bool is_new = std::find(shown.begin(), shown.end(), failure->kind) == shown.end();
    if (failure->output_tail.empty() || !is_new) continue;
    shown.push_back(failure->kind);
    folds.emplace_back(Fold{fmt::format("What Ollama printed at {}", DescribeCell(result.cell)),
                            Only(Copyable{failure->output_tail})});
  }
  if (table.rows.empty()) return {};
  std::vector<Block> blocks = Only(std::move(table));
  for (Block& fold : folds) blocks.push_back(std::move(fold));
  return blocks;
}

}  // namespace ollama_bench
