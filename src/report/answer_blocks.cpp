#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <sstream>

#include "chapters.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/render/answer_text.h"
#include "ollama_bench/render/load_text.h"
#include "ollama_bench/render/scale_text.h"
#include "ollama_bench/render/text_report.h"

namespace ollama_bench {
namespace {

Tone ToneOf(std::string_view verdict) {
  if (verdict == "CHANGE" || verdict == "KEEP" || verdict == "BEST") return Tone::kGood;
  return verdict == "UNDECIDED" || verdict == "NO ANSWER" ? Tone::kWarning : Tone::kPlain;
}

bool IsCapitals(std::string_view word) {
  return word.size() > 1 && std::all_of(word.begin(), word.end(), [](char c) {
           return std::isupper(static_cast<unsigned char>(c)) != 0;
         });
}

std::string Percent(double log_ratio) {
  return fmt::format("{:+.1f} %", 100 * std::expm1(log_ratio));
}

std::string FigureOf(double value, const MetricInfo& metric) {
  return fmt::format("{:.{}f}", value, metric.decimals);
}

Tile ValueTile(const SweepAnswer& answer) {
  const MetricInfo& metric = Describe(answer.metric);
  const CellStanding& standing = answer.cells[*answer.recommended];
  return {fmt::format("{}, {}", metric.label, metric.unit),
          FigureOf(std::exp(standing.value.mean), metric),
          fmt::format("95 % CI [{}, {}], {}", FigureOf(std::exp(standing.value.low), metric),
                      FigureOf(std::exp(standing.value.high), metric),
                      Counted(static_cast<std::size_t>(standing.loads), "load"))};
}

void AddServingTiles(const SweepAnswer& answer, std::vector<Tile>& tiles) {
  const auto& serving = answer.recommended_serving;
  if (!serving) return;
  if (serving->decode_rate && answer.metric != Metric::kEvalRate) {
    tiles.push_back({"decode, tokens/s", fmt::format("{:.3g}", *serving->decode_rate), {}});
  }
  if (serving->memory_bytes) {
    const bool is_on_gpu = serving->gpu_share.value_or(0) > 0;
    tiles.push_back(
        {"memory of the model", FormatBytes(*serving->memory_bytes),
         is_on_gpu ? fmt::format("{:.0f} % on the GPU", 100 * *serving->gpu_share) : ""});
  }
}

std::vector<Tile> TilesOf(const ReportedSweep& sweep, const SweepAnswer& answer) {
  std::vector<Tile> tiles;
  if (answer.recommended) {
    tiles.push_back(ValueTile(answer));
    if (answer.gain && answer.current && answer.current != answer.recommended) {
      tiles.push_back(
          {"against the current setting", Percent(answer.gain->mean),
           fmt::format("95 % CI [{}, {}]", Percent(answer.gain->low), Percent(answer.gain->high))});
    }
    AddServingTiles(answer, tiles);
  }
  tiles.push_back({"trust", std::string(KeyOf(answer.trust)),
                   answer.repeats
                       ? fmt::format("{:.2g} % would have shown", 100 * answer.detectable)
                       : "noise is assumed"});
  const TableStatistics statistics = ComputeStatistics(sweep.tables);
  tiles.push_back({"cells measured",
                   fmt::format("{} of {}", statistics.successful, statistics.combinations),
                   statistics.failed > 0 ? fmt::format("{} failed", statistics.failed) : ""});
  return tiles;
}

void AddSentences(const SweepAnswer& answer, std::vector<Block>& blocks) {
  std::string text;
  for (const std::string& sentence :
       {ValueSentence(answer), MeaningSentence(answer), MoreLoadsSentence(answer),
        ContendersSentence(answer), SafeContextSentence(answer), MemorySentence(answer)}) {
    if (!sentence.empty()) text += sentence + '\n';
  }
  blocks.emplace_back(Paragraph{text, Tone::kPlain});
  std::string notes;
  for (const std::string& note : NoteSentences(answer)) notes += note + '\n';
  blocks.emplace_back(Paragraph{notes, Tone::kQuiet});
}

std::string LinesOf(const SweepAnswer& answer) {
  // A time says nothing of how fast the model is, such as that of a load.
  if (!Describe(answer.metric).higher_is_better) return {};
  return std::string(Trim(ParameterLines(answer), "\n"));
}

void AddParameterLines(const SweepAnswer& answer, std::vector<Block>& blocks) {
  const std::string lines = LinesOf(answer);
  if (!lines.empty()) blocks.emplace_back(Copyable{lines});
}

// Those of all answers, where they are the same.
std::string CommonLines(const std::vector<StratumAnswer>& answers) {
  std::optional<std::string> common;
  for (const StratumAnswer& of_stratum : answers) {
    const std::string lines = of_stratum.answer ? LinesOf(*of_stratum.answer) : std::string();
    if (common.value_or(lines) != lines) return {};
    common = lines;
  }
  return common.value_or("");
}

// One answer in full, or each of several under the request that it is for.
void AddChoice(const ReportedSweep& sweep, std::vector<Block>& blocks) {
  if (sweep.answers.size() > 1) {
    blocks.emplace_back(SplitVerdict(AnswersSentence(sweep.answers)));
    const std::string common = CommonLines(sweep.answers);
    if (!common.empty()) blocks.emplace_back(Copyable{common});
    for (const StratumAnswer& of_stratum : sweep.answers) {
      if (!of_stratum.answer) continue;
      const SweepAnswer& answer = *of_stratum.answer;
      Fold fold{DescribeCell(of_stratum.stratum), Only(SplitVerdict(AnswerSentence(answer)))};
      AddParameterLines(answer, fold.blocks);
      AddSentences(answer, fold.blocks);
      blocks.emplace_back(std::move(fold));
    }
    return;
  }
  if (!sweep.answers.front().answer) {
    blocks.emplace_back(Verdicts{"NO ANSWER", "No cell has a value.", Tone::kWarning});
    return;
  }
  const SweepAnswer& answer = *sweep.answers.front().answer;
  blocks.emplace_back(SplitVerdict(AnswerSentence(answer)));
  AddParameterLines(answer, blocks);
  blocks.emplace_back(Tiles{TilesOf(sweep, answer)});
  AddSentences(answer, blocks);
}

std::vector<Tile> TilesOf(const LoadSeries& series) {
  const LevelEstimate* best = nullptr;
  for (const LevelEstimate& level : series.levels) {
    const bool is_knee =
        series.knee && level.cell[Parameter::kConcurrency] == series.knee->concurrency;
    if (level.windows > 0 && (is_knee || best == nullptr)) best = &level;
  }
  std::vector<Tile> tiles;
  if (best == nullptr) return tiles;
  const auto add_mean = [&tiles](std::string label, const std::optional<WindowMean>& mean) {
    if (!mean) return;
    const auto& interval = mean->interval;
    tiles.push_back(
        {std::move(label), fmt::format("{:.3g}", mean->value),
         interval ? fmt::format("95 % CI [{:.3g}, {:.3g}]", interval->low, interval->high) : ""});
  };
  const auto add_quantile = [&tiles](std::string label, const std::optional<Quantile>& quantile) {
    if (!quantile) return;
    tiles.push_back(
        {std::move(label), fmt::format("{:.3g} s", quantile->value),
         fmt::format("95 % CI [{:.3g}, {:.3g}]", quantile->interval.low, quantile->interval.high)});
  };
  const Parameter traffic = TrafficOf(best->cell);
  tiles.push_back({std::string(KeyOf(traffic)), FormatValue(traffic, best->cell[traffic]),
                   series.knee ? "the last that raises throughput" : "the lowest measured"});
  add_mean("output, tokens/s", best->output_tokens_per_s);
  add_mean("tokens/s of each request", best->request_tokens_per_s);
  add_quantile("TTFT p50", best->ttft.p50);
  add_quantile("TTFT p95", best->ttft.p95);
  add_quantile("E2E p95", best->e2e.p95);
  return tiles;
}

void AddLoad(const std::vector<LoadSeries>& load, std::vector<Block>& blocks) {
  for (const LoadSeries& series : load) {
    const std::string name =
        load.size() > 1 && series.common != Cell() ? DescribeCell(series.common) + ": " : "";
    std::string sentences = LoadSentences(series);
    if (sentences.empty())
      sentences = Counted(series.levels.size(), "level") + " of load measured.";
    blocks.emplace_back(Verdicts{"", name + sentences, Tone::kPlain});
  }
  if (load.size() == 1) blocks.emplace_back(Tiles{TilesOf(load.front())});
}

void AddScale(const std::vector<ScaleSeries>& scale, std::vector<Block>& blocks) {
  constexpr std::size_t kMostLaws = 4;
  if (scale.size() > kMostLaws) {
    blocks.emplace_back(Verdicts{
        "", fmt::format("The laws of {} settings are below.", scale.size()), Tone::kPlain});
    return;
  }
  for (const ScaleSeries& series : scale) {
    std::istringstream lines(ScaleSentences(series));
    std::string first;
    std::getline(lines, first);
    if (scale.size() > 1) first = DescribeCell(series.common) + ": " + first;
    blocks.emplace_back(Verdicts{"", first, Tone::kPlain});
    std::string rest;
    for (std::string line; std::getline(lines, line);) rest += line + '\n';
    blocks.emplace_back(Paragraph{rest, Tone::kPlain});
  }
  const std::string placement = PlacementText(scale);
  if (!placement.empty()) blocks.emplace_back(Paragraph{placement, Tone::kPlain});
}

}  // namespace

Verdicts SplitVerdict(std::string_view sentence) {
  std::string_view rest = sentence;
  std::string verdict;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of(" :"), rest.size());
    if (!IsCapitals(rest.substr(0, end))) break;
    verdict += (verdict.empty() ? "" : " ") + std::string(rest.substr(0, end));
    const bool is_last = end < rest.size() && rest[end] == ':';
    rest = Trim(rest.substr(std::min(end + 1, rest.size())));
    if (is_last) break;
  }
  const Tone tone = ToneOf(verdict);
  return {std::move(verdict), std::string(rest), tone};
}

std::vector<Block> AnswerBlocks(const ReportedSweep& sweep, const SweepContent& content) {
  std::vector<Block> blocks;
  if (content.has_choice) AddChoice(sweep, blocks);
  AddLoad(content.load, blocks);
  AddScale(content.scale, blocks);
  if (blocks.empty()) {
    blocks.emplace_back(Verdicts{"", AnswersSentence(sweep.answers), Tone::kPlain});
  }
  return blocks;
}

}  // namespace ollama_bench
