#include "lead_test.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "normal_draws.h"

namespace ollama_bench {
namespace {

constexpr std::size_t kMostDraws = 2000;
constexpr std::size_t kFewestDraws = 200;
constexpr std::size_t kMostNumbers = 4'000'000;  // drawn in all, where that leaves enough draws
constexpr std::uint64_t kSeed = 20261121;
// How many standard errors a cell has to be behind for not to count as a rival for the first place.
constexpr double kFarBehind = 2;

}  // namespace

LeadTest::LeadTest(const std::vector<CellEstimate>& estimates, const NoiseModel& noise,
                   bool higher_is_better, const Demand& demand)
    : noise_(noise), demand_(demand), slack_(-std::log1p(-demand.threshold)) {
  for (const CellEstimate& estimate : estimates) {
    scores_.push_back(higher_is_better ? estimate.log.value : -estimate.log.value);
  }
  MakeGroups(estimates);
  for (const Group& group : groups_) {
    for (const Group& other : groups_) errors_.push_back(noise.Of(group.shares + other.shares));
  }
}

void LeadTest::MakeGroups(const std::vector<CellEstimate>& estimates) {
  std::map<NoiseShares, std::size_t> known;
  group_of_.resize(estimates.size());
  std::vector<std::size_t> order(estimates.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [this](std::size_t a, std::size_t b) { return scores_[a] > scores_[b]; });
  for (const std::size_t cell : order) {
    const NoiseShares& shares = estimates[cell].log.shares;
    const auto [entry, is_new] = known.emplace(shares, groups_.size());
    if (is_new) groups_.push_back({shares, {}});
    group_of_[cell] = entry->second;
    groups_[entry->second].cells.push_back(cell);
  }
}

double LeadTest::LargestLead(std::size_t cell) const {
  double largest = -std::numeric_limits<double>::infinity();
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    const double lead = scores_[groups_[group].cells.front()] - scores_[cell] - slack_;
    largest = std::max(largest, lead / Error(group, group_of_[cell]).value);
  }
  return largest;
}

std::vector<bool> LeadTest::Survivors() {
  std::vector<bool> result(scores_.size());
  std::vector<bool> undecided(scores_.size());
  std::vector<std::size_t> list;
  const double rivals = std::max(1.0, static_cast<double>(scores_.size()) - 1);
  for (std::size_t cell = 0; cell < scores_.size(); ++cell) {
    // The critical value lies between that of one comparison and Bonferroni's for all.
    StandardError unit = Error(group_of_[cell], group_of_[cell]);
    unit.value = 1;
    const double lead = LargestLead(cell);
    result[cell] = lead <= unit.Bound(demand_.level);
    undecided[cell] = !result[cell] && lead <= unit.Bound(1 - (1 - demand_.level) / rivals);
    if (undecided[cell]) list.push_back(cell);
  }
  if (list.empty()) return result;
  DrawLuck(list);
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    DecideGroup(group, undecided, result);
  }
  return result;
}

void LeadTest::DrawLuck(const std::vector<std::size_t>& undecided) {
  double lowest = std::numeric_limits<double>::infinity();
  for (const std::size_t cell : undecided) lowest = std::min(lowest, scores_[cell]);
  double widest = 0;
  for (const StandardError& error : errors_) widest = std::max(widest, error.value);
  const double far_below = lowest - kFarBehind * widest;
  const auto rivals = static_cast<std::size_t>(std::count_if(
      scores_.begin(), scores_.end(), [far_below](double score) { return score >= far_below; }));
  draws_ = std::clamp(kMostNumbers / rivals, kFewestDraws, kMostDraws);
  NormalDraws draws(kSeed);
  luck_.resize(scores_.size());
  for (std::size_t cell = 0; cell < scores_.size(); ++cell) {
    if (scores_[cell] < far_below) continue;
    luck_[cell].reserve(draws_);
    for (std::size_t i = 0; i < draws_; ++i) {
      luck_[cell].push_back(static_cast<float>(draws.Next()));
    }
  }
  const std::vector<Variances> variances = noise_.Draws(draws_);
  deviations_.resize(groups_.size());
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    const NoiseShares& shares = groups_[group].shares;
    for (const Variances& v : variances) {
      deviations_[group].push_back(std::sqrt(shares.load * v.load + shares.run * v.run));
    }
  }
}

// The cells of one group in descending order, so that a rival of one is a rival of all after it.
void LeadTest::DecideGroup(std::size_t own, const std::vector<bool>& undecided,
                           std::vector<bool>& result) {
  std::vector<std::vector<float>> highest(groups_.size());  // luck of each group's luckiest rival
  std::vector<std::size_t> next(groups_.size());
  for (const std::size_t cell : groups_[own].cells) {
    if (!undecided[cell]) continue;
    for (std::size_t group = 0; group < groups_.size(); ++group) {
      const std::vector<std::size_t>& rivals = groups_[group].cells;
      const double least = scores_[cell] + slack_ - kFarBehind * Error(group, own).value;
      for (; next[group] < rivals.size() && scores_[rivals[next[group]]] > least; ++next[group]) {
        const std::vector<float>& luck = luck_[rivals[next[group]]];
        if (highest[group].empty()) {
          highest[group] = luck;
          continue;
        }
        for (std::size_t i = 0; i < draws_; ++i) {
          highest[group][i] = std::max(highest[group][i], luck[i]);
        }
      }
    }
    result[cell] = LargestLead(cell) <= CriticalLead(cell, highest);
  }
}

double LeadTest::CriticalLead(std::size_t cell,
                              const std::vector<std::vector<float>>& highest) const {
  const std::size_t own = group_of_[cell];
  std::vector<double> leads(draws_, -std::numeric_limits<double>::infinity());
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    if (highest[group].empty()) continue;
    const double error = Error(group, own).value;
    for (std::size_t i = 0; i < draws_; ++i) {
      const double lead = static_cast<double>(highest[group][i]) * deviations_[group][i] -
                          static_cast<double>(luck_[cell][i]) * deviations_[own][i];
      leads[i] = std::max(leads[i], lead / error);
    }
  }
  const auto place = static_cast<std::ptrdiff_t>(demand_.level * static_cast<double>(draws_));
  std::nth_element(leads.begin(), leads.begin() + place, leads.end());
  return leads[static_cast<std::size_t>(place)];
}

}  // namespace ollama_bench
