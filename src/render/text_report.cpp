#include "ollama_bench/render/text_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <sstream>
#include <vector>

#include "cell_label.h"
#include "ollama_bench/analysis/best_cell.h"
#include "ollama_bench/analysis/table_statistics.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/render/answer_text.h"
#include "ollama_bench/render/number_format.h"
#include "terminal_table.h"

namespace ollama_bench {
namespace {

std::string MixtureOf(const ResultTable& table) {
  const auto unverified =
      std::count_if(table.states.begin(), table.states.end(), [](const CellState& state) {
        const auto* measured = std::get_if<Measured>(&state);
        return measured != nullptr && measured->unverified;
      });
  if (unverified == 0) return ": samples of different models, prompts or servers.\n";
  return fmt::format(
      ": {} cell{} not say with what model, prompt, driver and Ollama {} measured;\nshown, but not "
      "compared with the others.\n",
      unverified, unverified == 1 ? " does" : "s do", unverified == 1 ? "it was" : "they were");
}

std::string Heading(const ResultTable& table, const SweepCaption& caption, ColorDepth color) {
  std::string text;
  if (!caption.model.empty()) text += Bold(Printable(caption.model, false), color) + "\n";
  if (caption.replayed) {
    text += Bold("REPLAYED", color) + ": these numbers come from a recording" +
            (caption.repeats_itself
                 ? ", each again and again without noise:\nthe intervals are too narrow.\n"
                 : ".\n");
  }
  if (caption.mixed) text += Bold("MIXED", color) + MixtureOf(table);
  const MetricInfo& metric = Describe(table.metric);
  return text +
         fmt::format("{} in {}, num_ctx across, num_batch down\n\n", metric.label, metric.unit);
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

// Lines "  8192        544       85.50": an axis value, the other parameter at its best, the value.
std::vector<std::string> BestLines(const Axis& axis, std::string_view name, std::string_view other,
                                   const std::vector<std::optional<BestCell>>& best,
                                   int Cell::*other_value, const MetricInfo& metric) {
  const NumberFormat format{metric.decimals};
  std::vector<std::string> lines;
  lines.push_back(
      fmt::format("{:>9} {:>14} {:>12}", name, fmt::format("best {}", other), metric.unit));
  for (std::size_t i = 0; i < axis.values.size(); ++i) {
    if (!best[i]) {
      lines.push_back(fmt::format("{:>9} {:>14}", axis.values[i], "-"));
      continue;
    }
    lines.push_back(fmt::format("{:>9} {:>14} {:>12}", axis.values[i], best[i]->cell.*other_value,
                                format(best[i]->value)));
  }
  return lines;
}

// Side by side where both fit, else one below the other.
std::string SideBySide(const std::vector<std::string>& left, const std::vector<std::string>& right,
                       std::size_t width) {
  constexpr std::size_t kColumn = 38;
  constexpr std::size_t kGap = 3;
  std::string text;
  if (width < 2 * kColumn + kGap) {
    return fmt::format("{}\n\n{}\n", fmt::join(left, "\n"), fmt::join(right, "\n"));
  }
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    std::string line = i < left.size() ? left[i] : std::string();
    if (i < right.size()) line = fmt::format("{:<{}}{}", line, kColumn + kGap, right[i]);
    text += line + "\n";
  }
  return text;
}

std::string BestLists(const ResultTable& table, std::size_t width) {
  const MetricInfo& metric = Describe(table.metric);
  return SideBySide(BestLines(table.grid.num_ctx, "num_ctx", "num_batch", BestPerNumCtx(table),
                              &Cell::num_batch, metric),
                    BestLines(table.grid.num_batch, "num_batch", "num_ctx", BestPerNumBatch(table),
                              &Cell::num_ctx, metric),
                    width);
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string AnswerText(const std::optional<SweepAnswer>& answer, const TerminalStyle& style) {
  if (!answer) return "\nNo cell has a value.\n";
  return "\n" + RenderAnswerText(*answer, style) + ParameterLines(*answer);
}

}  // namespace

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
  return fmt::format("\nPARAMETER num_ctx {}\nPARAMETER num_batch {}\n", cell.num_ctx,
                     cell.num_batch);
}

std::string RenderAnswerText(const SweepAnswer& answer, const TerminalStyle& style) {
  // Coloured line by line, so that a pager that cuts lines shows them right.
  std::string text;
  for (const std::string& line : LinesOf(Wrapped(AnswerSentence(answer), style.width))) {
    text += Bold(line, style.color) + "\n";
  }
  for (const std::string& sentence :
       {ValueSentence(answer), MeaningSentence(answer), MoreLoadsSentence(answer),
        ContendersSentence(answer), SafeContextSentence(answer)}) {
    if (!sentence.empty()) text += Wrapped(sentence, style.width);
  }
  for (const std::string& note : NoteSentences(answer)) text += Wrapped(note, style.width);
  return text;
}

std::string RenderTextReport(const ResultTable& table, const std::optional<SweepAnswer>& answer,
                             const SweepMap& map, const SweepCaption& caption,
                             const TerminalStyle& style) {
  const TableStatistics statistics = ComputeStatistics(table);
  std::string text = Heading(table, caption, style.color) + RenderTerminalTable(map, style) +
                     StatisticsText(statistics, Describe(table.metric), style.width);
  if (statistics.values) text += "\n" + BestLists(table, style.width);
  return text + AnswerText(answer, style);
}

std::string RenderTextSummary(const ResultTable& table, const std::optional<SweepAnswer>& answer,
                              const TerminalStyle& style) {
  return StatisticsText(ComputeStatistics(table), Describe(table.metric), style.width) +
         AnswerText(answer, style);
}

}  // namespace ollama_bench
