#include "ollama_bench/cli/tune_strategy.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ollama_bench/analysis/cell_serving.h"
#include "ollama_bench/analysis/load_units.h"
#include "ollama_bench/core/cell_status.h"
#include "ollama_bench/core/metric.h"

namespace ollama_bench {
namespace {

std::vector<LoadUnit> UnitsOf(const CellResult& result) {
  return LoadUnitsOf(result, Metric::kPromptEvalRate);
}

std::optional<double> CpuShareOf(const CellResult& result, std::int64_t load_id) {
  for (const Sample& sample : result.samples) {
    const auto on_gpus = sample.load_id == load_id ? GpuShare(sample) : std::nullopt;
    if (on_gpus) return 1.0 - *on_gpus;
  }
  return std::nullopt;
}

// When the first sample of the load was taken.
TimeOrder BeganAt(const CellResult& result, std::int64_t load_id) {
  std::optional<TimeOrder> first;
  for (const Sample& sample : result.samples) {
    if (sample.load_id == load_id)
      first = std::min(first.value_or(TimeKey(sample)), TimeKey(sample));
  }
  return first.value_or(TimeOrder());
}

Measurement ToMeasurement(const CellResult& result, const LoadUnit& unit) {
  Measurement measurement;
  measurement.cell = result.cell;
  measurement.rate = std::exp(unit.log_value);
  measurement.cpu_share = CpuShareOf(result, unit.load_id);
  return measurement;
}

Measurement Failed(const Cell& cell, FailureKind kind) {
  Measurement measurement;
  measurement.cell = cell;
  measurement.failure = kind;
  return measurement;
}

}  // namespace

TuneStrategy::TuneStrategy(Search& search, TuneLimits limits, Clock& clock)
    : search_(search), limits_(limits), clock_(clock), began_(clock.Now()) {}

std::size_t TeachSearch(Search& search, std::span<const CellResult> known) {
  std::vector<std::pair<TimeOrder, Measurement>> loads;
  std::vector<Measurement> failures;
  const bool any_verified = AnyVerified(known);
  for (const CellResult& result : known) {
    if (any_verified && IsUnverified(result)) continue;
    for (const LoadUnit& unit : UnitsOf(result)) {
      loads.emplace_back(BeganAt(result, unit.load_id), ToMeasurement(result, unit));
    }
    if (const Failure* failure = FailureOf(result)) {
      failures.push_back(Failed(result.cell, failure->kind));
    }
  }
  std::stable_sort(loads.begin(), loads.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [began, measurement] : loads) search.Observe(measurement);
  for (const Measurement& failure : failures) search.Observe(failure);
  return loads.size() + failures.size();
}

void TuneStrategy::Learn(std::span<const CellResult> known) {
  std::vector<CellResult> comparable;
  for (const CellResult& result : known) {
    for (const LoadUnit& unit : UnitsOf(result)) loads_.insert(unit.load_id);
    if (!IsUnverified(result)) comparable.push_back(result);
  }
  known_ += TeachSearch(search_, comparable);
}

bool TuneStrategy::BudgetIsSpent() const {
  if (limits_.measurements && visits_ >= *limits_.measurements) return true;
  return limits_.time && clock_.Now() - began_ >= *limits_.time;
}

std::optional<Visit> TuneStrategy::Next() {
  if (BudgetIsSpent()) return std::nullopt;
  if (limits_.stop_when_certified) {
    const auto answer = search_.Answer();
    if (answer && answer->certified) return std::nullopt;
  }
  const auto cell = search_.Propose();
  if (!cell) return std::nullopt;
  visit_began_ = clock_.Now();
  return Visit{*cell, SampleRole::kMeasure, 1};
}

void TuneStrategy::Report(const CellResult& result) {
  ++visits_;
  if (EndedDisturbed(result)) return;  // nothing was learned of the cell
  // Without a new load and without a failure the entry was taken away by hand at this moment.
  const Failure* failure = LatestFailure(result);
  Measurement measurement =
      Failed(result.cell, failure != nullptr ? failure->kind : FailureKind::kNoMetrics);
  for (const LoadUnit& unit : UnitsOf(result)) {
    if (loads_.insert(unit.load_id).second) measurement = ToMeasurement(result, unit);
  }
  measurement.cost_s = std::chrono::duration<double>(clock_.Now() - visit_began_).count();
  search_.Observe(measurement);
  last_ = measurement;
}

std::size_t TuneStrategy::Remaining() const {
  if (!limits_.measurements) return 0;
  return *limits_.measurements - std::min(visits_, *limits_.measurements);
}

}  // namespace ollama_bench
