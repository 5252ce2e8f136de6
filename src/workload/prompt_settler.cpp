#include "ollama_bench/workload/prompt_settler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "ollama_bench/workload/prompt_feed.h"
#include "ollama_bench/workload/verify.h"

namespace ollama_bench {
namespace {

struct Point {
  std::int64_t words = 0;
  std::int64_t tokens = 0;
};

constexpr int kMostRuns = 5;

Unexpected<Failure> Fail(std::string message) {
  return Unexpected<Failure>(Failure{FailureKind::kPromptTooLong, std::move(message), {}, 1});
}

// Words at which the line through two points reaches `target`.
std::int64_t Extrapolate(const Point& a, const Point& b, int target) {
  const double slope =
      static_cast<double>(b.tokens - a.tokens) / static_cast<double>(b.words - a.words);
  if (!(slope > 0)) return b.words;
  const double words =
      static_cast<double>(b.words) + static_cast<double>(target - b.tokens) / slope;
  return std::max<std::int64_t>(1, std::llround(words));
}

bool IsWithin(std::int64_t tokens, int target, double share) {
  return std::abs(static_cast<double>(tokens - target)) <= std::max(4.0, share * target);
}

/// The runs made so far for one target in one cell.
class Settler {
 public:
  Settler(int target, const Cell& cell, int num_predict, const TokenCounter& count_tokens)
      : target_(target), cell_(cell), num_predict_(num_predict), count_tokens_(count_tokens) {}

  Expected<SettledPrompt, Failure> Settle() {
    const bool target_fits = FitsContext(cell_, target_, num_predict_);
    auto first = FirstPoint(target_fits ? target_ : std::max(16, cell_[Parameter::kNumCtx] / 2));
    if (!first) return Unexpected<Failure>(first.error());
    if (target_fits) return Approach(*first);
    auto second = Count(std::max<std::int64_t>(1, first->words / 2));
    if (!second) return Unexpected<Failure>(second.error());
    return SettledPrompt{Extrapolate(*second, *first, target_), std::nullopt};
  }

 private:
  Expected<Point, Failure> Count(std::int64_t words) {
    const auto tokens = count_tokens_(BuiltInText(words));
    if (!tokens) return Unexpected<Failure>(tokens.error());
    return Point{words, *tokens};
  }

  // Half a word per token stays far below the goal in English; a count that fills the context
  // may have been cut, so fewer words are tried then.
  Expected<Point, Failure> FirstPoint(int goal) {
    std::int64_t words = std::max(1, goal / 2);
    for (int run = 0; run < kMostRuns; ++run, words = std::max<std::int64_t>(1, words / 4)) {
      auto point = Count(words);
      if (!point || FitsContext(cell_, point->tokens, num_predict_)) return point;
    }
    return Fail(fmt::format("even a prompt of a few words does not fit in num_ctx {}",
                            cell_[Parameter::kNumCtx]));
  }

  Expected<SettledPrompt, Failure> Approach(Point previous) {
    // What the template adds is not known from one count; a few tokens are usual.
    Point origin{0, std::min<std::int64_t>(10, previous.tokens / 2)};
    Point best = previous;
    for (int run = 0; run < kMostRuns && !IsWithin(best.tokens, target_, 0.01); ++run) {
      const std::int64_t words = Extrapolate(origin, previous, target_);
      if (words == previous.words) break;
      const auto point = Count(words);
      if (!point) return Unexpected<Failure>(point.error());
      origin = previous;
      previous = *point;
      if (std::abs(point->tokens - target_) < std::abs(best.tokens - target_)) best = *point;
    }
    if (!IsWithin(best.tokens, target_, 0.05)) {
      return Fail(
          fmt::format("no built-in prompt of {} tokens could be made (nearest: {}); give "
                      "another prompt_tokens, or a prompt_file",
                      target_, best.tokens));
    }
    return SettledPrompt{best.words, best.tokens};
  }

  int target_;
  Cell cell_;
  int num_predict_;
  const TokenCounter& count_tokens_;
};

}  // namespace

Expected<SettledPrompt, Failure> SettleBuiltInPrompt(int target, const Cell& cell, int num_predict,
                                                     const TokenCounter& count_tokens) {
  return Settler(target, cell, num_predict, count_tokens).Settle();
}

}  // namespace ollama_bench
