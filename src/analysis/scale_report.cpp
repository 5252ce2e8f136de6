#include "ollama_bench/analysis/scale_report.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <utility>

#include "ollama_bench/analysis/load_units.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/traffic.h"

namespace ollama_bench {
namespace {

constexpr double kLevel = 0.95;

double Seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

std::int64_t EvaluatedTokens(const Sample& sample) {
  return sample.metrics.prompt_eval_count.value_or(0) -
         sample.metrics.prompt_eval_cached.value_or(0);
}

// Of windows the request of median duration stands for all; its own times are not theirs.
std::optional<double> PrefillSeconds(const Sample& sample) {
  if (sample.window) {
    return sample.window->ttft_p50 ? std::optional(Seconds(*sample.window->ttft_p50))
                                   : std::nullopt;
  }
  return sample.metrics.prompt_eval ? std::optional(Seconds(*sample.metrics.prompt_eval))
                                    : std::nullopt;
}

std::optional<double> SecondsPerToken(const Sample& sample) {
  if (sample.window) {
    return sample.window->tpot_p50 ? std::optional(Seconds(*sample.window->tpot_p50))
                                   : std::nullopt;
  }
  const auto rate = EvalRate(sample.metrics);
  return rate && *rate > 0 ? std::optional(1 / *rate) : std::nullopt;
}

/// The values of one metric, of each cell.
class Estimates {
 public:
  Estimates(const std::vector<CellResult>& results, Metric metric) {
    const std::vector<LoadUnit> units = UnbiasedUnits(results, metric);
    if (units.empty()) return;
    for (const CellEstimate& estimate : EstimateCells(units, NoiseModel::Fit(units))) {
      const Interval ends = estimate.log.LogInterval(kLevel);
      bounded_[estimate.cell] = {estimate.value(), std::exp(ends.low), std::exp(ends.high)};
      loads_[estimate.cell] = static_cast<std::size_t>(estimate.loads);
    }
  }
  [[nodiscard]] std::optional<Bounded> Of(const Cell& cell) const {
    const auto found = bounded_.find(cell);
    return found == bounded_.end() ? std::nullopt : std::optional(found->second);
  }
  [[nodiscard]] std::size_t LoadsOf(const Cell& cell) const {
    const auto found = loads_.find(cell);
    return found == loads_.end() ? 0 : found->second;
  }

 private:
  std::map<Cell, Bounded> bounded_;
  std::map<Cell, std::size_t> loads_;
};

Cell WithoutLength(const Cell& cell) {
  return cell.With(Parameter::kPromptTokens, kAutoValue);
}

/// Makes the points and laws of all series.
class Scaler {
 public:
  explicit Scaler(const std::vector<CellResult>& results)
      : results_(results),
        prefill_(results, Metric::kPromptEvalRate),
        decode_(results, Metric::kEvalRate),
        ttft_(results, Metric::kTtft),
        window_ttft_(results, Metric::kTtftP50),
        window_tpot_(results, Metric::kTpotP50),
        throughput_(results, Metric::kOutputThroughput) {}

  std::vector<ScaleSeries> Make() {
    std::map<Cell, ScaleSeries> series;
    for (const CellResult& result : results_) {
      if (!result.cell.Sets(Parameter::kPromptTokens) || CountedOf(result).empty()) continue;
      const Cell common = WithoutLength(result.cell);
      series[common].common = common;
      series[common].points.push_back(PointOf(result));
    }
    std::vector<ScaleSeries> all;
    for (auto& [common, one] : series) {
      std::sort(one.points.begin(), one.points.end(),
                [](const ScalePoint& a, const ScalePoint& b) { return a.tokens < b.tokens; });
      FitLaws(one);
      all.push_back(std::move(one));
    }
    return all;
  }

 private:
  [[nodiscard]] ScalePoint PointOf(const CellResult& result) const {
    ScalePoint point;
    point.cell = result.cell;
    const std::vector<const Sample*> counted = CountedOf(result);
    for (const Sample* sample : counted) {
      point.tokens +=
          static_cast<double>(EvaluatedTokens(*sample)) / static_cast<double>(counted.size());
    }
    point.prefill_rate = prefill_.Of(result.cell);
    point.decode_rate = decode_.Of(result.cell);
    point.ttft_s = ttft_.Of(result.cell);
    if (point.prefill_rate) point.prefill_s = Inverse(*point.prefill_rate, point.tokens);
    point.loads = prefill_.LoadsOf(result.cell);
    if (counted.front()->window) {
      point.prefill_s = point.ttft_s = window_ttft_.Of(result.cell);
      const auto tpot = window_tpot_.Of(result.cell);
      point.decode_rate = tpot ? std::optional(Inverse(*tpot, 1)) : std::nullopt;
      point.throughput = throughput_.Of(result.cell);
    }
    point.serving = ServingOf(result);
    return point;
  }

  // What so much takes at a rate, and the other way round.
  static Bounded Inverse(const Bounded& rate, double amount) {
    return {amount / rate.estimate, amount / rate.high, amount / rate.low};
  }

  void FitLaws(ScaleSeries& series) const {
    std::vector<LoadTime> prefill;
    std::vector<LoadTime> decode;
    for (const CellResult& result : results_) {
      if (WithoutLength(result.cell) != series.common) continue;
      for (const Sample* sample : CountedOf(result)) {
        const auto tokens = static_cast<double>(EvaluatedTokens(*sample));
        if (const auto seconds = PrefillSeconds(*sample); seconds && tokens > 0) {
          prefill.push_back({sample->load_id, tokens, *seconds});
        }
        const double answered = static_cast<double>(sample->metrics.eval_count.value_or(0));
        if (const auto seconds = SecondsPerToken(*sample)) {
          decode.push_back({sample->load_id, tokens + answered / 2, *seconds});
        }
      }
    }
    auto law = FitScalingLaw(prefill);
    if (law) series.prefill = std::move(*law);
    if (!law) series.why_no_law = law.error();
    if (auto line = FitScalingLaw(decode, 2)) series.decode = std::move(*line);
  }

  const std::vector<CellResult>& results_;
  Estimates prefill_;
  Estimates decode_;
  Estimates ttft_;
  Estimates window_ttft_;
  Estimates window_tpot_;
  Estimates throughput_;
};

int GpusOf(const ScaleSeries& series) {
  return std::popcount(static_cast<unsigned>(series.common[Parameter::kGpus]));
}

bool IsParallel(const ScaleSeries& series) {
  return series.common.Sets(Parameter::kConcurrency) && series.common[Parameter::kConcurrency] > 1;
}

void AddPlacements(const ScaleSeries& base, const ScaleSeries& more,
                   std::vector<Placement>& placements) {
  for (const ScalePoint& one : base.points) {
    const auto same =
        std::find_if(more.points.begin(), more.points.end(), [&one](const ScalePoint& point) {
          return point.cell[Parameter::kPromptTokens] == one.cell[Parameter::kPromptTokens];
        });
    if (same == more.points.end()) continue;
    Placement placement{one.tokens, GpusOf(more), GpusOf(base), {}, {}};
    if (IsParallel(base) && one.throughput && same->throughput) {
      const double gain = same->throughput->estimate / one.throughput->estimate;
      placement.efficiency = gain * placement.base_gpus / placement.gpus;
    } else if (!IsParallel(base) && one.prefill_s && same->prefill_s) {
      placement.overhead = same->prefill_s->estimate / one.prefill_s->estimate - 1;
    }
    if (placement.overhead || placement.efficiency) placements.push_back(placement);
  }
}

}  // namespace

std::vector<ScaleSeries> ScaleOf(const std::vector<CellResult>& results) {
  return Scaler(results).Make();
}

std::vector<Placement> PlacementsOf(const std::vector<ScaleSeries>& series) {
  std::vector<Placement> placements;
  for (const ScaleSeries& base : series) {
    for (const ScaleSeries& more : series) {
      const bool both_say =
          base.common.Sets(Parameter::kGpus) && more.common.Sets(Parameter::kGpus);
      if (!both_say || GpusOf(base) >= GpusOf(more)) continue;
      if (base.common.With(Parameter::kGpus, kAutoValue) !=
          more.common.With(Parameter::kGpus, kAutoValue)) {
        continue;
      }
      AddPlacements(base, more, placements);
    }
  }
  return placements;
}

}  // namespace ollama_bench
