#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "comparison_rules.h"
#include "drift_model.h"
#include "ollama_bench/analysis/comparison.h"

namespace ollama_bench {
namespace {

/// The cells that were measured for both values of a pair.
struct MeasuredPair {
  const CellResult* first = nullptr;  ///< null where the file has no entry
  const CellResult* second = nullptr;

  [[nodiscard]] bool IsOne() const { return first != nullptr && first == second; }
};

/// The results by cell, aliases answering as what was measured instead.
class Answers {
 public:
  explicit Answers(const std::vector<CellResult>& results) {
    for (const CellResult& result : results) results_[result.cell] = &result;
  }

  /// Null where there is no entry.
  [[nodiscard]] const CellResult* Find(const Cell& cell) const {
    const auto found = results_.find(cell);
    if (found == results_.end()) return nullptr;
    const CellResult* result = found->second;
    // An edited file may have a ring of them.
    for (std::size_t i = 0; i < kParameterCount && StatusOf(*result) == CellStatus::kAlias; ++i) {
      const auto instead = results_.find(*result->alias_of);
      if (instead == results_.end()) break;
      result = instead->second;
    }
    return result;
  }
  [[nodiscard]] std::string ReasonFor(const Cell& cell) const {
    const auto found = results_.find(cell);
    return found == results_.end() ? std::string() : found->second->reason;
  }

 private:
  std::map<Cell, const CellResult*> results_;
};

// A slow start is no difference of values where cells join the starts; otherwise nothing but the
// drift between them is known, and they are taken for one.
std::vector<LoadUnit> Joined(const std::vector<LoadUnit>& units, const std::set<Cell>& compared,
                             bool& are_joined) {
  std::vector<LoadUnit> joined = JoinedByCells(units);
  const auto of_compared = [&compared](const std::vector<LoadUnit>& some) {
    return std::count_if(some.begin(), some.end(), [&compared](const LoadUnit& unit) {
      return compared.contains(unit.cell);
    });
  };
  are_joined = of_compared(joined) == of_compared(units);
  if (are_joined) return joined;
  std::vector<LoadUnit> as_one = units;
  for (LoadUnit& unit : as_one) unit.origin.clear();
  return as_one;
}

/// Compares the two values.
class Comparer {
 public:
  Comparer(const std::vector<CellResult>& results, const ValuePair& by, Metric metric,
           const Demand& demand)
      : answers_(results) {
    comparison_.metric = metric;
    comparison_.demand = demand;
    comparison_.by = ByValue{by.parameter, by.first, by.second, VisitOrder::kUnknown, {}};
    for (const CellResult& result : results) {
      const int value = result.cell[by.parameter];
      if (value != by.first && value != by.second) continue;
      const Cell key = result.cell.With(by.parameter, kAutoValue);
      pairs_[key] = {answers_.Find(key.With(by.parameter, by.first)),
                     answers_.Find(key.With(by.parameter, by.second))};
    }
    all_units_ = UnbiasedUnits(results, metric);
  }

  SweepComparison Make() {
    TakeOutSame();
    comparison_.noise = NoiseModel::Fit(all_units_);
    if (all_units_.empty()) return std::move(comparison_);
    const std::set<Cell> compared = ComparedCells();
    bool are_joined = true;
    units_ = Joined(all_units_, compared, are_joined);
    model_.emplace(units_);
    for (const CellEstimate& estimate : EstimateCells(units_, comparison_.noise)) {
      estimates_[estimate.cell] = estimate;
    }
    ComparePairs();
    FindOrder(are_joined);
    if (comparison_.cells.empty()) return std::move(comparison_);
    CallCells(comparison_.cells, comparison_.demand);
    comparison_.overall = OverallChange(comparison_, model_->Contrast(mean_));
    AddRepeated();
    return std::move(comparison_);
  }

 private:
  void TakeOutSame() {
    for (auto pair = pairs_.begin(); pair != pairs_.end();) {
      if (!pair->second.IsOne()) {
        ++pair;
        continue;
      }
      ByValue& by = *comparison_.by;
      std::string reason = answers_.ReasonFor(pair->first.With(by.parameter, by.second));
      if (reason.empty()) reason = answers_.ReasonFor(pair->first.With(by.parameter, by.first));
      by.same.push_back({pair->first, std::move(reason)});
      pair = pairs_.erase(pair);
    }
  }

  [[nodiscard]] std::set<Cell> ComparedCells() const {
    std::set<Cell> cells;
    for (const auto& [key, pair] : pairs_) {
      for (const CellResult* result : {pair.first, pair.second}) {
        if (result != nullptr) cells.insert(result->cell);
      }
    }
    return cells;
  }

  // The loads' counts, and what the model says of the value.
  [[nodiscard]] std::optional<CellEstimate> EstimateOf(const Cell& key,
                                                       const CellResult* result) const {
    if (result == nullptr) return std::nullopt;
    const auto found = estimates_.find(result->cell);
    if (found == estimates_.end()) return std::nullopt;
    CellEstimate estimate = found->second;
    estimate.cell = key;
    estimate.log = model_->Value(*model_->Find(result->cell));
    return estimate;
  }

  void ComparePairs() {
    std::set<std::pair<Cell, Cell>> seen;
    for (const auto& [key, pair] : pairs_) {
      const auto first = EstimateOf(key, pair.first);
      const auto second = EstimateOf(key, pair.second);
      if (!first && !second) continue;
      if (!second) {
        AddAlone(*first, pair.second, comparison_.only_first, comparison_.now_failed);
      } else if (!first) {
        AddAlone(*second, pair.first, comparison_.only_second, comparison_.now_measured);
      } else if (seen.insert({pair.first->cell, pair.second->cell}).second) {
        AddChange(*first, *second, pair);
      } else {
        repeated_.push_back(key);
      }
    }
    for (auto& [cell, count] : mean_) count /= static_cast<double>(comparison_.cells.size());
  }

  static void AddAlone(const CellEstimate& measured, const CellResult* other,
                       std::vector<Cell>& only, std::vector<FailedCell>& failed) {
    only.push_back(measured.cell);
    const Failure* failure = other == nullptr ? nullptr : FailureOfTried(*other);
    if (failure != nullptr) failed.push_back({measured, *failure});
  }

  void AddChange(const CellEstimate& first, const CellEstimate& second, const MeasuredPair& pair) {
    const std::vector<DriftModel::Term> terms = {{*model_->Find(pair.second->cell), 1},
                                                 {*model_->Find(pair.first->cell), -1}};
    CellChange change{first, second, {}};
    change.change.log = model_->Contrast(terms);
    change.change.p_value = change.change.log.error.PValue(change.change.log.value);
    comparison_.cells.push_back(std::move(change));
    mean_.insert(mean_.end(), terms.begin(), terms.end());
  }

  // Cells whose pair is that of another one show what that one shows.
  void AddRepeated() {
    for (const Cell& key : repeated_) {
      const MeasuredPair& pair = pairs_.at(key);
      const auto same = std::find_if(
          comparison_.cells.begin(), comparison_.cells.end(), [&](const CellChange& cell) {
            const MeasuredPair& other = pairs_.at(cell.first.cell);
            return other.first == pair.first && other.second == pair.second;
          });
      CellChange change = *same;
      change.first.cell = key;
      change.second.cell = key;
      comparison_.cells.push_back(std::move(change));
    }
    std::sort(comparison_.cells.begin(), comparison_.cells.end(),
              [](const CellChange& a, const CellChange& b) { return a.first.cell < b.first.cell; });
  }

  // The loads of the compared cells by time, and whether each is one of the second value.
  [[nodiscard]] std::optional<std::vector<std::pair<double, bool>>> LoadsByTime() const {
    std::map<Cell, bool> is_second;
    for (const CellChange& cell : comparison_.cells) {
      const MeasuredPair& pair = pairs_.at(cell.first.cell);
      is_second.try_emplace(pair.first->cell, false);
      is_second.try_emplace(pair.second->cell, true);
    }
    std::vector<std::pair<double, bool>> loads;
    for (const LoadUnit& unit : units_) {
      const auto found = is_second.find(unit.cell);
      if (found == is_second.end()) continue;
      if (!unit.start_s) return std::nullopt;
      loads.emplace_back(*unit.start_s, found->second);
    }
    std::sort(loads.begin(), loads.end());
    return loads;
  }

  void FindOrder(bool are_joined) {
    const auto loads = LoadsByTime();
    if (!loads || loads->empty()) return;
    double places[2] = {0, 0};
    double counts[2] = {0, 0};
    // Loads of one second share their mean place.
    for (auto from = loads->begin(); from != loads->end();) {
      const auto to = std::find_if(from, loads->end(),
                                   [from](const auto& load) { return load.first != from->first; });
      const double place = static_cast<double>((from - loads->begin()) + (to - loads->begin())) / 2;
      for (; from != to; ++from) {
        const std::size_t value = from->second ? 1 : 0;
        places[value] += place;
        ++counts[value];
      }
    }
    // 1 where all of one value comes first, 0 where both have the same mean place.
    const double separation = std::fabs(places[0] / counts[0] - places[1] / counts[1]) /
                              (static_cast<double>(loads->size()) / 2);
    constexpr double kMostInTurns = 0.5;
    VisitOrder& order = comparison_.by->order;
    order = separation <= kMostInTurns ? VisitOrder::kInTurns : VisitOrder::kSeparate;
    if (order == VisitOrder::kSeparate && !are_joined) order = VisitOrder::kSeparateStarts;
  }

  Answers answers_;
  SweepComparison comparison_;
  std::map<Cell, MeasuredPair> pairs_;  // by the cell without the parameter
  std::vector<LoadUnit> all_units_;
  std::vector<LoadUnit> units_;  // that the model is of
  std::optional<DriftModel> model_;
  std::map<Cell, CellEstimate> estimates_;
  std::vector<DriftModel::Term> mean_;  // of all differences
  std::vector<Cell> repeated_;          // whose pair is another's
};

}  // namespace

std::string_view KeyOf(VisitOrder order) {
  switch (order) {
    case VisitOrder::kInTurns:
      return "in_turns";
    case VisitOrder::kSeparate:
      return "separate";
    case VisitOrder::kSeparateStarts:
      return "separate_starts";
    case VisitOrder::kUnknown:
      break;
  }
  return "unknown";
}

SweepComparison CompareValues(const std::vector<CellResult>& results, const ValuePair& by,
                              Metric metric, const Demand& demand) {
  return Comparer(results, by, metric, demand).Make();
}

}  // namespace ollama_bench
