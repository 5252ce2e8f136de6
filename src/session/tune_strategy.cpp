#include "ollama_bench/session/tune_strategy.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ollama_bench/analysis/cell_estimate.h"
#include "ollama_bench/analysis/load_units.h"
#include "ollama_bench/analysis/verdict.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/metric.h"

namespace ollama_bench {
namespace {

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

TuneStrategy::TuneStrategy(Search& search, TuneLimits limits, Clock& clock,
                           std::optional<Cell> current, Metric metric)
    : search_(search),
      limits_(limits),
      clock_(clock),
      began_(clock.Now()),
      current_(current),
      metric_(metric) {}

std::size_t TeachSearch(Search& search, std::span<const CellResult> known, Metric metric) {
  std::vector<std::pair<TimeOrder, Measurement>> loads;
  std::vector<Measurement> failures;
  const bool any_verified = AnyVerified(known);
  for (const CellResult& result : known) {
    if (any_verified && IsUnverified(result)) continue;
    for (const LoadUnit& unit : LoadUnitsOf(result, metric)) {
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

void TuneStrategy::Learn(std::span<const CellResult> known, const Grid& grid) {
  std::vector<CellResult> comparable;
  for (const CellResult& result : known) {
    if (IsUnverified(result)) continue;
    Remember(result);
    if (grid.Contains(result.cell)) comparable.push_back(result);
  }
  known_ += TeachSearch(search_, comparable, metric_);
}

// The load that is new, if any.
std::optional<LoadUnit> TuneStrategy::Remember(const CellResult& result) {
  std::optional<LoadUnit> latest;
  for (const LoadUnit& unit : LoadUnitsOf(result, metric_)) {
    if (!loads_.insert(unit.load_id).second) continue;
    ++loads_of_[result.cell];
    latest = unit;
  }
  const bool is_decoded =
      std::any_of(result.visits.begin(), result.visits.end(),
                  [](const VisitRecord& visit) { return visit.decode.has_value(); });
  if (is_decoded) decoded_.insert(result.cell);
  return latest;
}

bool TuneStrategy::BudgetIsSpent() const {
  if (limits_.measurements && visits_ >= *limits_.measurements) return true;
  return limits_.time && clock_.Now() - began_ >= *limits_.time;
}

int TuneStrategy::LoadsOf(const Cell& cell) const {
  const auto found = loads_of_.find(cell);
  return found == loads_of_.end() ? 0 : found->second;
}

Visit TuneStrategy::Again(const Cell& cell, SampleRole role) const {
  return {cell, role, 1, !decoded_.contains(cell)};
}

// First of all, and once more after each sixteenth visit, so that all of the search is compared
// with it.
std::optional<Visit> TuneStrategy::NextOfCurrent() const {
  constexpr std::size_t kVisitsPerControl = 16;
  if (!current_) return std::nullopt;
  const auto failures = failures_of_.find(*current_);
  if (failures != failures_of_.end() && failures->second > 1) return std::nullopt;
  const auto wanted = std::min<std::size_t>(kFewestLoads, 1 + visits_ / kVisitsPerControl);
  if (static_cast<std::size_t>(LoadsOf(*current_)) >= wanted) return std::nullopt;
  return LoadsOf(*current_) == 0 ? Visit{*current_, SampleRole::kMeasure, 1, false}
                                 : Again(*current_, SampleRole::kControl);
}

// What the answer will speak of gets its loads before the search ends.
std::optional<Visit> TuneStrategy::NextToConfirm() const {
  const auto answer = search_.Answer();
  const auto lacks = [this](const Cell& cell) {
    const auto failures = failures_of_.find(cell);
    return LoadsOf(cell) > 0 && LoadsOf(cell) < kFewestLoads &&
           (failures == failures_of_.end() || failures->second < 2);
  };
  if (answer && lacks(answer->cell)) return Again(answer->cell, SampleRole::kConfirm);
  if (current_ && lacks(*current_)) return Again(*current_, SampleRole::kControl);
  return std::nullopt;
}

bool TuneStrategy::IsEnding() const {
  constexpr std::size_t kVisitsToConfirm = 4;
  const bool is_certified =
      limits_.stop_when_certified && search_.Answer() && search_.Answer()->certified;
  if (is_certified) return true;
  return limits_.measurements && *limits_.measurements > 2 * kVisitsToConfirm &&
         visits_ + kVisitsToConfirm >= *limits_.measurements;
}

std::optional<Visit> TuneStrategy::Next() {
  if (BudgetIsSpent()) return std::nullopt;
  visit_began_ = clock_.Now();
  if (const auto visit = NextOfCurrent()) return visit;
  if (IsEnding()) {
    if (const auto visit = NextToConfirm()) return visit;
    const auto answer = search_.Answer();
    if (limits_.stop_when_certified && answer && answer->certified) return std::nullopt;
  }
  const auto cell = search_.Propose();
  if (!cell) return std::nullopt;
  return Visit{*cell, SampleRole::kMeasure, 1, false};
}

void TuneStrategy::Report(const CellResult& result) {
  ++visits_;
  const std::optional<LoadUnit> load = Remember(result);
  ++failures_of_[result.cell];
  if (load) failures_of_[result.cell] = 0;
  if (EndedDisturbed(result)) return;  // nothing was learned of the cell
  // Without a new load and without a failure the entry was taken away by hand at this moment.
  const Failure* failure = LatestFailure(result);
  Measurement measurement =
      load ? ToMeasurement(result, *load)
           : Failed(result.cell, failure != nullptr ? failure->kind : FailureKind::kNoMetrics);
  measurement.cost_s = std::chrono::duration<double>(clock_.Now() - visit_began_).count();
  search_.Observe(measurement);
  last_ = measurement;
}

std::size_t TuneStrategy::Remaining() const {
  if (!limits_.measurements) return 0;
  return *limits_.measurements - std::min(visits_, *limits_.measurements);
}

}  // namespace ollama_bench
