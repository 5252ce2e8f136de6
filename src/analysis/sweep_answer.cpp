#include "ollama_bench/analysis/sweep_answer.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "ollama_bench/analysis/best_cell.h"
#include "ollama_bench/analysis/disturbances.h"
#include "ollama_bench/analysis/load_units.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/median.h"
#include "ollama_bench/core/stratum.h"
#include "outliers.h"

namespace ollama_bench {
namespace {

// Shares differ in their last digits from load to load.
constexpr double kSameShare = 0.005;
// A difference is found with 80 % power where it is so many deviations: 1.96 + 0.84.
constexpr double kDeviationsToFind = 2.8;
constexpr double kSureDeviations = 1.96;
constexpr double kGoodTrust = 0.02;
constexpr double kFairTrust = 0.05;
constexpr int kLoadsOfBlock = 5;
constexpr double kMuchDrift = 5;      // scales of a load
constexpr double kHugeDrift = 0.3;    // natural log, from the slowest to the fastest time
constexpr double kHugeScatter = 0.1;  // natural log, of a cell's loads in blocks

// The smallest share on GPUs that a counted run of the cell reported.
std::optional<double> GpuShareOf(const CellResult& result) {
  std::optional<double> share;
  for (const Sample* sample : CountedOf(result)) {
    const auto of_run = GpuShare(*sample);
    if (of_run) share = std::min(share.value_or(1), *of_run);
  }
  return share;
}

/// Whether a cell keeps as much of the model on the GPUs as the smallest context does that differs
/// from it in num_ctx and num_batch alone. Where there is no GPU, or its share is not known, no
/// cell is excluded.
class GpuShares {
 public:
  explicit GpuShares(const std::vector<CellResult>& results) {
    for (const CellResult& result : results) {
      if (const auto share = GpuShareOf(result)) shares_[result.cell] = *share;
    }
    for (const auto& [cell, share] : shares_) {
      const int num_ctx = cell[Parameter::kNumCtx];
      const auto [needed, is_new] = needed_.try_emplace(OthersOf(cell), Needed{num_ctx, share});
      if (needed->second.num_ctx != num_ctx) continue;
      needed->second.share = std::max(needed->second.share, share);
    }
  }

  [[nodiscard]] std::optional<double> Of(const Cell& cell) const {
    const auto found = shares_.find(cell);
    return found == shares_.end() ? std::nullopt : std::optional<double>(found->second);
  }
  [[nodiscard]] bool StaysOnGpu(const Cell& cell) const {
    const auto share = Of(cell);
    return !share || *share >= needed_.at(OthersOf(cell)).share - kSameShare;
  }

 private:
  struct Needed {
    int num_ctx = 0;  ///< the smallest
    double share = 0;
  };
  static Cell OthersOf(const Cell& cell) {
    return cell.With(Parameter::kNumCtx, kAutoValue).With(Parameter::kNumBatch, kAutoValue);
  }

  std::map<Cell, double> shares_;
  std::map<Cell, Needed> needed_;  ///< by the other values
};

LogPosterior Reversed(const LogPosterior& value) {
  return {-value.mean, value.deviation, -value.high, -value.low};
}

/// The loads in blocks alone, by plain means: with the machine's changes, without any model of
/// them.
class Blocks {
 public:
  explicit Blocks(const std::vector<LoadUnit>& units) {
    for (const LoadUnit& unit : units) {
      if (unit.role == SampleRole::kConfirm) loads_[unit.cell].push_back(unit.log_value);
    }
    double squares = 0;
    double degrees = 0;
    for (const auto& [cell, values] : loads_) {
      const auto count = static_cast<double>(values.size());
      const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
      means_[cell] = mean;
      for (const double value : values) squares += (value - mean) * (value - mean);
      degrees += count - 1;
    }
    if (degrees > 0) scatter_ = std::sqrt(squares / degrees);
  }

  /// Of the loads of a cell about their mean; empty where no cell has two.
  [[nodiscard]] std::optional<double> scatter() const { return scatter_; }

  /// Of `cell` over `current`; empty where one of the two has fewer than two loads.
  [[nodiscard]] std::optional<LogPosterior> Gain(const Cell& cell, const Cell& current) const {
    const double of_cell = Count(cell);
    const double of_current = Count(current);
    if (of_cell < 2 || of_current < 2) return std::nullopt;
    LogPosterior gain;
    gain.mean = means_.at(cell) - means_.at(current);
    gain.deviation = *scatter_ * std::sqrt(1 / of_cell + 1 / of_current);
    return gain;
  }

 private:
  [[nodiscard]] double Count(const Cell& cell) const {
    const auto found = loads_.find(cell);
    return found == loads_.end() ? 0 : static_cast<double>(found->second.size());
  }

  std::map<Cell, std::vector<double>> loads_;
  std::map<Cell, double> means_;
  std::optional<double> scatter_;
};

class Answerer {
 public:
  Answerer(const std::vector<CellResult>& results, Metric metric, const AnswerOptions& options)
      : results_(results), sign_(Describe(metric).higher_is_better ? 1 : -1) {
    answer_.metric = metric;
    answer_.options = options;
    units_ = JoinedByCells(ComparableUnits(results, metric));
  }

  std::optional<SweepAnswer> Run() {
    model_ = SweepModel::Fit(units_);
    if (!model_) return std::nullopt;
    CountLoads();
    question_.current = answer_.options.current;
    question_.higher_is_better = sign_ > 0;
    question_.eligible = EligibleCells(results_, answer_.options.planned);
    question_.is_whole = AllWereVisited() && AllAreCompared();
    question_.surface = answer_.options.surface;
    const auto decision = Decide(*model_, loads_, question_);
    if (!decision) return std::nullopt;
    Adopt(*decision);
    DescribeCells();
    FindSafeContext();
    answer_.memory = CompareMemory(results_);
    FindMargins();
    DescribeNoise();
    CheckBlocks();
    answer_.recommended_serving = ServingAt(answer_.recommended);
    answer_.current_serving = ServingAt(answer_.current);
    SayWhatIsMissing(*decision);
    return std::move(answer_);
  }

 private:
  [[nodiscard]] bool AllWereVisited() const {
    const Space& planned = answer_.options.planned;
    const std::size_t total =
        std::min(planned.CellCount(), answer_.options.total_cells.value_or(planned.CellCount()));
    return VisitedCells(results_, planned) >= total;
  }

  // Cells of an origin that shares none with the others are not compared.
  [[nodiscard]] bool AllAreCompared() const {
    return std::all_of(question_.eligible.begin(), question_.eligible.end(),
                       [this](const Cell& cell) { return model_->Find(cell).has_value(); });
  }

  void CountLoads() {
    loads_.assign(model_->cells().size(), 0);
    runs_.assign(model_->cells().size(), 0);
    for (const LoadUnit& unit : units_) {
      const std::size_t place = *model_->Find(unit.cell);
      ++loads_[place];
      runs_[place] += unit.runs;
      answer_.repeats = answer_.repeats || loads_[place] > 1;
    }
  }

  // Any cell that loads is better than that.
  [[nodiscard]] bool CurrentFails() const {
    const auto found = std::find_if(
        results_.begin(), results_.end(),
        [this](const CellResult& result) { return answer_.options.current == result.cell; });
    return found != results_.end() && StatusOf(*found) == CellStatus::kFailed;
  }

  void Adopt(const Decision& decision) {
    answer_.verdict = decision.verdict;
    answer_.is_whole = question_.is_whole;
    answer_.for_context = decision.for_context;
    answer_.is_fastest = decision.is_fastest;
    const bool is_covered = question_.is_whole || question_.surface;
    answer_.is_within = is_covered && decision.better_than_leader < kUnlikely &&
                        loads_[decision.leader] >= kFewestLoads;
    answer_.leader = decision.leader;
    answer_.recommended = decision.recommended;
    answer_.current = decision.current;
    answer_.contenders = decision.contenders;
    answer_.are_tied = decision.are_tied;
    if (CurrentFails() && answer_.is_within && answer_.verdict != Verdict::kNoAnswer) {
      answer_.verdict = Verdict::kChange;
    }
    if (!decision.current || !decision.recommended) return;
    LogPosterior gain = model_->Contrasts(*decision.current)[*decision.recommended];
    answer_.gain = sign_ > 0 ? gain : Reversed(gain);
  }

  void DescribeCells() {
    const std::vector<LogPosterior> values = model_->Values();
    const std::vector<LogPosterior> contrasts = model_->Contrasts(answer_.leader);
    for (std::size_t i = 0; i < model_->cells().size(); ++i) {
      const Cell& cell = model_->cells()[i];
      const bool is_eligible =
          std::binary_search(question_.eligible.begin(), question_.eligible.end(), cell);
      const double level = values[i].mean - model_->Means()[i];
      answer_.cells.push_back({cell, values[i], contrasts[i], loads_[i], runs_[i], is_eligible,
                               level + model_->AdditiveMeans()[i]});
    }
  }

  // A cell that fits now and then is not safe.
  [[nodiscard]] bool EverFailedToFit(const Cell& cell) const {
    const auto found = std::find_if(results_.begin(), results_.end(),
                                    [&](const CellResult& result) { return result.cell == cell; });
    if (found == results_.end()) return false;
    return std::any_of(found->visits.begin(), found->visits.end(), [](const VisitRecord& visit) {
      return visit.failure && TellsOfNeighbours(visit.failure->kind);
    });
  }

  void FindSafeContext() {
    const GpuShares shares(results_);
    const double most = -std::log1p(-answer_.options.max_loss);
    for (std::size_t i = 0; i < answer_.cells.size(); ++i) {
      const CellStanding& standing = answer_.cells[i];
      if (!standing.is_eligible || !standing.cell.Sets(Parameter::kNumCtx)) continue;
      if (!shares.StaysOnGpu(standing.cell) || EverFailedToFit(standing.cell)) continue;
      const double loss = sign_ > 0 ? -standing.against_leader.low : standing.against_leader.high;
      if (i != answer_.leader && loss > most) continue;
      if (answer_.largest_safe_context) {
        const CellStanding& so_far = answer_.cells[answer_.largest_safe_context->place];
        const int context = standing.cell[Parameter::kNumCtx];
        const int largest = so_far.cell[Parameter::kNumCtx];
        const bool is_better =
            context > largest ||
            (context == largest && sign_ * standing.value.mean > sign_ * so_far.value.mean);
        if (!is_better) continue;
      }
      answer_.largest_safe_context = SafeContext{i, shares.Of(standing.cell)};
    }
  }

  // A value that lacks some of its cells is compared with the best by the others: by the
  // combinations of the other parameters that both have.
  std::vector<AxisMean> MeansAlong(Parameter axis) const {
    using Group = std::map<Cell, std::size_t>;  // cells by the other parameters
    std::map<int, Group> groups;
    for (std::size_t i = 0; i < answer_.cells.size(); ++i) {
      const CellStanding& standing = answer_.cells[i];
      if (!standing.is_eligible) continue;
      groups[standing.cell[axis]][standing.cell.With(axis, kAutoValue)] = i;
    }
    const auto difference = [this](const Group& group, const Group& from) {
      std::vector<std::size_t> cells;
      std::vector<std::size_t> others;
      for (const auto& [value, cell] : group) {
        const auto found = from.find(value);
        if (found == from.end()) continue;
        cells.push_back(cell);
        others.push_back(found->second);
      }
      return cells.empty() ? std::nullopt : std::optional(model_->Difference(cells, others));
    };
    const Group* best = nullptr;
    for (const auto& [value, group] : groups) {
      const auto ahead = best == nullptr ? std::nullopt : difference(group, *best);
      if (best == nullptr || (ahead && sign_ * ahead->mean > 0)) best = &group;
    }
    std::vector<AxisMean> means;
    for (const auto& [value, group] : groups) {
      const auto from_best = &group == best ? LogPosterior() : difference(group, *best);
      if (from_best) means.push_back({value, *from_best});
    }
    return means;
  }

  void FindMargins() {
    for (const ParameterInfo& info : AllParameters()) {
      const bool is_set = std::any_of(
          answer_.cells.begin(), answer_.cells.end(),
          [&info](const CellStanding& standing) { return standing.cell.Sets(info.parameter); });
      if (is_set) answer_.margins.push_back({info.parameter, MeansAlong(info.parameter)});
    }
  }

  void DescribeNoise() {
    answer_.load_deviation = model_->load_deviation();
    answer_.run_deviation = model_->run_deviation();
    answer_.drift = std::expm1(model_->drift_range());
    answer_.outliers = FindOutliers(results_, answer_.metric);
    answer_.detectable = std::expm1(kDeviationsToFind * TypicalDeviation());
    answer_.not_replaced = FindDisturbances(results_).not_replaced;
    const bool is_poor = !answer_.repeats || answer_.not_replaced > 0;
    if (is_poor || answer_.detectable > kFairTrust) return;
    answer_.trust = answer_.detectable <= kGoodTrust ? Trust::kGood : Trust::kFair;
  }

  // Of the contrast that matters: with the current setting, else with the other contenders.
  [[nodiscard]] double TypicalDeviation() const {
    if (answer_.gain && answer_.gain->deviation > 0) return answer_.gain->deviation;
    std::vector<double> deviations;
    for (const CellStanding& standing : answer_.cells) {
      if (standing.against_leader.deviation > 0) {
        deviations.push_back(standing.against_leader.deviation);
      }
    }
    return Median(std::move(deviations)).value_or(answer_.load_deviation);
  }

  // The loads after the pass alone, which were made back to back in random order, must say the
  // same. Where they do not, neither is believed.
  void CheckBlocks() {
    const Blocks blocks_alone(units_);
    // Where the speed changes by a factor in the midst of the blocks, no model is to be trusted.
    const bool is_broken = model_->drift_range() > kHugeDrift &&
                           blocks_alone.scatter().value_or(kHugeScatter) >= kHugeScatter;
    if (is_broken) Withdraw(Verdict::kUndecided, "the machine's speed changed by a factor");
    if (!answer_.gain || answer_.recommended == answer_.current) return;
    const auto alone = blocks_alone.Gain(answer_.cells[*answer_.recommended].cell,
                                         answer_.cells[*answer_.current].cell);
    if (!alone) return;
    LogPosterior& gain = *answer_.gain;
    const double blocks = sign_ * alone->mean;
    if (std::fabs(blocks - gain.mean) <= 2 * std::hypot(alone->deviation, gain.deviation)) return;
    const double reach = kSureDeviations * alone->deviation;
    const bool are_both_sure = std::fabs(blocks) > reach && gain.low * gain.high > 0;
    gain.low = std::min(gain.low, blocks - reach);
    gain.high = std::max(gain.high, blocks + reach);
    const bool has_moved = model_->drift_range() > kMuchDrift * answer_.load_deviation;
    const bool changes_sign = (blocks > 0) != (gain.mean > 0);
    const bool is_hopeless = changes_sign && (has_moved || are_both_sure);
    Withdraw(is_hopeless ? Verdict::kNoAnswer : Verdict::kUndecided,
             "the pass and the repeated loads contradict each other");
  }

  // Nothing is claimed any more.
  void Withdraw(Verdict verdict, std::string reason) {
    answer_.verdict = verdict;
    answer_.reason = std::move(reason);
    answer_.for_context = false;
    answer_.is_fastest = false;
    answer_.is_within = false;
    answer_.trust = Trust::kPoor;
    if (verdict != Verdict::kNoAnswer) return;
    answer_.recommended.reset();
    answer_.largest_safe_context.reset();
    answer_.gain.reset();
  }

  [[nodiscard]] std::optional<CellServing> ServingAt(std::optional<std::size_t> place) const {
    if (!place) return std::nullopt;
    const Cell& cell = answer_.cells[*place].cell;
    const auto found =
        std::find_if(results_.begin(), results_.end(),
                     [&cell](const CellResult& result) { return result.cell == cell; });
    return ServingOf(*found);
  }

  void SayWhatIsMissing(const Decision& decision) {
    if (answer_.verdict != Verdict::kUndecided) return;
    if (answer_.reason.empty()) answer_.reason = OpenQuestion(decision);
    // No load would decide it: the race has ended where no cell can be better by more than the
    // threshold, and compares nothing else without a current setting.
    if (answer_.cells.size() < 2 && question_.is_whole) return;
    if (!decision.current && answer_.is_within) return;
    answer_.more_loads = MoreLoads();
    if (answer_.options.load_s) answer_.more_s = *answer_.options.load_s * answer_.more_loads;
  }

  [[nodiscard]] std::string WhyNotCompared() const {
    const bool any_unverified =
        AnyVerified(results_) && std::any_of(results_.begin(), results_.end(), IsUnverified);
    return any_unverified
               ? "cells whose samples do not say with what they were made are not compared "
                 "(--remeasure-unverified)"
               : "cells of other starts that share no cell with the rest are not compared (`run` "
                 "with a "
                 "larger --extra joins them)";
  }

  [[nodiscard]] std::string OpenQuestion(const Decision& decision) const {
    if (!question_.is_whole && !question_.surface) {
      return AllWereVisited() ? WhyNotCompared() : "not every cell of the grid was measured";
    }
    if (!question_.is_whole && decision.better_than_leader >= kUnlikely) {
      return "a cell that was not measured may be better by more than 1 %";
    }
    if (answer_.cells.size() < 2) return "there is one cell, and none to compare it with";
    if (loads_[decision.leader] < kFewestLoads) {
      return "the best cell was not loaded often enough";
    }
    if (!decision.current && answer_.is_within) {
      return "no cell is more than 1 % faster than the best so far, but no current setting is "
             "known "
             "to compare it with";
    }
    if (!decision.current) return "the contenders are not shown to be within 1 %";
    return "the gain over the current setting is not shown to be above or below 1 %";
  }

  // By how the squared deviation of the open contrast falls with the number of loads.
  [[nodiscard]] int MoreLoads() const {
    int loads = kLoadsOfBlock;
    if (answer_.gain && answer_.recommended != answer_.current) {
      const double distance =
          std::max(std::fabs(answer_.gain->mean - std::log1p(kThreshold)), 0.2 * kThreshold);
      const double ratio = kSureDeviations * answer_.gain->deviation / distance;
      const int made = std::min(loads_[*answer_.recommended], loads_[*answer_.current]);
      const double more = made * (ratio * ratio - 1);
      loads = std::max(
          loads, static_cast<int>(std::ceil(std::min(more, 1.0 * kMostMoreLoads) * kLoadsOfBlock)));
    }
    return std::min(loads, kMostMoreLoads);
  }

  const std::vector<CellResult>& results_;
  double sign_;
  std::vector<LoadUnit> units_;
  std::optional<SweepModel> model_;
  std::vector<int> loads_;
  std::vector<int> runs_;
  Question question_;
  SweepAnswer answer_;
};

}  // namespace

std::string_view KeyOf(Trust trust) {
  switch (trust) {
    case Trust::kGood:
      return "good";
    case Trust::kFair:
      return "fair";
    case Trust::kPoor:
      break;
  }
  return "poor";
}

const CellStanding* SweepAnswer::Find(const Cell& cell) const {
  const auto found = std::lower_bound(
      cells.begin(), cells.end(), cell,
      [](const CellStanding& standing, const Cell& wanted) { return standing.cell < wanted; });
  return found == cells.end() || found->cell != cell ? nullptr : &*found;
}

const std::vector<AxisMean>& SweepAnswer::MeansAlong(Parameter parameter) const {
  static const std::vector<AxisMean> kNone;
  const auto found =
      std::find_if(margins.begin(), margins.end(),
                   [parameter](const Margin& margin) { return margin.parameter == parameter; });
  return found == margins.end() ? kNone : found->means;
}

std::optional<Cell> OffGrid(const std::optional<Cell>& current, const Space& planned) {
  if (!current) return std::nullopt;
  Space settings = planned;
  std::erase_if(settings.axes,
                [](const Axis& axis) { return Describe(axis.parameter).scope == Scope::kRequest; });
  const bool is_off = settings.CellCount() > 0 && !settings.Contains(SettingOf(*current));
  return is_off ? current : std::nullopt;
}

std::optional<SweepAnswer> AnswerSweep(const std::vector<CellResult>& results, Metric metric,
                                       const AnswerOptions& options) {
  return Answerer(results, metric, options).Run();
}

}  // namespace ollama_bench
