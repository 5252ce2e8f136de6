#include "ollama_bench/render/text_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <vector>

#include "cell_label.h"
#include "facets.h"
#include "number_format.h"
#include "ollama_bench/analysis/best_cell.h"
#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/core/server_variable.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/render/answer_text.h"
#include "terminal_table.h"

namespace ollama_bench {
namespace {

std::string MixtureOf(std::span<const ResultTable> tables) {
  std::ptrdiff_t unverified = 0;
  for (const ResultTable& table : tables) {
    unverified +=
        std::count_if(table.states.begin(), table.states.end(), [](const CellState& state) {
          const auto* measured = std::get_if<Measured>(&state);
          return measured != nullptr && measured->unverified;
        });
  }
  if (unverified == 0) return ": samples of different models, prompts or servers.\n";
  return fmt::format(
      ": {} cell{} not say with what model, prompt, driver and Ollama {} measured;\nshown, but not "
      "compared with the others.\n",
      unverified, unverified == 1 ? " does" : "s do", unverified == 1 ? "it was" : "they were");
}

std::string Heading(std::span<const ResultTable> tables, const SweepCaption& caption,
                    ColorDepth color) {
  std::string text;
  if (!caption.model.empty()) text += Bold(Printable(caption.model, false), color) + "\n";
  if (caption.replayed) {
    text += Bold("REPLAYED", color) + ": these numbers come from a recording" +
            (caption.repeats_itself
                 ? ", each again and again without noise:\nthe intervals are too narrow.\n"
                 : ".\n");
  }
  if (caption.mixed) text += Bold("MIXED", color) + MixtureOf(tables);
  const MetricInfo& metric = Describe(tables.front().metric);
  std::vector<Grid> grids;
  for (const ResultTable& table : tables) grids.push_back(table.grid);
  const Grid& grid = grids.front();
  text +=
      fmt::format("{} in {}, {} across", metric.label, metric.unit, KeyOf(grid.across.parameter));
  if (!grid.down.IsAuto()) text += fmt::format(", {} down", KeyOf(grid.down.parameter));
  const Cell held = HeldByAll(grids);
  if (held != Cell()) text += fmt::format(", {}", DescribeCell(held));
  return text + "\n\n";
}

// "OOM 10, timeout 2" in lines that are indented like the numbers above and below.
std::string FailureLines(const TableStatistics& statistics, std::size_t width) {
  constexpr std::size_t kIndent = 15;
  std::string text;
  std::size_t column = width;
  for (const auto& [kind, count] : statistics.failed_by_kind) {
    const std::string part = fmt::format("{} {}", ShortLabel(kind), count);
    if (column + part.size() + 3 > width) {
      text += fmt::format("{}\n{:{}}{}", text.empty() ? "" : ",", "", kIndent, part);
      column = kIndent + part.size();
    } else {
      text += ", " + part;
      column += part.size() + 2;
    }
  }
  return text;
}

std::string StatisticsText(const TableStatistics& statistics, const MetricInfo& metric,
                           std::size_t width) {
  std::string text = fmt::format("\ncombinations   {}\nsuccessful     {}\nfailed         {}{}\n",
                                 statistics.combinations, statistics.successful, statistics.failed,
                                 FailureLines(statistics, width));
  if (statistics.excluded > 0) text += fmt::format("not counted    {}\n", statistics.excluded);
  if (statistics.aliases > 0) text += fmt::format("same as other  {}\n", statistics.aliases);
  text += fmt::format("untested       {}\n", statistics.untested);
  if (!statistics.values) return text;
  const NumberFormat format{metric.decimals};
  return text + fmt::format("max / min      {} / {} {}\nmean / median  {} / {} {}\n",
                            format(statistics.values->maximum), format(statistics.values->minimum),
                            metric.unit, format(statistics.values->mean),
                            format(statistics.values->median), metric.unit);
}

// To the right, in columns as wide as the header or wider.
std::vector<std::string> Aligned(const std::vector<std::vector<std::string>>& rows) {
  constexpr std::size_t kNarrowest[] = {9, 14, 12};  // first, between, last
  std::vector<std::string> lines;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::size_t last = rows.front().size() - 1;
      const std::size_t usual = kNarrowest[i == 0 ? 0 : i == last ? 2 : 1];
      line += fmt::format("{}{:>{}}", i == 0 ? "" : " ", row[i],
                          std::max(usual, rows.front()[i].size()));
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

// Lines "  8192        544       85.50".
std::vector<std::string> BestLines(std::span<const ResultTable> tables, Parameter parameter) {
  const TextColumns columns = BestColumns(tables, parameter);
  std::vector<std::vector<std::string>> rows = columns.headings();
  rows.insert(rows.end(), columns.rows().begin(), columns.rows().end());
  return Aligned(rows);
}

// Side by side where both fit, else one below the other.
std::string SideBySide(const std::vector<std::string>& left, const std::vector<std::string>& right,
                       std::size_t width) {
  constexpr std::size_t kGap = 4;
  const std::size_t column = left.front().size();
  std::string text;
  if (width < column + kGap + right.front().size()) {
    return fmt::format("{}\n\n{}\n", fmt::join(left, "\n"), fmt::join(right, "\n"));
  }
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    std::string line = i < left.size() ? left[i] : std::string();
    if (i < right.size()) line = fmt::format("{:<{}}{}", line, column + kGap, right[i]);
    text += line + "\n";
  }
  return text;
}

std::string BestLists(std::span<const ResultTable> tables, std::size_t width) {
  const std::vector<Parameter> parameters = ParametersOf(tables);
  std::vector<std::vector<std::string>> lists;
  for (const Parameter parameter : parameters) lists.push_back(BestLines(tables, parameter));
  if (lists.size() == 2) return SideBySide(lists[0], lists[1], width);
  std::string text;
  for (const auto& list : lists) {
    text += fmt::format("{}{}\n", text.empty() ? "" : "\n", fmt::join(list, "\n"));
  }
  return text;
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Of several, each under the request that it is for.
std::string AnswersText(std::span<const StratumAnswer> answers, Metric metric,
                        const TerminalStyle& style) {
  if (HaveNoChoice(answers)) return "\n" + Wrapped(AnswersSentence(answers), style.width);
  std::string text;
  for (const StratumAnswer& of_stratum : answers) {
    text += '\n';
    if (answers.size() > 1) text += Bold(DescribeCell(of_stratum.stratum), style.color) + "\n";
    if (of_stratum.answer) {
      text += RenderAnswerText(*of_stratum.answer, style);
      // A time says nothing of how fast the model is, such as that of a load.
      if (Describe(metric).higher_is_better) text += ParameterLines(*of_stratum.answer);
    } else {
      text += "No cell has a value.\n";
    }
  }
  return text;
}

}  // namespace

TextColumns BestColumns(std::span<const ResultTable> tables, Parameter parameter) {
  const MetricInfo& metric = Describe(tables.front().metric);
  const NumberFormat format{metric.decimals};
  std::vector<Parameter> others = ParametersOf(tables);
  std::erase(others, parameter);
  TextColumns::Row heading{std::string(KeyOf(parameter))};
  for (const Parameter other : others) heading.push_back(fmt::format("best {}", KeyOf(other)));
  heading.emplace_back(metric.unit);
  TextColumns columns({std::move(heading)});
  for (const BestOfValue& of_value : BestPerValue(tables, parameter)) {
    TextColumns::Row row{FormatValue(parameter, of_value.value)};
    for (const Parameter other : others) {
      row.push_back(of_value.best ? FormatValue(other, of_value.best->cell[other]) : "-");
      if (!of_value.best) break;
    }
    if (of_value.best) row.push_back(format(of_value.best->value));
    columns.Add(std::move(row));
  }
  return columns;
}

std::string Wrapped(const std::string& text, std::size_t width) {
  std::string lines;
  std::size_t column = 0;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (column > 0 && column + 1 + word.size() > width) {
      lines += '\n';
      column = 0;
    }
    lines += (column > 0 ? " " : "") + word;
    column += word.size() + (column > 0 ? 1 : 0);
  }
  return lines + '\n';
}

// Only a change is worth copying into a Modelfile.
std::string ParameterLines(const SweepAnswer& answer) {
  if (answer.verdict != Verdict::kChange) return {};
  const Cell& cell = answer.cells[*answer.recommended].cell;
  std::string lines;
  for (const ParameterInfo& info : AllParameters()) {
    if (info.scope != Scope::kModel || !cell.Sets(info.parameter)) continue;
    lines += fmt::format("PARAMETER {} {}\n", info.key,
                         FormatValue(info.parameter, cell[info.parameter]));
  }
  for (const ParameterInfo& info : AllParameters()) {
    if (info.scope != Scope::kServer || !cell.Sets(info.parameter)) continue;
    lines += fmt::format("{}={}   # in the environment of ollama serve\n", info.variable,
                         VariableText(info.parameter, cell[info.parameter]));
  }
  return lines.empty() ? lines : "\n" + lines;
}

std::string RenderAnswerText(const SweepAnswer& answer, const TerminalStyle& style) {
  // Coloured line by line, so that a pager that cuts lines shows them right.
  std::string text;
  for (const std::string& line : LinesOf(Wrapped(AnswerSentence(answer), style.width))) {
    text += Bold(line, style.color) + "\n";
  }
  for (const std::string& sentence :
       {ValueSentence(answer), MeaningSentence(answer), MoreLoadsSentence(answer),
        ContendersSentence(answer), SafeContextSentence(answer), MemorySentence(answer)}) {
    if (!sentence.empty()) text += Wrapped(sentence, style.width);
  }
  for (const std::string& note : NoteSentences(answer)) text += Wrapped(note, style.width);
  return text;
}

std::string RenderTextReport(std::span<const ResultTable> tables,
                             std::span<const StratumAnswer> answers, std::span<const SweepMap> maps,
                             const SweepCaption& caption, const TerminalStyle& style) {
  const TableStatistics statistics = ComputeStatistics(tables);
  std::string text = Heading(tables, caption, style.color) + RenderTerminalTables(maps, style) +
                     StatisticsText(statistics, Describe(tables.front().metric), style.width);
  if (statistics.values) text += "\n" + BestLists(tables, style.width);
  return text + AnswersText(answers, tables.front().metric, style);
}

std::string RenderTextSummary(std::span<const ResultTable> tables,
                              std::span<const StratumAnswer> answers, const TerminalStyle& style) {
  const MetricInfo& metric = Describe(tables.front().metric);
  return StatisticsText(ComputeStatistics(tables), metric, style.width) +
         AnswersText(answers, tables.front().metric, style);
}

namespace {

using Json = nlohmann::ordered_json;

// "2026-11-21T07:00:05+00:00" as "2026-11-21 07:00".
std::string Minute(std::string time) {
  constexpr std::size_t kLength = 16;
  constexpr std::size_t kPlaceOfT = 10;
  if (time.size() < kLength) return time;
  time.resize(kLength);
  time[kPlaceOfT] = ' ';
  return time;
}

std::string Describe(const DisturbedSpell& spell) {
  const std::string from = Minute(spell.from);
  const std::string to = Minute(spell.to);
  const std::string what =
      spell.cause == "gpu_slowed" ? "a GPU slowed down by its heat or its power supply"
      : spell.cause == "gpu"
          ? "another program on the server's GPU"
          : fmt::format("{:.1f} CPUs used by other programs{}", spell.others_cpus,
                        spell.cause == "memory" ? ", memory short" : "");
  return fmt::format("{}{} ({})", from, to == from ? "" : " to " + to, what);
}

}  // namespace

std::string DisturbancesText(const Disturbances& disturbances) {
  constexpr std::size_t kMostSpells = 3;
  if (disturbances.samples == 0) return {};
  std::vector<std::string> spells;
  for (const DisturbedSpell& spell : disturbances.spells) {
    if (spells.size() < kMostSpells) spells.push_back(Describe(spell));
  }
  const std::size_t left = disturbances.spells.size() - spells.size();
  return fmt::format(
      "{} disturbed sample{} not counted: {}{}{}", disturbances.samples,
      disturbances.samples == 1 ? "" : "s", fmt::join(spells, "; "),
      left > 0 ? fmt::format("; {} more times", left) : "",
      disturbances.not_replaced > 0
          ? fmt::format("; {} load{} without one that counts", disturbances.not_replaced,
                        disturbances.not_replaced == 1 ? "" : "s")
          : "");
}

Json DisturbancesJson(const Disturbances& disturbances) {
  if (disturbances.samples == 0) return {};
  Json json = {{"samples", disturbances.samples},
               {"loads_not_replaced", disturbances.not_replaced},
               {"spells", Json::array()}};
  for (const DisturbedSpell& spell : disturbances.spells) {
    json["spells"].push_back({{"from", spell.from},
                              {"to", spell.to},
                              {"cause", spell.cause},
                              {"others_cpus", spell.others_cpus},
                              {"samples", spell.samples}});
  }
  return json;
}

}  // namespace ollama_bench
