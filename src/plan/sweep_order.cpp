#include "ollama_bench/plan/sweep_order.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "ollama_bench/core/cell_status.h"
#include "ollama_bench/core/median.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/plan/doubted_cells.h"
#include "ollama_bench/plan/repetitions.h"

namespace ollama_bench {
namespace {

template <class Counts>
std::optional<double> RateOf(const CellResult& result, Counts counts) {
  std::vector<double> rates;
  for (const Sample* sample : CountedOf(result)) {
    if (!counts(*sample)) continue;
    if (const auto rate = Describe(Metric::kPromptEvalRate).value(*sample)) rates.push_back(*rate);
  }
  return Median(std::move(rates));
}

// Of the pass alone: what a confirmation finds must not change who is confirmed.
std::optional<double> PassRate(const CellResult& result) {
  return RateOf(result, [](const Sample& sample) { return sample.role == SampleRole::kMeasure; });
}

// Of the first load after the pass alone, for the same reason.
std::optional<double> SecondRate(const CellResult& result) {
  const auto first =
      std::find_if(result.samples.begin(), result.samples.end(), [](const Sample& sample) {
        return sample.role == SampleRole::kConfirm && IsCounted(sample);
      });
  if (first == result.samples.end()) return std::nullopt;
  return RateOf(result, [&first](const Sample& sample) {
    return sample.role == SampleRole::kConfirm && sample.load_id == first->load_id;
  });
}

// When its first counted sample was taken.
TimeOrder BeganAt(const CellResult& result) {
  const std::vector<const Sample*> counted = CountedOf(result);
  TimeOrder first = TimeKey(*counted.front());
  for (const Sample* sample : counted) first = std::min(first, TimeKey(*sample));
  return first;
}

// Whether more loads of it can still be of use.
bool IsWorthALoad(const CellResult& result) {
  return StatusOf(result) == CellStatus::kMeasured && LatestFailure(result) == nullptr;
}

std::size_t LoadsOf(const CellResult& result, SampleRole role) {
  std::set<std::int64_t> loads;
  for (const Sample& sample : result.samples) {
    if (sample.role == role && IsCounted(sample)) loads.insert(sample.load_id);
  }
  return loads.size();
}

}  // namespace

SweepOrder::SweepOrder(std::vector<Cell> pending, const std::vector<CellResult>& known,
                       SweepOrderOptions options)
    : pass_(std::move(pending)), options_(options) {
  for (const CellResult& result : known) known_[result.cell] = result;
  const bool is_new = options_.baseline && !known_.contains(*options_.baseline);
  if (is_new && !pass_.empty()) {
    std::erase(pass_, *options_.baseline);
    pass_.insert(pass_.begin(), *options_.baseline);
    first_measured_ = options_.baseline;
  }
}

std::optional<Visit> SweepOrder::Next() {
  if (ControlIsDue()) {
    passed_ = 0;
    if (const auto control = FindControl()) return Again(*control, SampleRole::kControl);
  }
  if (next_ < pass_.size()) {
    ++passed_;
    return Visit{pass_[next_++], SampleRole::kMeasure, std::nullopt};
  }
  if (options_.confirm == 0) return std::nullopt;
  if (!doubted_) doubted_ = FindDoubted();
  auto visit = NextSecondLook();
  if (!visit) {
    if (!leaders_) leaders_ = FindLeaders(*doubted_);
    visit = NextConfirm();
  }
  if (visit) ++attempted_[visit->cell];
  return visit;
}

void SweepOrder::Report(const CellResult& result) {
  known_[result.cell] = result;
}

bool SweepOrder::ControlIsDue() const {
  return options_.visits_per_control > 0 && next_ < pass_.size() &&
         passed_ >= static_cast<std::size_t>(options_.visits_per_control);
}

// The one that has been one before; else the baseline; else whatever was measured first.
std::optional<Cell> SweepOrder::FindControl() const {
  std::optional<Cell> control;
  TimeOrder first;
  for (const auto& [cell, result] : known_) {
    if (!PassRate(result) || !IsWorthALoad(result)) continue;
    if (LoadsOf(result, SampleRole::kControl) > 0) return cell;
    TimeOrder began = BeganAt(result);
    if (options_.baseline == cell) began = {};
    if (!control || began < first) {
      control = cell;
      first = began;
    }
  }
  return control;
}

std::vector<Cell> SweepOrder::FindDoubted() const {
  std::map<Cell, double> rates;
  for (const auto& [cell, result] : known_) {
    if (const auto rate = PassRate(result)) rates[cell] = *rate;
  }
  const std::size_t most = std::max(kMostLeaders, rates.size() / kCellsPerSecondLook);
  std::vector<Cell> doubted = DoubtedCells(rates, kLeaderMargin, most);
  // These get loads at other times anyway.
  std::erase_if(doubted, [this](const Cell& cell) {
    return options_.baseline == cell || LoadsOf(known_.at(cell), SampleRole::kControl) > 0;
  });
  return doubted;
}

// Once a start has tried and got nothing, the reading of the pass stands.
bool SweepOrder::LacksSecondLook(const Cell& cell) const {
  const CellResult& result = known_.at(cell);
  return IsWorthALoad(result) && LoadsOf(result, SampleRole::kConfirm) == 0 &&
         !attempted_.contains(cell);
}

std::optional<Visit> SweepOrder::NextSecondLook() const {
  const auto cell = std::find_if(doubted_->begin(), doubted_->end(),
                                 [this](const Cell& c) { return LacksSecondLook(c); });
  if (cell == doubted_->end()) return std::nullopt;
  return Again(*cell, SampleRole::kConfirm);
}

std::vector<Cell> SweepOrder::FindLeaders(const std::vector<Cell>& doubted) const {
  std::vector<std::pair<double, Cell>> rates;
  for (const auto& [cell, result] : known_) {
    auto rate = PassRate(result);
    if (!rate) continue;
    const bool is_doubted = std::find(doubted.begin(), doubted.end(), cell) != doubted.end();
    if (is_doubted) rate = SecondRate(result).value_or(*rate);
    rates.emplace_back(-*rate, cell);
  }
  std::sort(rates.begin(), rates.end());
  std::vector<Cell> leaders;
  for (const auto& [rate, cell] : rates) {
    const bool is_near = -rate >= -rates.front().first * (1.0 - kLeaderMargin);
    if (leaders.size() < kMostLeaders && is_near) leaders.push_back(cell);
  }
  const bool has_baseline = options_.baseline && known_.contains(*options_.baseline) &&
                            PassRate(known_.at(*options_.baseline));
  const auto end = leaders.end();
  if (has_baseline && std::find(leaders.begin(), end, *options_.baseline) == end) {
    leaders.push_back(*options_.baseline);
  }
  // Alone there is nothing to be told apart from.
  if (leaders.size() < 2) leaders.clear();
  return leaders;
}

bool SweepOrder::IsAhead(const Cell& cell) const {
  const auto next = pass_.begin() + static_cast<std::ptrdiff_t>(next_);
  return std::find(next, pass_.end(), cell) != pass_.end();
}

// How many will lead is not known before the pass is over; these at most, the baseline included.
// Asked for after every cell of a grid, so it looks at no more of them than it needs.
std::size_t SweepOrder::MostConfirmed() const {
  const auto may_lead = [this](const Cell& cell) {
    const auto found = known_.find(cell);
    return IsAhead(cell) || (found != known_.end() && PassRate(found->second));
  };
  const bool has_baseline = options_.baseline && may_lead(*options_.baseline);
  const std::size_t most = kMostLeaders + (has_baseline ? 1 : 0);
  std::size_t candidates = pass_.size() - next_;
  for (const auto& [cell, result] : known_) {
    if (candidates >= most) return most;
    if (!IsAhead(cell) && PassRate(result)) ++candidates;
  }
  return candidates < 2 ? 0 : std::min(candidates, most);
}

// The leader with the fewest loads, so that rounds alternate whatever was there before. One that
// keeps failing, or whose runs cannot be counted, is let go after as many visits.
std::optional<Visit> SweepOrder::NextConfirm() const {
  const auto wanted = static_cast<std::size_t>(options_.confirm);
  std::optional<std::pair<std::size_t, Cell>> fewest;
  for (const Cell& cell : *leaders_) {
    const CellResult& result = known_.at(cell);
    const auto tried = attempted_.find(cell);
    if (!IsWorthALoad(result) || (tried != attempted_.end() && tried->second >= wanted)) continue;
    const std::size_t loads = LoadsOf(result, SampleRole::kConfirm);
    if (loads < wanted && (!fewest || loads < fewest->first)) fewest = {loads, cell};
  }
  if (!fewest) return std::nullopt;
  return Again(fewest->second, SampleRole::kConfirm);
}

Visit SweepOrder::Again(const Cell& cell, SampleRole role) const {
  const auto& samples = known_.at(cell).samples;
  const auto first = std::find_if(samples.begin(), samples.end(), IsCounted);
  const auto run = first->wall.value_or(std::chrono::nanoseconds(0));
  return {cell, role, WantedRepetitions(options_.repetitions, run)};
}

std::size_t SweepOrder::Remaining() const {
  const std::size_t pass = pass_.size() - next_;
  if (options_.confirm == 0) return pass;
  const auto loads = static_cast<std::size_t>(options_.confirm);
  if (pass > 0) return pass + MostConfirmed() * loads;
  std::size_t visits = 0;
  std::set<Cell> leaders;
  const std::vector<Cell> doubted = doubted_ ? *doubted_ : FindDoubted();
  for (const Cell& cell : leaders_ ? *leaders_ : FindLeaders(doubted)) {
    leaders.insert(cell);
    const CellResult& result = known_.at(cell);
    if (IsWorthALoad(result))
      visits += loads - std::min(loads, LoadsOf(result, SampleRole::kConfirm));
  }
  for (const Cell& cell : doubted) {
    if (!leaders.contains(cell) && LacksSecondLook(cell)) ++visits;
  }
  return visits;
}

}  // namespace ollama_bench
