#include "ollama_bench/analysis/sweep_answer.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <utility>

#include "outliers.h"

namespace ollama_bench {
namespace {

// Shares differ in their last digits from load to load.
constexpr double kSameShare = 0.005;

// The smallest share on GPUs that a counted run of the cell reported.
std::optional<double> GpuShareOf(const CellResult& result) {
  std::optional<double> share;
  for (const Sample* sample : CountedOf(result)) {
    if (!sample->size_vram_bytes || sample->size_bytes.value_or(0) <= 0) continue;
    const double of_run =
        static_cast<double>(*sample->size_vram_bytes) / static_cast<double>(*sample->size_bytes);
    share = std::min(share.value_or(1), of_run);
  }
  return share;
}

class SafeContextSearch {
 public:
  SafeContextSearch(const std::vector<CellResult>& results, const SweepAnswer& answer)
      : answer_(answer), higher_(Describe(answer.metric).higher_is_better) {
    for (const CellResult& result : results) {
      if (const auto share = GpuShareOf(result)) gpu_shares_[result.cell] = *share;
    }
    // Cells are ordered by num_ctx, so the first is of the smallest.
    for (const auto& [cell, share] : gpu_shares_) {
      if (cell.num_ctx != gpu_shares_.begin()->first.num_ctx) break;
      needed_share_ = std::max(needed_share_.value_or(0), share);
    }
  }

  [[nodiscard]] std::optional<SafeContext> Find() const {
    std::map<int, const CellEstimate*, std::greater<>> best;  // by num_ctx, the largest first
    for (const CellEstimate& estimate : answer_.cells) {
      if (!StaysOnGpu(estimate.cell)) continue;
      const CellEstimate*& of_column = best[estimate.cell.num_ctx];
      if (of_column == nullptr || Score(estimate) > Score(*of_column)) of_column = &estimate;
    }
    const double most = -std::log1p(-answer_.options.max_loss);
    for (const auto& [num_ctx, estimate] : best) {
      if (Score(answer_.best.leader) - Score(*estimate) > most) continue;
      return SafeContext{*estimate, RatioToLeader(*estimate), ShareOf(estimate->cell),
                         UndecidedBeyond(num_ctx)};
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] double Score(const CellEstimate& estimate) const {
    return higher_ ? estimate.log.value : -estimate.log.value;
  }
  [[nodiscard]] LogEstimate RatioToLeader(const CellEstimate& estimate) const {
    const CellEstimate& leader = answer_.best.leader;
    if (estimate.cell == leader.cell) return {0, {}, answer_.noise.Of({})};
    return Difference(leader.log, estimate.log, answer_.noise);
  }
  [[nodiscard]] std::optional<int> UndecidedBeyond(int num_ctx) const {
    std::optional<int> largest;
    for (const CellEstimate& estimate : answer_.best.cells) {
      const Cell& cell = estimate.cell;
      if (cell.num_ctx > std::max(num_ctx, largest.value_or(0)) && StaysOnGpu(cell)) {
        largest = cell.num_ctx;
      }
    }
    return largest;
  }
  [[nodiscard]] std::optional<double> ShareOf(const Cell& cell) const {
    const auto found = gpu_shares_.find(cell);
    return found == gpu_shares_.end() ? std::nullopt : std::optional<double>(found->second);
  }
  // Where nobody knows, nothing is held against the cell.
  [[nodiscard]] bool StaysOnGpu(const Cell& cell) const {
    const auto share = ShareOf(cell);
    return !share || !needed_share_ || *share >= *needed_share_ - kSameShare;
  }

  const SweepAnswer& answer_;
  bool higher_;
  std::map<Cell, double> gpu_shares_;
  std::optional<double> needed_share_;
};

BaselineGain GainOver(const CellEstimate& baseline, const SweepAnswer& answer) {
  const CellEstimate& recommended = answer.best.recommended;
  const Demand& demand = answer.options.demand;
  BaselineGain gain;
  gain.baseline = baseline;
  if (baseline.cell == recommended.cell) {
    gain.gain = {0, {}, answer.noise.Of({})};
    gain.verdict = BaselineGain::Verdict::kSameCell;
    return gain;
  }
  gain.gain = Describe(answer.metric).higher_is_better
                  ? Difference(baseline.log, recommended.log, answer.noise)
                  : Difference(recommended.log, baseline.log, answer.noise);
  const Interval interval = gain.gain.LogInterval(demand.level);
  const double threshold = std::log1p(demand.threshold);
  if (interval.low > threshold) gain.verdict = BaselineGain::Verdict::kWorthHaving;
  if (interval.high < threshold) gain.verdict = BaselineGain::Verdict::kNone;
  return gain;
}

const CellEstimate* Find(const std::vector<CellEstimate>& estimates, const Cell& cell) {
  const auto found = std::find_if(estimates.begin(), estimates.end(),
                                  [&cell](const auto& estimate) { return estimate.cell == cell; });
  return found == estimates.end() ? nullptr : &*found;
}

}  // namespace

std::optional<Cell> ForeignBaseline(const std::optional<Cell>& baseline, const Grid& planned) {
  const bool is_foreign = baseline && planned.CellCount() > 0 && !planned.Contains(*baseline);
  return is_foreign ? baseline : std::nullopt;
}

std::vector<CellResult> WithoutForeignBaseline(const std::vector<CellResult>& results,
                                               const std::optional<Cell>& baseline,
                                               const Grid& planned) {
  std::vector<CellResult> kept = results;
  const auto foreign = ForeignBaseline(baseline, planned);
  if (!foreign) return kept;
  std::erase_if(kept, [&foreign](const CellResult& result) { return result.cell == *foreign; });
  return kept;
}

std::optional<SweepAnswer> AnswerSweep(const std::vector<CellResult>& results, Metric metric,
                                       const AnswerOptions& options,
                                       const CellResult* baseline_result) {
  SweepAnswer answer;
  answer.metric = metric;
  answer.options = options;
  std::vector<CellResult> all = results;
  if (baseline_result != nullptr) all.push_back(*baseline_result);
  std::vector<LoadUnit> units = UnbiasedUnits(all, metric);
  answer.drift = FindDrift(units);
  answer.detrended = options.detrend && answer.drift && CanDetrend(*answer.drift);
  if (answer.detrended) units = Detrended(std::move(units), *answer.drift);
  answer.noise = NoiseModel::Fit(units);
  answer.cells = EstimateCells(units, answer.noise);

  std::optional<CellEstimate> baseline;
  if (options.baseline) {
    if (const CellEstimate* found = Find(answer.cells, *options.baseline)) baseline = *found;
  }
  if (baseline_result != nullptr) {
    std::erase_if(answer.cells, [&](const CellEstimate& estimate) {
      return estimate.cell == baseline_result->cell;
    });
  }
  auto best =
      FindBestSet(answer.cells, answer.noise, Describe(metric).higher_is_better, options.demand);
  if (!best) return std::nullopt;
  answer.best = std::move(*best);
  answer.largest_safe_context = SafeContextSearch(results, answer).Find();
  if (baseline) answer.baseline = GainOver(*baseline, answer);
  answer.outliers = FindOutliers(results, metric);
  return answer;
}

}  // namespace ollama_bench
