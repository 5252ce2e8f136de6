#include "ollama_bench/search/search.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "gain.h"
#include "islands.h"
#include "knowledge.h"
#include "start_design.h"

namespace ollama_bench {
namespace {

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

/// What is left of a probability after so few measurements. It holds under a model that then knows
/// little of what it does not see: of the answers after 1 to 7, 8 to 15 and 16 to 23 measurements
/// that it gave 83, 88 and 90 %, 22, 69 and 80 % were right (bench/search); later it is
/// right as often as it says.
double Trust(std::size_t measured, std::size_t cells) {
  const auto enough = static_cast<double>(std::min(kLeastMeasured, cells));
  return std::pow(std::min(1.0, static_cast<double>(measured) / enough), 2.0 / 3.0);
}

}  // namespace

class Search::State {
 public:
  State(const Grid& grid, const SearchOptions& options)
      : known(grid, options), islands_(known.grid()), coverage_(known.grid()) {
    if (Empty()) return;
    start_ = StartDesign(known.grid(), kStartCells, options.seed);
    if (options.present) {
      if (const auto cell = known.grid().Find(*options.present)) {
        start_.insert(start_.begin(), *cell);
      }
    }
  }

  [[nodiscard]] bool Empty() const { return known.grid().CellCount() == 0; }

  bool Certified() {
    const std::size_t count = known.Measured();
    if (count < LeastForCertificate(known.grid().CellCount())) return false;
    for (std::size_t back = 0; back < kSureInARow; ++back) {
      if (back > count) return false;
      if (known.CertaintyAfter(count - back).probability < kCertificateProbability) return false;
    }
    return !Unexplored();
  }

  std::optional<std::size_t> NextCell() {
    if (known.AllBarred()) return std::nullopt;
    const SearchBelief& belief = known.Belief();
    for (const std::size_t cell : start_) {
      if (known.IsUnvisited(cell) && belief.p_feasible[cell] > 0.2 &&
          known.Measured() < start_.size()) {
        return cell;
      }
    }
    if (!belief.leader) return AnyFarthest();
    if (known.CertaintyNow().probability >= kCertificateProbability) {
      if (const auto unexplored = Unexplored()) return unexplored;
    }
    if (known.Measured() % kExploreEvery == kExploreEvery - 1) return Explore();
    return MostGain();
  }

  Knowledge known;

 private:
  /// What no certificate may be given without, for no model sees it coming: a cliff right beside
  /// the leader, an island in a region that nobody visited. The cell that would show it.
  std::optional<std::size_t> Unexplored() {
    const SearchBelief& belief = known.Belief();
    const auto unknown = [&](std::size_t cell) {
      return known.IsUnvisited(cell) && belief.p_feasible[cell] > kUnlikely;
    };
    for (const std::size_t cell : Neighbours(*belief.leader)) {
      if (unknown(cell)) return cell;
    }
    const std::vector<double> chances = known.Chances();
    const auto farthest = coverage_.Farthest(known.visited(), chances);
    const bool may_hide = farthest && unknown(*farthest) && chances[*farthest] > 0.5 &&
                          coverage_.Distance(known.visited(), *farthest) > kBlindSpot;
    return may_hide ? farthest : std::nullopt;
  }

  [[nodiscard]] std::vector<std::size_t> Neighbours(std::size_t cell) const {
    const std::size_t ctx = known.grid().AcrossIndex(cell);
    const std::size_t batch = known.grid().DownIndex(cell);
    std::vector<std::size_t> result;
    if (batch + 1 < known.grid().down().values.size())
      result.push_back(known.grid().At(ctx, batch + 1));
    if (batch > 0) result.push_back(known.grid().At(ctx, batch - 1));
    if (ctx + 1 < known.grid().across().values.size())
      result.push_back(known.grid().At(ctx + 1, batch));
    if (ctx > 0) result.push_back(known.grid().At(ctx - 1, batch));
    return result;
  }

  /// The farthest cell, of no matter how little a chance.
  std::size_t AnyFarthest() {
    const auto farthest = coverage_.Farthest(known.visited(), known.Chances());
    if (farthest) return *farthest;
    return known.FirstOpen();
  }

  /// Where an island would be worth the most.
  std::optional<std::size_t> LikeliestIsland() {
    std::vector<double> gains = islands_.Gains(known.values(), known.Belief());
    for (std::size_t cell = 0; cell < gains.size(); ++cell) {
      if (known.IsBarred(cell)) gains[cell] = 0.0;
    }
    const auto most = std::max_element(gains.begin(), gains.end());
    if (*most == 0.0) return std::nullopt;
    return static_cast<std::size_t>(most - gains.begin());
  }

  /// Where no visit is near: by turns where an island would be worth much, and anywhere.
  std::size_t Explore() {
    if (known.Measured() / kExploreEvery % 2 == 1) {
      if (const auto island = LikeliestIsland()) return *island;
    }
    const auto cell = coverage_.MostRevealing(known.visited(), known.Chances());
    return cell ? *cell : AnyFarthest();
  }

  std::size_t MostGain() {
    const SearchBelief& belief = known.Belief();
    const std::size_t leader = *belief.leader;
    std::vector<double> gains = ExpectedGains(known.values(), belief);
    for (std::size_t cell = 0; cell < gains.size(); ++cell) {
      gains[cell] =
          known.IsBarred(cell) ? 0.0 : gains[cell] / known.RelativeCost(belief.p_feasible[cell]);
    }
    const auto most = std::max_element(gains.begin(), gains.end());
    auto rival = static_cast<std::size_t>(most - gains.begin());
    if (*most < kSmallGain) {
      const Certainty& certainty = known.CertaintyNow();
      if (certainty.challenger && !known.IsBarred(*certainty.challenger))
        rival = *certainty.challenger;
    }
    if (rival == leader || known.IsBarred(rival)) return leader;
    if (belief.successes[rival] == 0) return rival;
    const bool tells_more = Told(known.values(), belief, rival, rival, leader) >=
                            Told(known.values(), belief, leader, rival, leader);
    return tells_more ? rival : leader;
  }

  IslandScan islands_;
  Coverage coverage_;
  std::vector<std::size_t> start_;
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
  state_->known.Observe(measurement);
}

void Search::Exclude(const Cell& cell) {
  state_->known.Exclude(cell);
}

std::optional<Cell> Search::Propose() const {
  if (state_->Empty()) return std::nullopt;
  const auto cell = state_->NextCell();
  if (!cell) return std::nullopt;
  return state_->known.grid().CellAt(*cell);
}

std::optional<SearchAnswer> Search::Answer() const {
  if (state_->Empty()) return std::nullopt;
  const SearchBelief& belief = state_->known.Belief();
  if (!belief.leader) return std::nullopt;
  SearchAnswer answer;
  answer.cell = state_->known.grid().CellAt(*belief.leader);
  answer.rate = std::exp(belief.mean[*belief.leader]);
  const Certainty& certainty = state_->known.CertaintyNow();
  answer.probability =
      certainty.probability * Trust(state_->known.Measured(), state_->known.grid().CellCount());
  for (const std::size_t cell : certainty.equals) {
    answer.equals.push_back(state_->known.grid().CellAt(cell));
  }
  answer.certified = state_->Certified();
  return answer;
}

std::vector<SearchEstimate> Search::Estimates() const {
  std::vector<SearchEstimate> estimates;
  if (state_->Empty()) return estimates;
  const SearchBelief& belief = state_->known.Belief();
  if (!belief.leader) return estimates;
  for (std::size_t i = 0; i < state_->known.grid().CellCount(); ++i) {
    estimates.push_back({state_->known.grid().CellAt(i), belief.successes[i], belief.mean[i],
                         belief.sd[i], belief.p_feasible[i], belief.p_fast[i]});
  }
  return estimates;
}

}  // namespace ollama_bench
