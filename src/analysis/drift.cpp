#include "ollama_bench/analysis/drift.h"

#include <algorithm>
#include <cmath>

namespace ollama_bench {
namespace {

constexpr double kMoved = 3;  // standard errors
constexpr std::size_t kFewestForTrend = 4;
constexpr double kMostLuck = 0.05;  // of a monotone order

std::vector<LoadUnit> ControlsOf(const std::vector<LoadUnit>& units, const Cell& cell) {
  std::vector<LoadUnit> controls;
  for (const LoadUnit& unit : units) {
    // The control cell was not chosen for its reading, so its first one counts as well.
    if (unit.cell == cell && unit.start_s && unit.role != SampleRole::kConfirm) {
      controls.push_back(unit);
    }
  }
  std::stable_sort(controls.begin(), controls.end(),
                   [](const LoadUnit& a, const LoadUnit& b) { return *a.start_s < *b.start_s; });
  return controls;
}

// The probability that n values in random order have at least `concordant` of their pairs in order:
// the counts of permutations by inversions (Kendall, Biometrika 30, 1938).
double ProbabilityOfOrder(std::size_t n, std::size_t concordant) {
  std::vector<double> probability{1};
  for (std::size_t i = 2; i <= n; ++i) {
    std::vector<double> next(probability.size() + i - 1);
    for (std::size_t pairs = 0; pairs < probability.size(); ++pairs) {
      for (std::size_t more = 0; more < i; ++more) {
        next[pairs + more] += probability[pairs] / static_cast<double>(i);
      }
    }
    probability = std::move(next);
  }
  double sum = 0;
  for (std::size_t pairs = concordant; pairs < probability.size(); ++pairs) {
    sum += probability[pairs];
  }
  return sum;
}

bool IsMonotone(const std::vector<LoadUnit>& controls, bool rising) {
  if (controls.size() < kFewestForTrend) return false;
  std::size_t concordant = 0;
  for (std::size_t i = 0; i < controls.size(); ++i) {
    for (std::size_t j = i + 1; j < controls.size(); ++j) {
      const double step = controls[j].log_value - controls[i].log_value;
      if (rising ? step > 0 : step < 0) ++concordant;
    }
  }
  return ProbabilityOfOrder(controls.size(), concordant) <= kMostLuck;
}

LogEstimate ChangeAlongLine(const std::vector<LoadUnit>& controls) {
  double mean_time = 0;
  for (const LoadUnit& unit : controls) {
    mean_time += *unit.start_s / static_cast<double>(controls.size());
  }
  double spread = 0;
  for (const LoadUnit& unit : controls) {
    spread += (*unit.start_s - mean_time) * (*unit.start_s - mean_time);
  }
  const double duration = *controls.back().start_s - *controls.front().start_s;
  LogEstimate change;
  for (const LoadUnit& unit : controls) {
    const double weight = (*unit.start_s - mean_time) / spread * duration;
    change.value += weight * unit.log_value;
    change.shares.load += weight * weight;
    change.shares.run += weight * weight / unit.runs;
  }
  return change;
}

}  // namespace

std::optional<Drift> FindDrift(const std::vector<LoadUnit>& units) {
  const auto control = std::find_if(units.begin(), units.end(), [](const LoadUnit& unit) {
    return unit.role == SampleRole::kControl;
  });
  if (control == units.end()) return std::nullopt;
  Drift drift;
  drift.cell = control->cell;
  const std::vector<LoadUnit> controls = ControlsOf(units, drift.cell);
  if (controls.size() < 2 || *controls.back().start_s <= *controls.front().start_s) {
    return std::nullopt;
  }
  drift.controls = static_cast<int>(controls.size());
  drift.start_s = *controls.front().start_s;
  drift.end_s = *controls.back().start_s;
  drift.change = ChangeAlongLine(controls);
  std::vector<LoadUnit> others;
  for (const LoadUnit& unit : units) {
    if (unit.cell != drift.cell) others.push_back(unit);
  }
  drift.change.error = NoiseModel::Fit(others).Of(drift.change.shares);
  drift.has_moved = std::fabs(drift.change.value) > kMoved * drift.change.error.value;
  drift.is_monotone = IsMonotone(controls, drift.change.value > 0);
  return drift;
}

bool CanDetrend(const Drift& drift) {
  return drift.has_moved && drift.is_monotone;
}

std::vector<LoadUnit> Detrended(std::vector<LoadUnit> units, const Drift& drift) {
  for (LoadUnit& unit : units) {
    if (!unit.start_s) continue;
    const double share = (*unit.start_s - drift.start_s) / (drift.end_s - drift.start_s);
    unit.log_value -= drift.change.value * (std::clamp(share, 0.0, 1.0) - 0.5);
  }
  return units;
}

}  // namespace ollama_bench
