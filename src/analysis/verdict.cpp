#include "ollama_bench/analysis/verdict.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ollama_bench {
namespace {

constexpr std::size_t kDraws = 2000;
constexpr std::size_t kMostDrawn = 72;  // cells; those that could matter

class Decider {
 public:
  Decider(const SweepModel& model, std::span<const int> loads, const Question& question)
      : model_(model),
        loads_(loads),
        sign_(question.higher_is_better ? 1 : -1),
        step_(std::log1p(kThreshold)),
        is_whole_(question.is_whole),
        surface_(question.is_whole ? std::nullopt : question.surface) {
    for (const Cell& cell : question.eligible) {
      if (const auto place = model.Find(cell)) eligible_.push_back(*place);
    }
    if (question.current) decision_.current = model.Find(*question.current);
  }

  std::optional<Decision> Run() {
    if (eligible_.empty()) return std::nullopt;
    decision_.leader = FindLeader();
    ChooseDrawn();
    draws_ = model_.Draw(drawn_, kDraws);
    FindBest();
    FindContenders();
    FindContext();
    AskAboutCurrent();
    decision_.better_than_leader =
        surface_ ? surface_->better_than_leader : BetterThan(decision_.leader);
    GiveVerdict();
    return std::move(decision_);
  }

 private:
  [[nodiscard]] double Score(std::size_t cell) const { return sign_ * model_.Means()[cell]; }
  [[nodiscard]] bool IsLoaded(std::size_t cell) const { return loads_[cell] >= kFewestLoads; }

  // Among the cells that were measured again and again, where there are some.
  [[nodiscard]] std::size_t FindLeader() const {
    if (surface_) {
      const auto place = model_.Find(surface_->leader);
      // The search does not know how often a cell failed.
      const bool is_eligible =
          place && std::find(eligible_.begin(), eligible_.end(), *place) != eligible_.end();
      if (is_eligible) return *place;
    }
    const bool any_loaded =
        std::any_of(eligible_.begin(), eligible_.end(), [this](auto i) { return IsLoaded(i); });
    std::optional<std::size_t> leader;
    for (const std::size_t cell : eligible_) {
      if (any_loaded && !IsLoaded(cell)) continue;
      if (!leader || Score(cell) > Score(*leader)) leader = cell;
    }
    return *leader;
  }

  // Where there are many cells, those that are best at the good end of their intervals.
  void ChooseDrawn() {
    drawn_ = eligible_;
    const std::vector<LogPosterior> contrasts = model_.Contrasts(decision_.leader);
    if (drawn_.size() > kMostDrawn) {
      const auto reach = [&](std::size_t cell) {
        return sign_ * contrasts[cell].mean + 3 * contrasts[cell].deviation;
      };
      std::nth_element(drawn_.begin(), drawn_.begin() + kMostDrawn, drawn_.end(),
                       [&](std::size_t a, std::size_t b) { return reach(a) > reach(b); });
      drawn_.resize(kMostDrawn);
      if (std::find(drawn_.begin(), drawn_.end(), decision_.leader) == drawn_.end()) {
        drawn_.back() = decision_.leader;
      }
    }
    compared_ = drawn_.size();
    if (decision_.current && PlaceOfDrawn(*decision_.current) == drawn_.size()) {
      drawn_.push_back(*decision_.current);
    }
  }

  [[nodiscard]] std::size_t PlaceOfDrawn(std::size_t cell) const {
    return static_cast<std::size_t>(std::find(drawn_.begin(), drawn_.end(), cell) - drawn_.begin());
  }

  template <class Holds>
  double Probability(const Holds& holds) const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < draws_.count; ++i) count += holds(draws_.Row(i)) ? 1 : 0;
    return static_cast<double>(count) / static_cast<double>(draws_.count);
  }

  // That a compared cell is better than `cell` by more than the threshold.
  double BetterThan(std::size_t cell) const {
    const std::size_t place = PlaceOfDrawn(cell);
    return Probability([&](std::span<const double> row) {
      double best = -1e300;
      for (std::size_t i = 0; i < compared_; ++i) best = std::max(best, sign_ * row[i]);
      return best - sign_ * row[place] > step_;
    });
  }

  void FindBest() {
    decision_.best.assign(model_.cells().size(), 0);
    for (std::size_t draw = 0; draw < draws_.count; ++draw) {
      const auto row = draws_.Row(draw);
      std::size_t best = 0;
      for (std::size_t i = 1; i < compared_; ++i) {
        if (sign_ * row[i] > sign_ * row[best]) best = i;
      }
      decision_.best[drawn_[best]] += 1 / static_cast<double>(draws_.count);
    }
  }

  void FindContenders() {
    const std::size_t leader = PlaceOfDrawn(decision_.leader);
    double any_ahead = 0;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < compared_; ++i) {
      const double ahead = Probability(
          [&](std::span<const double> row) { return sign_ * (row[i] - row[leader]) >= 0; });
      if (i != leader) any_ahead += ahead;
      if (i != leader && ahead < 1 - kSure) continue;
      places.push_back(i);
      decision_.contenders.push_back(drawn_[i]);
    }
    std::sort(decision_.contenders.begin(), decision_.contenders.end());
    decision_.is_fastest = is_whole_ && IsLoaded(decision_.leader) && any_ahead < kUnlikely;
    const bool all_loaded = std::all_of(decision_.contenders.begin(), decision_.contenders.end(),
                                        [this](std::size_t cell) { return IsLoaded(cell); });
    decision_.are_tied =
        all_loaded && Probability([&](std::span<const double> row) {
                        return std::all_of(places.begin(), places.end(), [&](std::size_t i) {
                          return std::fabs(row[i] - row[leader]) <= step_;
                        });
                      }) >= 1 - kUnlikely;
  }

  // Of a cell against both what leads and what the user has.
  double LossOf(std::size_t place) const {
    const std::size_t leader = PlaceOfDrawn(decision_.leader);
    const auto current = decision_.current ? PlaceOfDrawn(*decision_.current) : leader;
    return Probability([&](std::span<const double> row) {
      return std::max(sign_ * row[leader], sign_ * row[current]) - sign_ * row[place] > step_;
    });
  }

  void FindContext() {
    const std::size_t reference = decision_.current.value_or(decision_.leader);
    const int current = model_.cells()[reference][Parameter::kNumCtx];
    int largest = current;
    for (std::size_t i = 0; i < compared_; ++i) {
      const int num_ctx = model_.cells()[drawn_[i]][Parameter::kNumCtx];
      if (num_ctx < largest) continue;
      const bool is_better =
          decision_.context && num_ctx == largest && Score(drawn_[i]) <= Score(*decision_.context);
      if (num_ctx == current || is_better) continue;
      const double loss = LossOf(i);
      if (loss >= 0.5) continue;
      largest = num_ctx;
      decision_.context = drawn_[i];
      decision_.context_loss = loss;
    }
  }

  void AskAboutCurrent() {
    if (!decision_.current) return;
    decision_.better_than_current = BetterThanCurrent();
    const std::size_t leader = PlaceOfDrawn(decision_.leader);
    const std::size_t current = PlaceOfDrawn(*decision_.current);
    decision_.gain = Probability(
        [&](std::span<const double> row) { return sign_ * (row[leader] - row[current]) > step_; });
  }

  // Where cells were left out: no cell is better than the current setting by the threshold unless
  // one is better than the leader by it, or the leader is better than the current setting.
  [[nodiscard]] double BetterThanCurrent() const {
    if (!surface_) return BetterThan(*decision_.current);
    const std::size_t leader = PlaceOfDrawn(decision_.leader);
    const std::size_t current = PlaceOfDrawn(*decision_.current);
    const double leader_is_better = Probability([&](std::span<const double> row) {
      return leader != current && sign_ * (row[leader] - row[current]) > 0;
    });
    return std::min(1.0, surface_->better_than_leader + leader_is_better);
  }

  void GiveVerdict() {
    decision_.recommended = decision_.leader;
    if (!is_whole_ && !surface_) return;
    if (!decision_.current) {
      const bool is_within = !surface_ || surface_->better_than_leader < kUnlikely;
      if (decision_.are_tied && is_within) decision_.verdict = Verdict::kTie;
      return;
    }
    if (!IsLoaded(*decision_.current)) return;
    const bool is_changed = IsLoaded(decision_.leader) && decision_.leader != *decision_.current &&
                            decision_.gain >= kSure;
    if (is_changed) {
      decision_.verdict = Verdict::kChange;
    } else if (decision_.context && IsLoaded(*decision_.context) &&
               decision_.context_loss < kUnlikely) {
      decision_.verdict = Verdict::kChange;
      decision_.for_context = true;
      decision_.recommended = decision_.context;
    } else if (decision_.better_than_current < kUnlikely) {
      decision_.verdict = Verdict::kKeep;
      decision_.recommended = decision_.current;
    }
  }

  const SweepModel& model_;
  std::span<const int> loads_;
  double sign_;
  double step_;
  bool is_whole_;
  std::optional<SurfaceView> surface_;
  std::vector<std::size_t> eligible_;
  std::vector<std::size_t> drawn_;  ///< eligible ones first, then the current setting
  std::size_t compared_ = 0;        ///< of the drawn ones those that are eligible
  JointDraws draws_;
  Decision decision_;
};

}  // namespace

std::string_view KeyOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kChange:
      return "change";
    case Verdict::kKeep:
      return "keep";
    case Verdict::kTie:
      return "tie";
    case Verdict::kUndecided:
      return "undecided";
    case Verdict::kNoAnswer:
      break;
  }
  return "no_answer";
}

std::optional<Decision> Decide(const SweepModel& model, std::span<const int> loads,
                               const Question& question) {
  return Decider(model, loads, question).Run();
}

}  // namespace ollama_bench
