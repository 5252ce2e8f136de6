#include "progress.h"

#include <fmt/format.h>

#include "ollama_bench/analysis/cell_estimate.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/median.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/stratum.h"
#include "ollama_bench/plan/remaining_time.h"

namespace ollama_bench {

std::optional<std::chrono::duration<double>> ProgressState::TimeLeft() const {
  return RemainingTime(cell_times, left);
}

bool ProgressState::IsOfTheGrid() const {
  return role == SampleRole::kMeasure &&
         (!present_setting || SettingOf(cell) != SettingOf(*present_setting));
}

void ProgressState::ConsiderBest(const CellResult& result) {
  const auto rate = CellValue(result, metric);
  const bool is_present = present_setting && SettingOf(result.cell) == SettingOf(*present_setting);
  if (!rate || is_present || FailsOften(result)) return;
  const bool is_verified = !IsUnverified(result);
  const bool is_better = is_verified == best_is_verified ? *rate > best_rate : is_verified;
  if (!is_better) return;
  best = result.cell;
  best_rate = *rate;
  best_is_verified = is_verified;
}

void ProgressObserver::OnCellStart(const Visit& visit, std::size_t remaining) {
  state_.cell = visit.cell;
  state_.role = visit.role;
  state_.left = remaining + 1;
  // A search learns on its way how many windows it needs.
  if (state_.counts_windows) state_.total = std::max(state_.total, state_.done + state_.left);
  state_.phase.reset();
  state_.run = 0;
  state_.cell_rates.clear();
  state_.cell_started = clock_.Now();
}

void ProgressObserver::OnPhase(Phase phase, int run) {
  state_.phase = phase;
  state_.run = run;
}

void ProgressObserver::OnSample(const Cell&, const Sample& sample) {
  if (!IsCounted(sample)) return;
  state_.cell_rates.push_back(Describe(state_.metric).value(sample).value_or(0));
}

void ProgressObserver::OnCellEnd(const CellResult& result) {
  // A cell that is known to fail without a load says nothing of what the others will take.
  if (state_.phase) state_.cell_times.push_back(clock_.Now() - state_.cell_started);
  if (state_.IsOfTheGrid() && state_.done < state_.total) ++state_.done;
  if (state_.left > 0) --state_.left;
  state_.ConsiderBest(result);
}

namespace {

std::string DescribeRate(std::optional<double> rate, Metric of) {
  const MetricInfo& metric = Describe(of);
  if (!rate) return "no counted sample";
  return fmt::format("{:.{}f} {}", *rate, metric.decimals, metric.unit);
}

std::string DescribeAlias(const CellResult& result) {
  return fmt::format("the same as {}: {}", NameOf(*result.alias_of), result.reason);
}

}  // namespace

std::string_view VisitName(const ProgressState& state) {
  return state.role == SampleRole::kMeasure ? "current setting" : KeyOf(state.role);
}

std::string DescribeResult(const CellResult& result, Metric metric) {
  if (const Failure* failure = FailureOf(result)) return "failed: " + failure->message;
  if (StatusOf(result) == CellStatus::kAlias) return DescribeAlias(result);
  return DescribeRate(CellValue(result, metric), metric);
}

std::string DescribeVisit(const ProgressState& state, const CellResult& result) {
  if (const Failure* failure = LatestFailure(result)) return "failed: " + failure->message;
  if (StatusOf(result) == CellStatus::kAlias) return DescribeAlias(result);
  return DescribeRate(Median(state.cell_rates), state.metric);
}

}  // namespace ollama_bench
