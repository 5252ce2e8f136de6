#include "ollama_bench/render/comparison_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "change_text.h"
#include "number_format.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/render/json_report.h"

namespace ollama_bench {
namespace {

using Json = ReportJson;

constexpr const char* kFailedWord = "failed";

std::size_t CalledCells(const SweepComparison& comparison) {
  return static_cast<std::size_t>(
      std::count_if(comparison.cells.begin(), comparison.cells.end(),
                    [](const CellChange& cell) { return cell.change.is_called; }));
}

// Those that a cell of the comparison sets.
std::vector<Parameter> ParametersOf(const SweepComparison& comparison) {
  std::vector<Cell> cells;
  for (const CellChange& cell : comparison.cells) cells.push_back(cell.first.cell);
  for (const auto* failed : {&comparison.now_failed, &comparison.now_measured}) {
    for (const FailedCell& cell : *failed) cells.push_back(cell.measured.cell);
  }
  std::vector<Parameter> set;
  for (const ParameterInfo& info : AllParameters()) {
    const bool is_set = std::any_of(cells.begin(), cells.end(), [&info](const Cell& cell) {
      return cell.Sets(info.parameter);
    });
    if (is_set) set.push_back(info.parameter);
  }
  return set;
}

std::vector<std::string> ValuesOf(const Cell& cell, const std::vector<Parameter>& parameters) {
  std::vector<std::string> values;
  for (const Parameter parameter : parameters) {
    values.push_back(FormatValue(parameter, cell[parameter]));
  }
  return values;
}

// What a table says of a cell, one text per column.
std::vector<std::string> Columns(const CellChange& cell, const SweepComparison& comparison,
                                 const std::vector<Parameter>& parameters) {
  const NumberFormat format{Describe(comparison.metric).decimals};
  std::vector<std::string> columns = ValuesOf(cell.first.cell, parameters);
  const std::vector<std::string> change = {
      format(cell.first.value()), format(cell.second.value()), SignedPercent(cell.change.log.value),
      IntervalText(cell.change, comparison.demand.level),
      std::string(cell.change.is_called ? Direction(cell.change, comparison.metric) : "-")};
  columns.insert(columns.end(), change.begin(), change.end());
  return columns;
}

// A row of the table: a cell that was measured in both, or failed in one of them.
struct Row {
  Cell cell;
  std::vector<std::string> columns;
  bool is_called = false;
};

std::vector<Row> Rows(const SweepComparison& comparison) {
  const NumberFormat format{Describe(comparison.metric).decimals};
  const std::vector<Parameter> parameters = ParametersOf(comparison);
  std::vector<Row> rows;
  for (const CellChange& change : comparison.cells) {
    rows.push_back(
        {change.first.cell, Columns(change, comparison, parameters), change.change.is_called});
  }
  const auto add = [&](const Cell& cell, const std::string& before, const std::string& after) {
    std::vector<std::string> columns = ValuesOf(cell, parameters);
    for (const std::string& text :
         {before, after, std::string("-"), std::string("-"),
          std::string(after == kFailedWord ? "now fails" : "now measured")}) {
      columns.push_back(text);
    }
    rows.push_back({cell, std::move(columns), true});
  };
  for (const FailedCell& cell : comparison.now_failed) {
    add(cell.measured.cell, format(cell.measured.value()), kFailedWord);
  }
  for (const FailedCell& cell : comparison.now_measured) {
    add(cell.measured.cell, kFailedWord, format(cell.measured.value()));
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.cell < b.cell; });
  return rows;
}

std::vector<std::string> Heading(const SweepComparison& comparison) {
  std::vector<std::string> heading;
  for (const Parameter parameter : ParametersOf(comparison)) heading.emplace_back(KeyOf(parameter));
  for (const std::string& text :
       {std::string("before"), std::string("after"), std::string("change"),
        fmt::format("{:.3g} % CI", 100 * comparison.demand.level), std::string("significant")}) {
    heading.push_back(text);
  }
  return heading;
}

// Not measured in both: how many, so that nobody takes them for unchanged.
std::string UnpairedSentence(const SweepComparison& comparison, const ComparisonCaption& caption) {
  std::string text;
  const auto add = [&text](std::size_t cells, const std::string& name) {
    if (cells == 0) return;
    text += fmt::format("{}{} cell{} measured in {} alone.", text.empty() ? "" : " ", cells,
                        cells == 1 ? " was" : "s were", Printable(name, false));
  };
  add(comparison.only_first.size() - comparison.now_failed.size(), caption.first);
  add(comparison.only_second.size() - comparison.now_measured.size(), caption.second);
  return text;
}

constexpr std::size_t kMostShown = 5;  // cells in a sentence

std::string CellText(const Cell& cell) {
  return cell == Cell() ? "the only one" : DescribeCell(cell);
}

std::string ListOf(const std::vector<FailedCell>& cells) {
  std::vector<std::string> texts;
  for (const FailedCell& cell : cells) {
    if (texts.size() == kMostShown) break;
    texts.push_back(
        fmt::format("{} ({})", CellText(cell.measured.cell), Describe(cell.failure.kind).sentence));
  }
  std::string text = fmt::format("{}", fmt::join(texts, "; "));
  if (cells.size() > texts.size())
    text += fmt::format("; and {} more", cells.size() - texts.size());
  return text;
}

std::string Prologue(const SweepComparison& comparison, const ComparisonCaption& caption) {
  const MetricInfo& metric = Describe(comparison.metric);
  return fmt::format("{} in {}: {} (before), {} (after){}", metric.label, metric.unit,
                     Printable(caption.first, false), Printable(caption.second, false),
                     caption.results.empty() ? "" : " of " + Printable(caption.results, false));
}

std::string OrderSentence(VisitOrder order, const std::string& first, const std::string& second) {
  const std::string both = fmt::format("{} and {}", first, second);
  switch (order) {
    case VisitOrder::kInTurns:
      return fmt::format("{} were visited in turns: drift of the machine met both alike.", both);
    case VisitOrder::kSeparate:
      return fmt::format(
          "{} were visited one after the other: the intervals allow for drift of the machine "
          "between them, as far as the loads show it; visits in turns would be surer.",
          both);
    case VisitOrder::kSeparateStarts:
      return fmt::format(
          "{} were visited in separate starts without a cell in common: a slow start looks like a "
          "change, and the intervals allow for a usual drift alone.",
          both);
    case VisitOrder::kUnknown:
      return fmt::format(
          "When {} were visited is not known: the intervals do not allow for drift of the machine.",
          both);
  }
  return {};
}

// Cells of the same reason in one clause.
std::string SameSentence(const std::vector<SameMeasurement>& same) {
  if (same.empty()) return {};
  std::vector<std::string> texts;
  for (const SameMeasurement& one : same) {
    if (texts.size() == kMostShown) break;
    texts.push_back(one.reason.empty()
                        ? CellText(one.cell)
                        : fmt::format("{} ({})", CellText(one.cell), Printable(one.reason, false)));
  }
  std::string text = fmt::format(
      "{} the same measurement for both values, so that nothing can "
      "differ: {}",
      same.size() == 1 ? "1 cell is" : fmt::format("{} cells are", same.size()),
      fmt::join(texts, "; "));
  if (same.size() > texts.size()) text += fmt::format("; and {} more", same.size() - texts.size());
  return text + ".";
}

Json ByJson(const ByValue& by, const ComparisonCaption& caption) {
  const auto value = [&by](int stored) {
    return stored == kAutoValue ? Json() : ValueAs<Json>(by.parameter, stored);
  };
  Json json = {{"parameter", KeyOf(by.parameter)},
               {"before", value(by.first)},
               {"after", value(by.second)},
               {"results", caption.results},
               {"visits", KeyOf(by.order)}};
  json["same"] = Json::array();
  for (const SameMeasurement& one : by.same) {
    Json cell = CellJson(one.cell);
    cell["reason"] = one.reason;
    json["same"].push_back(std::move(cell));
  }
  return json;
}

Json ChangeJson(const Change& change, double level) {
  const Interval interval = change.log.LogInterval(level);
  Json json = PercentJson({change.log.value, change.log.error.value, interval.low, interval.high});
  json["p_value"] = change.p_value;
  json["is_called"] = change.is_called;
  return json;
}

// `key` is "before" or "after", as for a cell that was measured in both.
Json FailedListJson(const std::vector<FailedCell>& cells, const char* key) {
  Json list = Json::array();
  for (const FailedCell& cell : cells) {
    Json json = CellJson(cell.measured.cell);
    json[key] = cell.measured.value();
    json["kind"] = Describe(cell.failure.kind).key;
    json["message"] = cell.failure.message;
    list.push_back(std::move(json));
  }
  return list;
}

Json CellListJson(const std::vector<Cell>& cells) {
  Json list = Json::array();
  for (const Cell& cell : cells) list.push_back(CellJson(cell));
  return list;
}

}  // namespace

std::string OverallSentence(const SweepComparison& comparison, const ComparisonCaption& caption) {
  if (!comparison.overall && comparison.by && !comparison.by->same.empty()) {
    return fmt::format("{} and {} are the same measurement.", Printable(caption.first, false),
                       Printable(caption.second, false));
  }
  if (!comparison.overall) return "No cell was measured in both.";
  return OverallText(*comparison.overall, comparison.OverallLevel(), comparison.metric, caption);
}

std::string CellsSentence(const SweepComparison& comparison) {
  const std::size_t called = CalledCells(comparison);
  return fmt::format("{} of {} cells changed significantly (by more than {:.3g} %).",
                     called == 0 ? "None" : std::to_string(called), comparison.cells.size(),
                     100 * comparison.demand.threshold);
}

std::string FailuresSentence(const SweepComparison& comparison, const ComparisonCaption& caption) {
  const std::string first = Printable(caption.first, false);
  const std::string second = Printable(caption.second, false);
  std::string text;
  if (const std::size_t failed = comparison.now_failed.size(); failed > 0) {
    text = fmt::format("{} that {} measured {} in {}, which is worse: {}.",
                       failed == 1 ? "1 cell" : fmt::format("{} cells", failed), first,
                       failed == 1 ? "fails" : "fail", second, ListOf(comparison.now_failed));
  }
  if (const std::size_t measured = comparison.now_measured.size(); measured > 0) {
    text += fmt::format("{}{} that failed in {} {} measured in {}: {}.", text.empty() ? "" : " ",
                        measured == 1 ? "1 cell" : fmt::format("{} cells", measured), first,
                        measured == 1 ? "is" : "are", second, ListOf(comparison.now_measured));
  }
  return text;
}

std::vector<std::string> ByValueSentences(const SweepComparison& comparison,
                                          const ComparisonCaption& caption) {
  std::vector<std::string> sentences;
  if (!comparison.by) return sentences;
  if (!comparison.cells.empty()) {
    sentences.push_back(OrderSentence(comparison.by->order, Printable(caption.first, false),
                                      Printable(caption.second, false)));
  }
  std::string same = SameSentence(comparison.by->same);
  if (!same.empty()) sentences.push_back(std::move(same));
  return sentences;
}

std::string RenderComparisonText(const SweepComparison& comparison,
                                 const ComparisonCaption& caption, const TerminalStyle& style) {
  constexpr std::array<std::size_t, 4> kWidths = {10, 10, 8, 20};
  const std::vector<std::string> heading = Heading(comparison);
  const auto line = [&](const std::vector<std::string>& texts) {
    const std::size_t values = texts.size() - kWidths.size() - 1;
    std::string row;
    for (std::size_t i = 0; i + 1 < texts.size(); ++i) {
      const std::size_t width =
          i < values ? std::max<std::size_t>(8, heading[i].size()) : kWidths[i - values];
      row += fmt::format("{}{:>{}}", row.empty() ? "" : " ", texts[i], width);
    }
    return row + "  " + texts.back();
  };
  std::string text = Prologue(comparison, caption) + "\n\n";
  text += Bold(line(heading), style.color) + "\n";
  for (const Row& row : Rows(comparison)) {
    const std::string shown = line(row.columns);
    text += (row.is_called ? Bold(shown, style.color) : Dim(shown, style.color)) + "\n";
  }
  text += "\n" + Bold(OverallSentence(comparison, caption), style.color) + "\n" +
          CellsSentence(comparison) + "\n";
  const std::string failures = FailuresSentence(comparison, caption);
  if (!failures.empty()) text += Bold(failures, style.color) + "\n";
  const std::string unpaired = UnpairedSentence(comparison, caption);
  if (!unpaired.empty()) text += unpaired + "\n";
  for (const std::string& sentence : ByValueSentences(comparison, caption)) text += sentence + "\n";
  return text;
}

std::string RenderComparisonMarkdown(const SweepComparison& comparison,
                                     const ComparisonCaption& caption) {
  std::string text = fmt::format("**{}** {} {}\n\n", OverallSentence(comparison, caption),
                                 CellsSentence(comparison), UnpairedSentence(comparison, caption));
  const std::string failures = FailuresSentence(comparison, caption);
  if (!failures.empty()) text += fmt::format("**{}**\n\n", failures);
  for (const std::string& sentence : ByValueSentences(comparison, caption)) {
    text += sentence + "\n\n";
  }
  text += Prologue(comparison, caption) + "\n\n";
  const std::vector<std::string> heading = Heading(comparison);
  text += fmt::format("| {} |\n|", fmt::join(heading, " | "));
  for (std::size_t i = 0; i < heading.size(); ++i) {
    text += i + 2 < heading.size() ? "--:|" : ":-:|";
  }
  text += "\n";
  for (const Row& row : Rows(comparison)) {
    text += fmt::format("| {} |\n", fmt::join(row.columns, " | "));
  }
  for (const std::string& difference : caption.differences) {
    text += fmt::format("\n- differs: {}", Printable(difference, false));
  }
  return caption.differences.empty() ? text : text + "\n";
}

std::string RenderComparisonJson(const SweepComparison& comparison,
                                 const ComparisonCaption& caption, std::optional<bool> is_slower) {
  const MetricInfo& metric = Describe(comparison.metric);
  const double level = comparison.demand.level;
  Json report = {{"first", caption.first},
                 {"second", caption.second},
                 {"by", comparison.by ? ByJson(*comparison.by, caption) : Json()},
                 {"metric", metric.key},
                 {"unit", metric.unit},
                 {"higher_is_better", metric.higher_is_better},
                 {"threshold_percent", 100 * comparison.demand.threshold},
                 {"level", level},
                 {"differences", caption.differences}};
  report["overall"] = Json();
  if (comparison.overall) {
    report["overall"] = ChangeJson(*comparison.overall, comparison.OverallLevel());
    report["overall"]["level"] = comparison.OverallLevel();
  }
  report["changed_cells"] = CalledCells(comparison);
  report["is_slower"] = is_slower ? Json(*is_slower) : Json();
  report["cells"] = Json::array();
  for (const CellChange& cell : comparison.cells) {
    Json json = CellJson(cell.first.cell);
    json["before"] = cell.first.value();
    json["after"] = cell.second.value();
    json.update(ChangeJson(cell.change, level));
    report["cells"].push_back(std::move(json));
  }
  report["only_first"] = CellListJson(comparison.only_first);
  report["only_second"] = CellListJson(comparison.only_second);
  report["now_failed"] = FailedListJson(comparison.now_failed, "before");
  report["now_measured"] = FailedListJson(comparison.now_measured, "after");
  report["noise"] = {{"load_percent", 100 * comparison.noise.load_deviation()},
                     {"run_percent", 100 * comparison.noise.run_deviation()},
                     {"load_differences", comparison.noise.load_differences()},
                     {"run_differences", comparison.noise.run_differences()}};
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace ollama_bench
