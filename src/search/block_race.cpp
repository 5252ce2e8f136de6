#include "ollama_bench/search/block_race.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "candidates.h"
#include "ollama_bench/analysis/best_cell.h"
#include "ollama_bench/analysis/load_units.h"
#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/stratum.h"
#include "ollama_bench/plan/repetitions.h"

namespace ollama_bench {
namespace {

constexpr std::size_t kVisitsPerControl = 12;
constexpr std::size_t kSecondCandidates = 6;
constexpr std::size_t kLastCandidates = 3;
constexpr int kBlocksAtLeast = 2;
constexpr double kFarBelow = 0.6;

std::vector<LoadUnit> UnitsOf(const std::map<Cell, CellResult>& known, const Cell& cell,
                              Metric metric) {
  const auto found = known.find(cell);
  return found == known.end() ? std::vector<LoadUnit>() : LoadUnitsOf(found->second, metric);
}

std::size_t ExtraLoads(const CellResult& result, Metric metric) {
  const std::vector<LoadUnit> units = LoadUnitsOf(result, metric);
  return static_cast<std::size_t>(
      std::count_if(units.begin(), units.end(),
                    [](const LoadUnit& unit) { return unit.role == SampleRole::kConfirm; }));
}

// Natural log of the first load of the pass.
std::optional<double> FirstReading(const CellResult& result, Metric metric) {
  for (const LoadUnit& unit : LoadUnitsOf(result, metric)) {
    if (unit.role == SampleRole::kMeasure) return unit.log_value;
  }
  return std::nullopt;
}

// The answers that a race is for: is the leader within the threshold of the best, is it better than
// the current setting, does the larger context lose anything.
bool IsDecided(const Decision& decision, const std::vector<int>& loads) {
  if (loads[decision.leader] < kFewestLoads || decision.better_than_leader >= kUnlikely) {
    return false;
  }
  if (decision.current && loads[*decision.current] < kFewestLoads) return false;
  const bool gain_is_settled =
      !decision.current || decision.gain >= kSure || decision.better_than_current < kUnlikely;
  if (!gain_is_settled || !decision.context) return gain_is_settled;
  return decision.context_loss > 1 - kUnlikely ||
         (decision.context_loss < kUnlikely && loads[*decision.context] >= kFewestLoads);
}

void AddNew(std::vector<Cell>& cells, const Cell& cell) {
  if (std::find(cells.begin(), cells.end(), cell) == cells.end()) cells.push_back(cell);
}

// Of each start that shares no cell with the rest the best one: a load of it joins the start to the
// answer. No more than one block holds.
std::vector<Cell> BestOfUnjoined(const std::vector<LoadUnit>& units, const SweepModel& model,
                                 const std::vector<Cell>& eligible) {
  std::set<std::string> joined;
  for (const LoadUnit& unit : JoinedByCells(units)) joined.insert(unit.origin);
  std::map<std::string, Cell> best;
  for (const LoadUnit& unit : units) {
    if (joined.contains(unit.origin)) continue;
    if (!std::binary_search(eligible.begin(), eligible.end(), unit.cell)) continue;
    const auto [found, is_new] = best.try_emplace(unit.origin, unit.cell);
    const auto mean = [&model](const Cell& cell) { return model.Means()[*model.Find(cell)]; };
    if (!is_new && mean(unit.cell) > mean(found->second)) found->second = unit.cell;
  }
  std::vector<Cell> cells;
  for (const auto& [origin, cell] : best) {
    if (cells.size() < kFirstCandidates) cells.push_back(cell);
  }
  return cells;
}

// One start of the server for each of its settings, in the order of their first cells.
void GroupByServer(std::vector<Cell>& cells) {
  std::map<Cell, std::size_t> order;
  for (const Cell& cell : cells) order.try_emplace(ServerOf(cell), order.size());
  std::stable_sort(cells.begin(), cells.end(), [&order](const Cell& a, const Cell& b) {
    return order.at(ServerOf(a)) < order.at(ServerOf(b));
  });
}

}  // namespace

std::size_t UsualExtra(std::size_t cells) {
  return std::max<std::size_t>(27, std::min<std::size_t>(cells / 2, 60));
}

BlockRace::BlockRace(std::vector<Cell> pending, const std::vector<CellResult>& known,
                     RaceOptions options)
    : pass_(std::move(pending)), options_(std::move(options)), random_(options_.seed) {
  std::vector<std::size_t> extra;
  for (const CellResult& result : known) {
    known_[result.cell] = result;
    extra.push_back(ExtraLoads(result, options_.metric));
    spent_ += extra.back();
  }
  // A block loads two cells or more, once each. Before the pass has ended, an extra load only
  // repeated a reading that was doubted.
  std::sort(extra.rbegin(), extra.rend());
  if (extra.size() > 1 && pass_.empty()) blocks_ = static_cast<int>(extra[1]);
  pass_length_ = pass_.size();
  is_current_new_ = options_.current && SaysNothing(*options_.current) && !pass_.empty();
  // Measured first of all, it needs no place of its own in the pass.
  if (is_current_new_) std::erase(pass_, *options_.current);
}

std::optional<Visit> BlockRace::Next() {
  std::optional<Visit> visit;
  if (!at_once_.empty()) {
    visit = at_once_.front();
    at_once_.pop_front();
  } else {
    visit = NextOfPass();
    if (!visit) visit = NextOfBlock();
  }
  present_ = visit;
  loads_before_ = visit ? UnitsOf(known_, visit->cell, options_.metric).size() : 0;
  return visit;
}

std::optional<Visit> BlockRace::NextOfPass() {
  if (!pass_has_begun_ && pass_length_ > 0) {
    pass_has_begun_ = true;
    if (is_current_new_) return Visit{*options_.current, SampleRole::kMeasure, std::nullopt, false};
    if (options_.current && !UnitsOf(known_, *options_.current, options_.metric).empty()) {
      return Again(*options_.current, SampleRole::kControl);
    }
  }
  if (ControlIsDue()) {
    since_control_ = 0;
    pass_has_ended_ = next_ >= pass_.size();
    return Again(*options_.current, SampleRole::kControl);
  }
  if (next_ >= pass_.size()) return std::nullopt;
  ++since_control_;
  return Visit{pass_[next_++], SampleRole::kMeasure, std::nullopt, false};
}

// Whether the store holds neither a sample of the cell nor that it failed.
bool BlockRace::SaysNothing(const Cell& cell) const {
  const auto found = known_.find(cell);
  return found == known_.end() || StatusOf(found->second) == CellStatus::kUntested;
}

bool BlockRace::ControlIsDue() const {
  if (!options_.current || !pass_has_begun_ || pass_has_ended_) return false;
  const bool is_due = next_ >= pass_.size() || since_control_ >= kVisitsPerControl;
  return is_due && !UnitsOf(known_, *options_.current, options_.metric).empty();
}

// Below each of the cells beside it along both axes.
bool BlockRace::IsFarBelowNeighbours(const Cell& cell) const {
  CellNeighbours neighbours;
  std::map<Cell, double> readings;
  for (const auto& [other, result] : known_) {
    if (!options_.planned.Contains(other)) continue;
    neighbours.Add(other);
    if (const auto reading = FirstReading(result, options_.metric)) readings[other] = *reading;
  }
  std::optional<double> lowest;
  for (const Cell& other : neighbours.Of(cell)) {
    const auto found = readings.find(other);
    if (found != readings.end()) lowest = std::min(lowest.value_or(found->second), found->second);
  }
  const auto own = readings.find(cell);
  return own != readings.end() && lowest && own->second < *lowest + std::log(kFarBelow);
}

void BlockRace::Report(const CellResult& result) {
  known_[result.cell] = result;
  if (!present_) return;
  const Visit visit = *std::exchange(present_, std::nullopt);
  const bool brought_a_load = LoadUnitsOf(result, options_.metric).size() > loads_before_;
  if (visit.role == SampleRole::kConfirm) return AfterExtra(visit.cell, brought_a_load);
  const bool may_doubt =
      visit.role == SampleRole::kMeasure && brought_a_load && spent_ < options_.extra;
  if (may_doubt && IsFarBelowNeighbours(visit.cell) && doubted_.insert(visit.cell).second) {
    at_once_.push_back(Again(visit.cell, SampleRole::kConfirm));
  }
}

void BlockRace::AfterExtra(const Cell& cell, bool brought_a_load) {
  ++spent_;
  if (blocks_ == 0) {
    // Slow twice: if the control cell is slow as well, it is the machine.
    if (options_.current && !UnitsOf(known_, *options_.current, options_.metric).empty()) {
      at_once_.push_back(Again(*options_.current, SampleRole::kControl));
    }
  } else if (!brought_a_load && repeated_.insert(cell).second) {
    block_.push_back(cell);
  }
}

std::optional<Visit> BlockRace::NextOfBlock() {
  if (block_.empty() && !is_over_) PlanBlock();
  if (block_.empty() || spent_ >= options_.extra) return std::nullopt;
  const Cell cell = block_.front();
  block_.pop_front();
  return Again(cell, SampleRole::kConfirm);
}

void BlockRace::PlanBlock() {
  repeated_.clear();
  is_over_ = true;
  if (spent_ >= options_.extra) return;
  std::vector<CellResult> results;
  for (const auto& [cell, result] : known_) results.push_back(result);
  const std::vector<LoadUnit> units = ComparableUnits(results, options_.metric);
  std::map<Cell, double> readings;
  for (const LoadUnit& unit : units) {
    const bool is_of_pass = unit.role == SampleRole::kMeasure;
    if (is_of_pass && options_.planned.Contains(unit.cell)) {
      readings.try_emplace(unit.cell, unit.log_value);
    }
  }
  const auto model = SweepModel::Fit(units);
  if (!model) return;
  std::vector<int> loads(model->cells().size(), 0);
  for (const LoadUnit& unit : units) ++loads[*model->Find(unit.cell)];
  Question question;
  question.current = options_.current;
  question.eligible = EligibleCells(results, options_.planned);
  const auto decision = Decide(*model, loads, question);
  if (!decision) return;
  const std::vector<Cell> apart = BestOfUnjoined(units, *model, question.eligible);
  // An earlier start may have ended the pass without it.
  const bool lacks_current = options_.current && SaysNothing(*options_.current);
  const bool is_joined = apart.empty() && !lacks_current;
  if (blocks_ >= kBlocksAtLeast && is_joined && IsDecided(*decision, loads)) return;

  std::vector<Cell> cells =
      blocks_ == 0 ? FirstCandidates(*model, *decision, question.eligible, readings)
                   : LikeliestCandidates(*model, *decision,
                                         blocks_ == 1 ? kSecondCandidates : kLastCandidates);
  for (const auto& place : {decision->current, decision->context}) {
    if (place) AddNew(cells, model->cells()[*place]);
  }
  for (const Cell& cell : apart) AddNew(cells, cell);
  if (lacks_current) AddNew(cells, *options_.current);
  // One candidate left needs no comparison, but the loads that an answer rests on.
  const bool is_settled = cells.size() < 2 && loads[decision->leader] >= kFewestLoads;
  if (is_settled || model->cells().size() < 2) return;
  Shuffle(std::span(cells), random_);
  GroupByServer(cells);
  block_.assign(cells.begin(), cells.end());
  ++blocks_;
  is_over_ = false;
}

Visit BlockRace::Again(const Cell& cell, SampleRole role) const {
  std::chrono::nanoseconds run{0};
  if (const auto found = known_.find(cell); found != known_.end()) {
    const std::vector<const Sample*> counted = CountedOf(found->second);
    if (!counted.empty()) run = counted.front()->wall.value_or(run);
  }
  // For the settings that the answer will speak of, once.
  const bool is_spoken_of = role == SampleRole::kControl || blocks_ >= kBlocksAtLeast;
  return {cell, role, WantedRepetitions(options_.repetitions, run),
          is_spoken_of && LacksDecodeRate(cell)};
}

bool BlockRace::LacksDecodeRate(const Cell& cell) const {
  const auto found = known_.find(cell);
  return found == known_.end() ||
         std::none_of(found->second.visits.begin(), found->second.visits.end(),
                      [](const VisitRecord& visit) { return visit.decode.has_value(); });
}

bool BlockRace::IsOver() {
  const bool has_pass = next_ < pass_.size() || (is_current_new_ && !pass_has_begun_) ||
                        (!pass_has_begun_ && pass_length_ > 0);
  if (!at_once_.empty() || has_pass || ControlIsDue()) return false;
  if (block_.empty() && !is_over_) PlanBlock();
  return block_.empty() || spent_ >= options_.extra;
}

std::size_t BlockRace::Remaining() const {
  if (is_over_ && block_.empty()) return at_once_.size();
  const std::size_t pass = pass_.size() - next_;
  const bool has_controls = options_.current && !pass_has_ended_ && pass_length_ > 0;
  const std::size_t controls = has_controls ? (since_control_ + pass) / kVisitsPerControl + 1 : 0;
  const std::size_t first = options_.current && !pass_has_begun_ && pass_length_ > 0 ? 1 : 0;
  // A single cell has nothing to be compared with.
  const bool is_alone = known_.size() + pass_.size() - next_ + (is_current_new_ ? 1 : 0) < 2;
  const std::size_t extra = is_alone ? 0 : options_.extra - std::min(spent_, options_.extra);
  return at_once_.size() + first + pass + controls + extra;
}

StratifiedRace::StratifiedRace(const std::vector<Cell>& pending,
                               const std::vector<CellResult>& known, const RaceOptions& options) {
  const std::vector<Cell> strata = StrataOf(options.planned);
  for (const Cell& stratum : strata) {
    std::vector<Cell> cells;
    std::copy_if(pending.begin(), pending.end(), std::back_inserter(cells),
                 [&](const Cell& cell) { return StratumOf(cell) == stratum; });
    std::vector<CellResult> results;
    std::copy_if(known.begin(), known.end(), std::back_inserter(results),
                 [&](const CellResult& result) { return StratumOf(result.cell) == stratum; });
    RaceOptions of_stratum = options;
    of_stratum.extra = (options.extra + strata.size() - 1) / strata.size();
    of_stratum.planned = InStratum(options.planned, stratum);
    if (of_stratum.current) of_stratum.current = WithStratum(*options.current, stratum);
    races_.emplace_back(std::move(cells), results, std::move(of_stratum));
  }
}

std::optional<Visit> StratifiedRace::Next() {
  for (std::size_t tried = 0; tried < races_.size(); ++tried) {
    asked_ = turn_;
    turn_ = (turn_ + 1) % races_.size();
    if (auto visit = races_[asked_].Next()) return visit;
  }
  return std::nullopt;
}

void StratifiedRace::Report(const CellResult& result) {
  races_[asked_].Report(result);
}

std::size_t StratifiedRace::Remaining() const {
  std::size_t remaining = 0;
  for (const BlockRace& race : races_) remaining += race.Remaining();
  return remaining;
}

bool StratifiedRace::IsOver() {
  return std::all_of(races_.begin(), races_.end(), [](BlockRace& race) { return race.IsOver(); });
}

std::size_t StratifiedRace::PassLength() const {
  std::size_t length = 0;
  for (const BlockRace& race : races_) length += race.PassLength();
  return length;
}

bool StratifiedRace::MeasuresCurrentFirst() const {
  return std::any_of(races_.begin(), races_.end(),
                     [](const BlockRace& race) { return race.MeasuresCurrentFirst(); });
}

}  // namespace ollama_bench
