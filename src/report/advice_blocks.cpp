#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "chapters.h"
#include "ollama_bench/analysis/cell_estimate.h"
#include "ollama_bench/analysis/scale_limits.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/render/answer_text.h"
#include "ollama_bench/render/load_text.h"

namespace ollama_bench {
namespace {

using Advice = std::pair<std::string, std::string>;

std::string PercentOf(const LogPosterior& change) {
  const auto percent = [](double log_ratio) { return 100 * std::expm1(log_ratio); };
  return fmt::format("{:+.1f} %, 95 % CI [{:.1f}, {:.1f}]", percent(change.mean),
                     percent(change.low), percent(change.high));
}

// The mean of the best value of an axis, to which the others are compared.
const AxisMean* BestOf(const std::vector<AxisMean>& means) {
  const AxisMean* best = nullptr;
  for (const AxisMean& mean : means) {
    if (best == nullptr || mean.against_best.mean > best->against_best.mean) best = &mean;
  }
  return best;
}

bool IsWorse(const AxisMean& mean) {
  return mean.against_best.high < 0;
}

std::string AgainstBest(Parameter parameter, const AxisMean& mean, const AxisMean& best) {
  return fmt::format("{} {}: {} against {}", KeyOf(parameter), FormatValue(parameter, mean.value),
                     PercentOf(mean.against_best), FormatValue(parameter, best.value));
}

void AddBatchAdvice(const SweepAnswer& answer, std::vector<Advice>& points) {
  const auto& means = answer.MeansAlong(Parameter::kNumBatch);
  const AxisMean* best = BestOf(means);
  if (best == nullptr || means.size() < 2) return;
  const AxisMean& smallest = means.front();
  const AxisMean& largest = means.back();
  if (smallest.value != best->value) {
    points.emplace_back(
        "Small batches",
        AgainstBest(Parameter::kNumBatch, smallest, *best) +
            (IsWorse(smallest) ? "." : ", not significant: a small batch takes less memory."));
  }
  if (largest.value != best->value) {
    points.emplace_back(
        "Large batches",
        AgainstBest(Parameter::kNumBatch, largest, *best) +
            (IsWorse(largest) ? ": larger is slower here."
                              : ", not significant: nothing is gained above that."));
  } else if (smallest.value != best->value && IsWorse(smallest)) {
    points.emplace_back("Large batches",
                        fmt::format("num_batch {} is the largest measured and the best; larger "
                                    "ones may gain more.",
                                    best->value));
  }
}

void AddContextAdvice(const SweepAnswer& answer, std::vector<Advice>& points) {
  const std::string safe = SafeContextSentence(answer);
  if (!safe.empty()) points.emplace_back("Long prompts", safe);
  const auto& means = answer.MeansAlong(Parameter::kNumCtx);
  const AxisMean* best = BestOf(means);
  if (best == nullptr || means.size() < 2 || means.back().value == best->value) return;
  points.emplace_back("Long prompts", AgainstBest(Parameter::kNumCtx, means.back(), *best) +
                                          (IsWorse(means.back()) ? "." : ", not significant."));
}

void AddFailedMemory(const std::vector<CellResult>& results, std::vector<Advice>& points) {
  std::optional<Cell> smallest;
  std::size_t failed = 0;
  for (const CellResult& result : results) {
    const Failure* failure = FailureOf(result);
    if (failure == nullptr || failure->kind != FailureKind::kOutOfMemory) continue;
    ++failed;
    if (!smallest || result.cell < *smallest) smallest = result.cell;
  }
  if (failed == 0) return;
  points.emplace_back("Short of memory",
                      fmt::format("{} ran out of memory, {} among them.", Counted(failed, "cell"),
                                  DescribeCell(*smallest)));
}

/// The least and the largest context of cells that are equal in all else.
struct MemoryRange {
  int low = 0;
  int high = 0;
  std::int64_t less = 0;  ///< bytes
  std::int64_t more = 0;
};

// What context takes, where it alone differs.
void AddContextMemory(const std::vector<CellResult>& results, std::vector<Advice>& points) {
  std::map<Cell, MemoryRange> ranges;
  for (const CellResult& result : results) {
    const auto bytes = ServingOf(result).memory_bytes;
    const int context = result.cell[Parameter::kNumCtx];
    if (!bytes || !result.cell.Sets(Parameter::kNumCtx)) continue;
    MemoryRange& range = ranges[result.cell.With(Parameter::kNumCtx, kAutoValue)];
    if (range.low == 0 || context < range.low) {
      range.low = context;
      range.less = *bytes;
    }
    if (context > range.high) {
      range.high = context;
      range.more = *bytes;
    }
  }
  const auto widest =
      std::max_element(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) {
        return a.second.high - a.second.low < b.second.high - b.second.low;
      });
  if (widest == ranges.end()) return;
  const auto& [common, range] = *widest;
  if (range.high == range.low || range.more <= range.less) return;
  const double per_thousand =
      1000 * static_cast<double>(range.more - range.less) / (range.high - range.low);
  points.emplace_back(
      "Short of memory",
      fmt::format("with {} the model took {} at num_ctx {} and {} at {}: {} for 1,000 tokens of "
                  "context.",
                  DescribeCell(common), FormatBytes(range.less), range.low, FormatBytes(range.more),
                  range.high, FormatBytes(static_cast<std::int64_t>(per_thousand))));
}

// "Long prompts: at 4096 tokens …" as the analysis words it.
Advice SplitTopic(const std::string& sentence) {
  constexpr std::size_t kLongestTopic = 20;
  const std::size_t colon = sentence.find(": ");
  if (colon == std::string::npos || colon > kLongestTopic) return {"", sentence};
  return {sentence.substr(0, colon), sentence.substr(colon + 2)};
}

void AddLoadAdvice(const SweepContent& content, const Environment& environment,
                   std::vector<Advice>& points) {
  for (const LoadSeries& series : content.load) {
    const std::string sentences = LoadSentences(series);
    if (sentences.empty()) continue;
    const std::string name = content.load.size() > 1 ? DescribeCell(series.common) + ": " : "";
    points.emplace_back("Many users", name + sentences);
  }
  const auto parallel = environment.server_settings.find("OLLAMA_NUM_PARALLEL");
  if (!content.load.empty() && parallel != environment.server_settings.end()) {
    points.emplace_back("Many users", fmt::format("the server ran with OLLAMA_NUM_PARALLEL={}: as "
                                                  "many requests share a step, others wait.",
                                                  parallel->second));
  }
}

}  // namespace

std::vector<Block> AdviceBlocks(const ReportedSweep& sweep, const SweepContent& content) {
  std::vector<Advice> points;
  constexpr std::size_t kMostRequests = 4;
  if (content.has_choice && Describe(sweep.metric).higher_is_better &&
      sweep.answers.size() <= kMostRequests) {
    for (const StratumAnswer& of_stratum : sweep.answers) {
      if (!of_stratum.answer) continue;
      std::vector<Advice> own;
      AddBatchAdvice(*of_stratum.answer, own);
      AddContextAdvice(*of_stratum.answer, own);
      for (Advice& point : own) {
        if (sweep.answers.size() > 1) {
          point.second = DescribeCell(of_stratum.stratum) + ": " + point.second;
        }
        points.push_back(std::move(point));
      }
    }
  }
  for (const ScaleSeries& series : content.scale) {
    for (const std::string& sentence : AdviceOf(series, std::nullopt, std::nullopt)) {
      points.push_back(SplitTopic(sentence));
    }
  }
  AddFailedMemory(sweep.results, points);
  AddContextMemory(sweep.results, points);
  AddLoadAdvice(content, sweep.metadata.environment, points);
  if (points.empty()) return {};
  return Only(Points{std::move(points)});
}

}  // namespace ollama_bench
