#include "ollama_bench/search/search.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <utility>

#include "ollama_bench/search/start_design.h"
#include "posterior_draws.h"
#include "search_model.h"

namespace ollama_bench {
namespace {

constexpr double kSure = 0.985;
constexpr double kSafe = 0.95;
// A region this far from every visit, each axis 1 long, may hide an island.
constexpr double kBlindSpot = 0.18;
// Cells less feasible than this are not asked before a certificate.
constexpr double kUnlikely = 0.05;
constexpr std::size_t kSureInARow = 3;
constexpr std::size_t kLeastMeasured = 24;
constexpr std::size_t kStartCells = 12;
constexpr std::size_t kExploreEvery = 6;
// How far below the leader, in log rate, a cell is a third as interesting to explore.
constexpr double kNear = 0.1;
// An expected gain below this, relative, is not worth chasing: then the leader is put to the test.
constexpr double kSmallGain = 0.0007;

double NormalDensity(double z) {
  return std::exp(-0.5 * z * z) / std::sqrt(2.0 * std::numbers::pi);
}
double NormalBelow(double z) {
  return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}
/// The mean of max(0, X), X normal.
double ExpectedGain(double mean, double sd) {
  if (sd < 1e-9) return std::max(0.0, mean);
  const double z = mean / sd;
  return z < -8.0 ? 0.0 : sd * NormalDensity(z) + mean * NormalBelow(z);
}

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

}  // namespace

class Search::State {
 public:
  State(const Grid& grid, const SearchOptions& options)
      : grid_(grid), options_(options), model_(grid_), sampler_(options.seed) {
    barred_.assign(grid_.CellCount(), false);
    cpu_share_.assign(grid_.CellCount(), 0.0);
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
      history_.push_back({*cell, std::log(*measurement.rate)});
    } else if (measurement.failure && BelongsToCell(*measurement.failure)) {
      history_.push_back({*cell, std::nullopt});
    } else {
      barred_[*cell] = true;
      return;
    }
    if (measurement.cost_s) {
      (measurement.rate ? success_cost_ : failure_cost_).Add(*measurement.cost_s);
    }
    if (measurement.cpu_share) cpu_share_[*cell] = *measurement.cpu_share;
  }

  void Exclude(const Cell& cell) {
    if (const auto found = grid_.Find(cell)) barred_[*found] = true;
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
    if (count < std::min(kLeastMeasured, 3 * grid_.CellCount())) return false;
    for (std::size_t back = 0; back < kSureInARow; ++back) {
      if (back > count || CertaintyAfter(count - back).probability < kSure) return false;
    }
    return !Loophole();
  }

  std::optional<std::size_t> NextCell() {
    if (std::find(barred_.begin(), barred_.end(), false) == barred_.end()) return std::nullopt;
    const SearchBelief& belief = Belief();
    for (const std::size_t cell : start_) {
      if (!barred_[cell] && belief.successes[cell] + belief.failures[cell] == 0 &&
          belief.p_feasible[cell] > 0.2 && history_.size() < start_.size()) {
        return cell;
      }
    }
    if (!belief.leader) return Farthest();
    if (CertaintyNow().probability >= kSure) {
      if (const auto loophole = Loophole()) return loophole;
    }
    if (history_.size() % kExploreEvery == kExploreEvery - 1) {
      return Farthest(history_.size() / kExploreEvery % 2 == 1);
    }
    return MostGain();
  }

  /// Of two cells that will do, the measured one, and of those the faster.
  [[nodiscard]] std::pair<bool, double> Rank(std::size_t cell) {
    return {Belief().successes[cell] > 0, Belief().mean[cell]};
  }

  /// The largest num_ctx at which a cell loses little for sure.
  std::optional<SearchSafeContext> Safe() {
    const SearchBelief& belief = Belief();
    std::optional<std::size_t> result;
    for (std::size_t cell = 0; cell < grid_.CellCount(); ++cell) {
      if (result && grid_.CtxIndex(cell) == grid_.CtxIndex(*result) &&
          Rank(cell) <= Rank(*result)) {
        continue;
      }
      if (StaysOnGpu(cell) && ProbabilityOfSmallLoss(cell) >= kSafe) result = cell;
    }
    if (!result) return std::nullopt;
    return SearchSafeContext{
        grid_.CellAt(*result),
        std::max(0.0, 1.0 - std::exp(belief.mean[*result] - belief.mean[*belief.leader])),
        belief.successes[*result] > 0};
  }

  const SearchGrid& grid() const { return grid_; }
  const SearchOptions& options() const { return options_; }
  bool Empty() const { return grid_.CellCount() == 0; }

 private:
  /// What no certificate may be given without, for no model sees it coming: a cliff right beside
  /// the leader, an island in a region that nobody visited. The cell that would tell.
  std::optional<std::size_t> Loophole() {
    const SearchBelief& belief = Belief();
    const auto unknown = [&](std::size_t cell) {
      return !barred_[cell] && belief.successes[cell] + belief.failures[cell] == 0 &&
             belief.p_feasible[cell] > kUnlikely;
    };
    for (const std::size_t cell : Neighbours(*belief.leader)) {
      if (unknown(cell)) return cell;
    }
    const std::size_t farthest = Farthest();
    const bool worth = unknown(farthest) &&
                       belief.p_feasible[farthest] * belief.p_fast[farthest] > 0.5 &&
                       SquaredDistanceToVisited(farthest) > kBlindSpot * kBlindSpot;
    return worth ? std::optional(farthest) : std::nullopt;
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

  [[nodiscard]] double SquaredDistanceToVisited(std::size_t cell) const {
    double least = 4.0;
    for (const Observation& o : history_) {
      least = std::min(least, grid_.SquaredDistance(cell, o.cell));
    }
    return least;
  }

  std::size_t Farthest(bool near = false) {
    const SearchBelief& belief = Belief();
    double most = -1.0;
    std::size_t result = 0;
    for (std::size_t cell = 0; cell < grid_.CellCount(); ++cell) {
      if (barred_[cell]) continue;
      double value =
          std::sqrt(SquaredDistanceToVisited(cell)) * belief.p_feasible[cell] * belief.p_fast[cell];
      if (near && belief.leader) {
        value *= std::exp((belief.mean[cell] - belief.mean[*belief.leader]) / kNear);
      }
      if (value > most) {
        most = value;
        result = cell;
      }
    }
    return result;
  }

  /// What needs no more than a cell on the GPUs alone is there too, as far as was seen.
  bool StaysOnGpu(std::size_t cell) {
    for (std::size_t other = 0; other < grid_.CellCount(); ++other) {
      if (cpu_share_[other] > 0.0 && grid_.CtxIndex(other) <= grid_.CtxIndex(cell) &&
          grid_.BatchIndex(other) <= grid_.BatchIndex(cell)) {
        return false;
      }
    }
    return true;
  }

  double ProbabilityOfSmallLoss(std::size_t cell) {
    const SearchBelief& belief = Belief();
    const std::size_t leader = *belief.leader;
    const double possible = barred_[cell] ? 0.0 : belief.p_feasible[cell] * belief.p_fast[cell];
    if (possible < kSafe || cell == leader) return possible;
    const double allowed = std::log1p(-options_.max_loss);
    double probability = 0.0;
    for (const ValueComponent& c : belief.components) {
      const auto x = static_cast<Eigen::Index>(cell);
      const auto l = static_cast<Eigen::Index>(leader);
      const double both = model_.values().Covariance(c, cell, leader);
      const double spread = std::max(1e-12, c.variance[x] + c.variance[l] - 2.0 * both);
      probability += c.weight * NormalBelow((c.mean[x] - c.mean[l] - allowed) / std::sqrt(spread));
    }
    return possible * probability;
  }

  /// What a visit is expected to cost, in units of a successful one.
  [[nodiscard]] double RelativeCost(double p_feasible) const {
    if (success_cost_.count == 0.0 || failure_cost_.count == 0.0) return 1.0;
    const double failure =
        std::clamp(failure_cost_.Mean() / std::max(1e-9, success_cost_.Mean()), 0.2, 5.0);
    return p_feasible + (1.0 - p_feasible) * failure;
  }

  /// How much one more measurement of `at` tells of the difference of two cells.
  double Told(std::size_t at, std::size_t a, std::size_t b) {
    double told = 0.0;
    for (const ValueComponent& c : Belief().components) {
      const double seen =
          model_.values().Covariance(c, at, a) - model_.values().Covariance(c, at, b);
      told += c.weight * seen * seen / (c.variance[static_cast<Eigen::Index>(at)] + c.noise2);
    }
    return told;
  }

  std::size_t MostGain() {
    const SearchBelief& belief = Belief();
    const std::size_t leader = *belief.leader;
    const auto l = static_cast<Eigen::Index>(leader);
    std::vector<double> improvement(grid_.CellCount(), 0.0);
    for (const ValueComponent& c : belief.components) {
      for (std::size_t cell = 0; cell < grid_.CellCount(); ++cell) {
        const double possible = belief.p_feasible[cell] * belief.p_fast[cell];
        if (cell == leader || barred_[cell] || possible < 1e-3) continue;
        const auto x = static_cast<Eigen::Index>(cell);
        const double difference = c.mean[x] - c.mean[l];
        const double both = model_.values().Covariance(c, cell, leader);
        const double spread = std::max(0.0, c.variance[x] + c.variance[l] - 2.0 * both);
        improvement[cell] += possible * c.weight * ExpectedGain(difference, std::sqrt(spread)) /
                             RelativeCost(belief.p_feasible[cell]);
      }
    }
    const auto most = std::max_element(improvement.begin(), improvement.end());
    auto rival = static_cast<std::size_t>(most - improvement.begin());
    if (*most < kSmallGain) {
      const Certainty& certainty = CertaintyNow();
      if (certainty.challenger && !barred_[*certainty.challenger]) rival = *certainty.challenger;
    }
    if (rival == leader || barred_[rival]) return leader;
    if (belief.successes[rival] == 0) return rival;
    return Told(rival, rival, leader) >= Told(leader, rival, leader) ? rival : leader;
  }

  SearchGrid grid_;
  SearchOptions options_;
  SearchModel model_;
  CertaintySampler sampler_;
  std::vector<std::size_t> start_;
  std::vector<Observation> history_;
  MeanCost success_cost_;
  MeanCost failure_cost_;
  std::vector<bool> barred_;       ///< by cell: cannot be measured, for reasons of its own
  std::vector<double> cpu_share_;  ///< by cell, 0 where unknown
  SearchBelief belief_;
  std::size_t belief_for_ = static_cast<std::size_t>(-1);
  std::map<std::size_t, Certainty> certainties_;
};

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
  answer.probability = certainty.probability;
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
