#include "ollama_bench/search/block_race.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "ollama_bench/analysis/load_units.h"
#include "ollama_bench/analysis/sweep_model.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/plan/repetitions.h"

namespace ollama_bench {
namespace {

constexpr std::size_t kVisitsPerControl = 12;
constexpr std::size_t kFirstCandidates = 12;
constexpr std::size_t kSecondCandidates = 6;
constexpr std::size_t kLastCandidates = 3;
constexpr std::size_t kHighestReadings = 3;
constexpr std::size_t kRejectedReadings = 2;
constexpr std::size_t kLeadingColumns = 6;
constexpr double kNearBest = 0.02;
constexpr double kFarBelow = 0.6;
constexpr double kSettled = 0.05;

std::vector<LoadUnit> UnitsOf(const CellResult& result) {
  return LoadUnitsOf(result, Metric::kPromptEvalRate);
}

std::size_t ExtraLoads(const CellResult& result) {
  std::size_t loads = 0;
  for (const LoadUnit& unit : UnitsOf(result)) loads += unit.role == SampleRole::kConfirm ? 1 : 0;
  return loads;
}

bool IsSettled(double probability) {
  return probability < kSettled || probability > 1 - kSettled;
}

}  // namespace

std::size_t UsualExtra(std::size_t cells) {
  return std::max<std::size_t>(27, std::min<std::size_t>(cells / 2, 60));
}

BlockRace::BlockRace(std::vector<Cell> pending, const std::vector<CellResult>& known,
                     RaceOptions options)
    : pass_(std::move(pending)), options_(options), engine_(options.seed) {
  grid_.insert(pass_.begin(), pass_.end());
  for (const CellResult& result : known) {
    known_[result.cell] = result;
    spent_ += ExtraLoads(result);
    if (options_.current != result.cell) grid_.insert(result.cell);
  }
  if (spent_ > 0) stage_ = spent_ < kFirstCandidates + kSecondCandidates ? 1 : 2;
  is_current_new_ = options_.current && !known_.contains(*options_.current) && !pass_.empty();
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
  units_before_ = 0;
  if (visit) {
    const auto found = known_.find(visit->cell);
    if (found != known_.end()) units_before_ = UnitsOf(found->second).size();
  }
  return visit;
}

std::optional<Visit> BlockRace::NextOfPass() {
  if (!pass_has_begun_ && next_ < pass_.size()) {
    pass_has_begun_ = true;
    if (is_current_new_) return Visit{*options_.current, SampleRole::kMeasure, std::nullopt};
    if (options_.current && HasRate(*options_.current)) {
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
  return Visit{pass_[next_++], SampleRole::kMeasure, std::nullopt};
}

bool BlockRace::ControlIsDue() const {
  if (!options_.current || !pass_has_begun_ || pass_has_ended_) return false;
  const bool is_due = next_ >= pass_.size() || since_control_ >= kVisitsPerControl;
  return is_due && HasRate(*options_.current);
}

bool BlockRace::HasRate(const Cell& cell) const {
  const auto found = known_.find(cell);
  return found != known_.end() && !UnitsOf(found->second).empty();
}

std::optional<double> BlockRace::FirstReading(const Cell& cell) const {
  const auto found = known_.find(cell);
  if (found == known_.end()) return std::nullopt;
  for (const LoadUnit& unit : UnitsOf(found->second)) {
    if (unit.role == SampleRole::kMeasure) return unit.log_value;
  }
  return std::nullopt;
}

// Below each of the next cells along both axes that have a reading.
bool BlockRace::IsFarBelowNeighbours(const Cell& cell) const {
  const auto reading = FirstReading(cell);
  if (!reading) return false;
  std::optional<double> lowest;
  const auto consider = [&](const Cell& other) {
    const auto value = FirstReading(other);
    if (value) lowest = std::min(lowest.value_or(*value), *value);
  };
  std::set<int> contexts;
  std::set<int> batches;
  for (const Cell& other : grid_) {
    contexts.insert(other.num_ctx);
    batches.insert(other.num_batch);
  }
  const auto next_to = [](const std::set<int>& values, int value, const auto& act) {
    const auto place = values.find(value);
    if (place == values.end()) return;
    if (place != values.begin()) act(*std::prev(place));
    if (std::next(place) != values.end()) act(*std::next(place));
  };
  next_to(contexts, cell.num_ctx, [&](int ctx) { consider({ctx, cell.num_batch}); });
  next_to(batches, cell.num_batch, [&](int batch) { consider({cell.num_ctx, batch}); });
  return lowest && *reading < *lowest + std::log(kFarBelow);
}

void BlockRace::Report(const CellResult& result) {
  known_[result.cell] = result;
  if (!present_) return;
  const Visit visit = *present_;
  present_.reset();
  const bool brought_a_load = UnitsOf(result).size() > units_before_;
  if (visit.role == SampleRole::kConfirm) {
    ++spent_;
    const bool is_doubt = doubted_.contains(visit.cell) && block_.empty() && stage_ == 0;
    if (is_doubt) {
      // Twice as slow as everything beside it: is it the cell, or the machine from now on?
      if (options_.current && HasRate(*options_.current)) {
        at_once_.push_back(Again(*options_.current, SampleRole::kControl));
      }
    } else if (!brought_a_load && repeated_.insert(visit.cell).second) {
      block_.push_back(visit.cell);
    }
    return;
  }
  const bool is_first = visit.role == SampleRole::kMeasure && brought_a_load;
  if (is_first && options_.extra > 0 && IsFarBelowNeighbours(visit.cell) &&
      doubted_.insert(visit.cell).second) {
    at_once_.push_back(Again(visit.cell, SampleRole::kConfirm));
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
  std::vector<LoadUnit> units;
  for (const auto& [cell, result] : known_) {
    for (LoadUnit& unit : UnitsOf(result)) units.push_back(std::move(unit));
  }
  const auto model = SweepModel::Fit(units);
  is_over_ = true;
  if (!model || spent_ >= options_.extra) return;
  std::vector<int> loads(model->cells().size(), 0);
  for (const LoadUnit& unit : units) ++loads[*model->Find(unit.cell)];
  Question question;
  question.current = options_.current;
  for (const Cell& cell : grid_) question.eligible.push_back(cell);
  if (options_.current && grid_.count(*options_.current) == 0 && false) return;
  const auto decision = Decide(*model, loads, question);
  if (!decision) return;
  const bool gain_is_settled =
      !decision->current || decision->gain >= 0.975 || decision->better_than_current < kSettled;
  const bool context_is_settled =
      !decision->context ||
      (IsSettled(decision->context_loss) &&
       (decision->context_loss > kSettled || loads[*decision->context] >= kFewestLoads));
  const bool is_decided = loads[decision->leader] >= kFewestLoads &&
                          decision->better_than_leader < kSettled && gain_is_settled &&
                          context_is_settled;
  if (stage_ >= 2 && is_decided) return;

  std::vector<Cell> cells;
  if (stage_ == 0) {
    cells = FirstCandidates(*model, *decision);
  } else {
    std::vector<std::size_t> order(model->cells().size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return decision->best[a] > decision->best[b];
    });
    const std::size_t most = stage_ == 1 ? kSecondCandidates : kLastCandidates;
    for (const std::size_t place : order) {
      if (cells.size() >= most || decision->best[place] <= 0) break;
      cells.push_back(model->cells()[place]);
    }
  }
  const auto add = [&cells](const Cell& cell) {
    if (std::find(cells.begin(), cells.end(), cell) == cells.end()) cells.push_back(cell);
  };
  if (decision->current) add(*options_.current);
  if (decision->context) add(model->cells()[*decision->context]);
  if (cells.size() < 2) return;
  for (std::size_t i = cells.size(); i > 1; --i) std::swap(cells[i - 1], cells[engine_() % i]);
  block_.assign(cells.begin(), cells.end());
  ++stage_;
  is_over_ = false;
}

std::vector<Cell> BlockRace::FirstCandidates(const SweepModel& model,
                                             const Decision& decision) const {
  std::vector<Cell> chosen;
  const auto add = [&chosen](const Cell& cell) {
    const bool is_new = std::find(chosen.begin(), chosen.end(), cell) == chosen.end();
    if (is_new && chosen.size() < kFirstCandidates) chosen.push_back(cell);
    return is_new;
  };
  std::vector<std::pair<double, Cell>> readings;
  for (const Cell& cell : grid_) {
    if (const auto reading = FirstReading(cell)) readings.emplace_back(-*reading, cell);
  }
  std::sort(readings.begin(), readings.end());
  for (std::size_t i = 0; i < std::min(kHighestReadings, readings.size()); ++i) {
    add(readings[i].second);
  }
  // Low readings where the main effects expect one of the best.
  const std::vector<double> raw = model.Readings();
  const std::vector<double>& additive = model.AdditiveMeans();
  const double best = model.Means()[decision.leader];
  const double far = 3 * std::sqrt(model.LoadVariance(1));
  std::vector<std::pair<double, Cell>> rejected;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const bool is_candidate = grid_.contains(model.cells()[i]);
    if (is_candidate && additive[i] > best - kNearBest && raw[i] < additive[i] - far) {
      rejected.emplace_back(-additive[i], model.cells()[i]);
    }
  }
  std::sort(rejected.begin(), rejected.end());
  for (std::size_t i = 0; i < std::min(kRejectedReadings, rejected.size()); ++i) {
    add(rejected[i].second);
  }
  // The best cell of each leading column: a block across columns parts column from drift.
  std::map<int, std::size_t> columns;
  for (std::size_t i = 0; i < model.cells().size(); ++i) {
    const Cell& cell = model.cells()[i];
    if (!grid_.contains(cell)) continue;
    const auto [place, is_new] = columns.try_emplace(cell.num_ctx, i);
    if (!is_new && model.Means()[i] > model.Means()[place->second]) place->second = i;
  }
  std::vector<std::size_t> leaders;
  for (const auto& [num_ctx, cell] : columns) leaders.push_back(cell);
  std::stable_sort(leaders.begin(), leaders.end(), [&](std::size_t a, std::size_t b) {
    return model.Means()[a] > model.Means()[b];
  });
  for (std::size_t i = 0; i < std::min(kLeadingColumns, leaders.size()); ++i) {
    add(model.cells()[leaders[i]]);
  }
  std::vector<std::size_t> order(model.cells().size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return decision.best[a] > decision.best[b];
  });
  for (const std::size_t place : order) {
    if (decision.best[place] > 0) add(model.cells()[place]);
  }
  return chosen;
}

Visit BlockRace::Again(const Cell& cell, SampleRole role) const {
  const auto found = known_.find(cell);
  std::optional<std::chrono::nanoseconds> run;
  if (found != known_.end()) {
    const auto first =
        std::find_if(found->second.samples.begin(), found->second.samples.end(), IsCounted);
    if (first != found->second.samples.end()) run = first->wall;
  }
  return {cell, role,
          WantedRepetitions(options_.repetitions, run.value_or(std::chrono::nanoseconds(0)))};
}

std::size_t BlockRace::Remaining() const {
  const std::size_t pass = pass_.size() - next_;
  const std::size_t controls = options_.current && pass > 0 ? pass / kVisitsPerControl + 1 : 0;
  const std::size_t extra = options_.extra - std::min(spent_, options_.extra);
  if (is_over_ && block_.empty()) return 0;
  return at_once_.size() + pass + controls + extra;
}

}  // namespace ollama_bench
