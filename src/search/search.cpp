#include "ollama_bench/search/search.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "gain.h"
#include "island_scan.h"
#include "ollama_bench/search/coverage.h"
#include "ollama_bench/search/start_design.h"
#include "posterior_draws.h"
#include "safe_context.h"
#include "search_model.h"

namespace ollama_bench {
namespace {

constexpr double kSure = 0.985;
// A region this far from every visit, each axis 1 long, may hide an island.
constexpr double kBlindSpot = 0.18;
// Cells less feasible than this are not asked before a certificate.
constexpr double kUnlikely = 0.05;
constexpr std::size_t kSureInARow = 3;
constexpr std::size_t kLeastMeasured = 24;
constexpr std::size_t kStartCells = 12;
constexpr std::size_t kExploreEvery = 6;
// An expected gain below this, relative, is not worth chasing: then the leader is put to the test.
constexpr double kSmallGain = 0.0015;

/// Whether the failure says something of the cell, not of the server or of a moment.
bool BelongsToCell(FailureKind kind) {
  switch (kind) {
    case FailureKind::kOutOfMemory:
    case FailureKind::kGpuResourceAllocation:
    case FailureKind::kRunnerCrash:
    case FailureKind::kTimeout:
    case FailureKind::kCannotLoad:
    case FailureKind::kPromptTooLong:
    case FailureKind::kPromptTruncated:
      return true;
    default:
      return false;
  }
}

struct MeanCost {
  double sum = 0.0;  ///< seconds
  double count = 0.0;
  void Add(double cost) {
    sum += cost;
    count += 1.0;
  }
  [[nodiscard]] double Mean() const { return sum / count; }
};

/// What is left of a probability after so few measurements. It holds under a model that then knows
/// little of what it does not see: of the answers after 1 to 7, 8 to 15 and 16 to 23 measurements
/// that it called 83, 88 and 90 % sure, 22, 69 and 80 % were right (bench/search); later it is
/// right as often as it says.
double Trust(std::size_t measured, std::size_t cells) {
  const auto enough = static_cast<double>(std::min(kLeastMeasured, cells));
  return std::pow(std::min(1.0, static_cast<double>(measured) / enough), 2.0 / 3.0);
}

}  // namespace

class Search::State {
 public:
  State(const Grid& grid, const SearchOptions& options)
      : grid_(grid),
        options_(options),
        model_(grid_),
        islands_(grid_),
        coverage_(grid_),
        sampler_(options.seed),
        facts_{std::vector<bool>(grid_.CellCount(), false),
               std::vector<double>(grid_.CellCount(), 0.0)} {
    if (grid_.CellCount() == 0) return;
    start_ = StartDesign(grid_, kStartCells, options.seed);
    if (options.present) {
      if (const auto cell = grid_.Find(*options.present)) start_.insert(start_.begin(), *cell);
    }
  }

  void Observe(const Measurement& measurement) {
    const auto cell = grid_.Find(measurement.cell);
    if (!cell) return;
    if (measurement.rate && *measurement.rate > 0.0) {
      history_.push_back({*cell, std::log(*measurement.rate), measurement.cpu_share});
    } else if (measurement.failure && BelongsToCell(*measurement.failure)) {
      history_.push_back({*cell, std::nullopt, std::nullopt});
    } else {
      facts_.barred[*cell] = true;
      return;
    }
    if (std::find(visited_.begin(), visited_.end(), *cell) == visited_.end()) {
      visited_.push_back(*cell);
    }
    if (measurement.cost_s) {
      (measurement.rate ? success_cost_ : failure_cost_).Add(*measurement.cost_s);
    }
    if (measurement.cpu_share) facts_.cpu_share[*cell] = *measurement.cpu_share;
  }

  void Exclude(const Cell& cell) {
    if (const auto found = grid_.Find(cell)) facts_.barred[*found] = true;
  }

  const SearchBelief& Belief() {
    if (belief_for_ != history_.size()) {
      belief_ = model_.Believe(history_);
      belief_for_ = history_.size();
    }
    return belief_;
  }

  const Certainty& CertaintyNow() { return CertaintyAfter(history_.size()); }

  const Certainty& CertaintyAfter(std::size_t count) {
    const auto found = certainties_.find(count);
    if (found != certainties_.end()) return found->second;
    Certainty certainty;
    if (count == history_.size()) {
      if (Belief().leader) {
        certainty = sampler_.Draw(model_, Belief(), options_.tolerance);
      }
    } else {
      const SearchBelief then =
          model_.Believe({history_.begin(), history_.begin() + static_cast<std::ptrdiff_t>(count)});
      if (then.leader) {
        certainty = sampler_.Draw(model_, then, options_.tolerance);
      }
    }
    return certainties_[count] = certainty;
  }

  bool Certified() {
    const std::size_t count = history_.size();
    if (count < LeastForCertificate(grid_.CellCount())) return false;
    for (std::size_t back = 0; back < kSureInARow; ++back) {
      if (back > count || CertaintyAfter(count - back).probability < kSure) return false;
    }
    return !Loophole();
  }

  std::optional<std::size_t> NextCell() {
    if (std::find(facts_.barred.begin(), facts_.barred.end(), false) == facts_.barred.end())
      return std::nullopt;
    const SearchBelief& belief = Belief();
    for (const std::size_t cell : start_) {
      if (!facts_.barred[cell] && belief.successes[cell] + belief.failures[cell] == 0 &&
          belief.p_feasible[cell] > 0.2 && history_.size() < start_.size()) {
        return cell;
      }
    }
    if (!belief.leader) return AnyFarthest();
    if (CertaintyNow().probability >= kSure) {
      if (const auto loophole = Loophole()) return loophole;
    }
    if (history_.size() % kExploreEvery == kExploreEvery - 1) return Explore();
    return MostGain();
  }

  std::optional<SearchSafeContext> Safe() {
    return FindSafeContext(grid_, model_.values(), Belief(), facts_, options_.max_loss);
  }

  [[nodiscard]] std::size_t Measured() const { return history_.size(); }
  [[nodiscard]] const SearchGrid& grid() const { return grid_; }
  [[nodiscard]] const SearchOptions& options() const { return options_; }
  [[nodiscard]] bool Empty() const { return grid_.CellCount() == 0; }

 private:
  /// What no certificate may be given without, for no model sees it coming: a cliff right beside
  /// the leader, an island in a region that nobody visited. The cell that would tell.
  std::optional<std::size_t> Loophole() {
    const SearchBelief& belief = Belief();
    const auto unknown = [&](std::size_t cell) {
      return !facts_.barred[cell] && belief.successes[cell] + belief.failures[cell] == 0 &&
             belief.p_feasible[cell] > kUnlikely;
    };
    for (const std::size_t cell : Neighbours(*belief.leader)) {
      if (unknown(cell)) return cell;
    }
    const std::vector<double> chances = Chances();
    const auto farthest = coverage_.Farthest(visited_, chances);
    const bool may_hide = farthest && unknown(*farthest) && chances[*farthest] > 0.5 &&
                          coverage_.Distance(visited_, *farthest) > kBlindSpot;
    return may_hide ? farthest : std::nullopt;
  }

  [[nodiscard]] std::vector<std::size_t> Neighbours(std::size_t cell) const {
    const std::size_t ctx = grid_.CtxIndex(cell);
    const std::size_t batch = grid_.BatchIndex(cell);
    std::vector<std::size_t> result;
    if (batch + 1 < grid_.batch().values.size()) result.push_back(grid_.At(ctx, batch + 1));
    if (batch > 0) result.push_back(grid_.At(ctx, batch - 1));
    if (ctx + 1 < grid_.ctx().values.size()) result.push_back(grid_.At(ctx + 1, batch));
    if (ctx > 0) result.push_back(grid_.At(ctx - 1, batch));
    return result;
  }

  /// By cell: the chance that it loads and is in the fast regime, 0 for those not to be visited.
  std::vector<double> Chances() {
    const SearchBelief& belief = Belief();
    std::vector<double> chances(grid_.CellCount(), 0.0);
    for (std::size_t cell = 0; cell < chances.size(); ++cell) {
      if (!facts_.barred[cell]) chances[cell] = belief.p_feasible[cell] * belief.p_fast[cell];
    }
    return chances;
  }

  /// The farthest cell, of no matter how little a chance.
  std::size_t AnyFarthest() {
    const auto farthest = coverage_.Farthest(visited_, Chances());
    if (farthest) return *farthest;
    const auto open = std::find(facts_.barred.begin(), facts_.barred.end(), false);
    return static_cast<std::size_t>(open - facts_.barred.begin());
  }

  /// Where an island would be worth the most.
  std::optional<std::size_t> LikeliestIsland() {
    std::vector<double> gains = islands_.Gains(model_.values(), Belief());
    for (std::size_t cell = 0; cell < gains.size(); ++cell) {
      if (facts_.barred[cell]) gains[cell] = 0.0;
    }
    const auto most = std::max_element(gains.begin(), gains.end());
    if (*most == 0.0) return std::nullopt;
    return static_cast<std::size_t>(most - gains.begin());
  }

  /// Where no visit tells of: by turns where an island would be worth much, and anywhere.
  std::size_t Explore() {
    if (history_.size() / kExploreEvery % 2 == 1) {
      if (const auto island = LikeliestIsland()) return *island;
    }
    const auto cell = coverage_.MostRevealing(visited_, Chances());
    return cell ? *cell : AnyFarthest();
  }

  /// What a visit is expected to cost, in units of a successful one.
  [[nodiscard]] double RelativeCost(double p_feasible) const {
    if (success_cost_.count == 0.0 || failure_cost_.count == 0.0) return 1.0;
    const double failure =
        std::clamp(failure_cost_.Mean() / std::max(1e-9, success_cost_.Mean()), 0.2, 5.0);
    return p_feasible + (1.0 - p_feasible) * failure;
  }

  std::size_t MostGain() {
    const SearchBelief& belief = Belief();
    const std::size_t leader = *belief.leader;
    std::vector<double> gains = ExpectedGains(model_.values(), belief);
    for (std::size_t cell = 0; cell < gains.size(); ++cell) {
      gains[cell] = facts_.barred[cell] ? 0.0 : gains[cell] / RelativeCost(belief.p_feasible[cell]);
    }
    const auto most = std::max_element(gains.begin(), gains.end());
    auto rival = static_cast<std::size_t>(most - gains.begin());
    if (*most < kSmallGain) {
      const Certainty& certainty = CertaintyNow();
      if (certainty.challenger && !facts_.barred[*certainty.challenger])
        rival = *certainty.challenger;
    }
    if (rival == leader || facts_.barred[rival]) return leader;
    if (belief.successes[rival] == 0) return rival;
    const bool tells_more = Told(model_.values(), belief, rival, rival, leader) >=
                            Told(model_.values(), belief, leader, rival, leader);
    return tells_more ? rival : leader;
  }

  SearchGrid grid_;
  SearchOptions options_;
  SearchModel model_;
  IslandScan islands_;
  Coverage coverage_;
  CertaintySampler sampler_;
  std::vector<std::size_t> start_;
  std::vector<Observation> history_;
  std::vector<std::size_t> visited_;  ///< distinct
  MeanCost success_cost_;
  MeanCost failure_cost_;
  CellFacts facts_;
  SearchBelief belief_;
  std::size_t belief_for_ = static_cast<std::size_t>(-1);
  std::map<std::size_t, Certainty> certainties_;
};

std::size_t LeastForCertificate(std::size_t cells) {
  return std::min(kLeastMeasured, 3 * cells);
}

Search::Search(const Grid& grid, const SearchOptions& options)
    : state_(std::make_unique<State>(grid, options)) {}
Search::Search(Search&&) noexcept = default;
Search& Search::operator=(Search&&) noexcept = default;
Search::~Search() = default;

void Search::Observe(const Measurement& measurement) {
  state_->Observe(measurement);
}

void Search::Exclude(const Cell& cell) {
  state_->Exclude(cell);
}

std::optional<Cell> Search::Propose() const {
  if (state_->Empty()) return std::nullopt;
  const auto cell = state_->NextCell();
  if (!cell) return std::nullopt;
  return state_->grid().CellAt(*cell);
}

std::optional<SearchAnswer> Search::Answer() const {
  if (state_->Empty()) return std::nullopt;
  const SearchBelief& belief = state_->Belief();
  if (!belief.leader) return std::nullopt;
  SearchAnswer answer;
  answer.cell = state_->grid().CellAt(*belief.leader);
  answer.rate = std::exp(belief.mean[*belief.leader]);
  const Certainty& certainty = state_->CertaintyNow();
  answer.probability =
      certainty.probability * Trust(state_->Measured(), state_->grid().CellCount());
  for (const std::size_t cell : certainty.equals) {
    answer.equals.push_back(state_->grid().CellAt(cell));
  }
  answer.certified = state_->Certified();
  answer.safe_context = state_->Safe();
  return answer;
}

std::vector<SearchEstimate> Search::Estimates() const {
  std::vector<SearchEstimate> estimates;
  if (state_->Empty()) return estimates;
  const SearchBelief& belief = state_->Belief();
  if (!belief.leader) return estimates;
  for (std::size_t i = 0; i < state_->grid().CellCount(); ++i) {
    estimates.push_back({state_->grid().CellAt(i), belief.successes[i], belief.mean[i],
                         belief.sd[i], belief.p_feasible[i], belief.p_fast[i]});
  }
  return estimates;
}

}  // namespace ollama_bench
