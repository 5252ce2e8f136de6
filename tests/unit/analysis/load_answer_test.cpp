#include "ollama_bench/analysis/load_answer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "ollama_bench/core/random.h"

namespace ollama_bench {
namespace {

using std::chrono::nanoseconds;

constexpr double kNanosecond = 1e-9;

/// A made-up server: its throughput rises up to so many users.
class LoadMaker {
 public:
  explicit LoadMaker(std::uint64_t seed) : random_(seed) {}

  // A window whose throughput is that of the level, times noise.
  void AddWindow(int users, int slots, double sigma, int requests = 72, int failed = 0) {
    Sample sample;
    sample.id = "w" + std::to_string(next_++);
    Window& window = sample.window.emplace();
    const double throughput = 100.0 * std::min(users, slots) * std::exp(sigma * random_.Normal());
    window.duration = std::chrono::seconds(10);
    window.output_tokens = std::llround(throughput * 10);
    window.completed = requests - failed;
    window.requests = requests;
    if (failed > 0) window.failures["unfinished"] = failed;
    window.idle_queue = nanoseconds(1'000'000);
    for (int i = 0; i < requests; ++i) {
      RequestFigures& request = requests_[sample.id].emplace_back();
      request.end = i < failed ? "unfinished" : "done";
      request.ttft_s = 0.1 * random_.Uniform();
      request.tpot_s = 0.01;
      request.e2e_s = 1;
      request.queue_s = 0.001 + (users > slots ? 0.5 : 0);
      request.output_tokens = 10;
    }
    for (CellResult& result : results_) {
      if (result.cell == LevelOf(users)) {
        result.samples.push_back(std::move(sample));
        return;
      }
    }
    results_.emplace_back().cell = LevelOf(users);
    results_.back().samples.push_back(std::move(sample));
  }
  [[nodiscard]] LoadSeries Answer(const std::vector<Objective>& objectives = {}) const {
    auto series = AnswerLoad(results_, requests_, objectives);
    EXPECT_EQ(series.size(), 1U);
    return series.front();
  }
  [[nodiscard]] std::vector<CellResult>& results() { return results_; }
  static Cell LevelOf(int users) { return Cell().With(Parameter::kConcurrency, users); }

 private:
  Random random_;
  int next_ = 0;
  std::vector<CellResult> results_;
  RequestsOfWindows requests_;
};

TEST(LoadAnswerTest, TheKneeIsTheNumberOfSlotsInNearlyAllRuns) {
  int right = 0;
  int covered = 0;
  constexpr int kRuns = 400;
  for (int run = 0; run < kRuns; ++run) {
    LoadMaker maker(static_cast<std::uint64_t>(run));
    const int slots = 1 + run % 8;
    for (int users = 1; users <= 12; ++users) {
      for (int window = 0; window < 2; ++window) maker.AddWindow(users, slots, 0.015);
    }
    const LoadSeries series = maker.Answer();
    right += series.knee->concurrency == slots ? 1 : 0;
    const auto& interval = series.levels[2].output_tokens_per_s->interval;
    const double truth = 100.0 * std::min(3, slots);
    covered += interval->low <= truth && truth <= interval->high ? 1 : 0;
  }
  EXPECT_GE(right, kRuns * 95 / 100);
  EXPECT_GE(covered, kRuns * 92 / 100);
  EXPECT_LE(covered, kRuns * 98 / 100);
}

TEST(LoadAnswerTest, AStillRisingThroughputLeavesTheKneeOpen) {
  LoadMaker maker(1);
  for (const int users : {1, 2, 4}) {
    for (int window = 0; window < 3; ++window) maker.AddWindow(users, 16, 0.01);
  }
  const LoadSeries series = maker.Answer();
  EXPECT_EQ(series.knee->concurrency, 4);
  EXPECT_FALSE(series.knee->high);
}

TEST(LoadAnswerTest, NoiseLeavesTheKneesUpperEndOpenRatherThanDecided) {
  LoadMaker maker(2);
  for (const int users : {1, 2, 4, 8}) {
    for (int window = 0; window < 2; ++window) maker.AddWindow(users, 2, 0.2);
  }
  EXPECT_EQ(maker.Answer().knee->high, 8);
}

TEST(LoadAnswerTest, OneWindowOfEachLevelHasNoIntervalAndNoKnee) {
  LoadMaker maker(3);
  for (const int users : {1, 2}) maker.AddWindow(users, 2, 0.01);
  const LoadSeries series = maker.Answer();
  EXPECT_FALSE(series.levels.front().output_tokens_per_s->interval);
  EXPECT_FALSE(series.knee);
}

TEST(LoadAnswerTest, WindowsThatDoNotCountAreLeftOut) {
  LoadMaker maker(4);
  for (int window = 0; window < 3; ++window) maker.AddWindow(2, 2, 0.01);
  maker.results().front().samples.front().excluded = Exclusion::kCutShort;
  EXPECT_EQ(maker.Answer().levels.front().windows, 2U);
}

TEST(LoadAnswerTest, TheQueueWaitIsWithoutThatOfAnIdleServer) {
  LoadMaker maker(5);
  for (const int users : {2, 8}) maker.AddWindow(users, 4, 0.01);
  const LoadSeries series = maker.Answer();
  EXPECT_NEAR(series.levels[0].queue_wait.p50->value, 0, kNanosecond);
  EXPECT_NEAR(series.levels[1].queue_wait.p50->value, 0.5, kNanosecond);
}

TEST(LoadAnswerTest, FiftyNineRequestsThatAllMeetItProveA95thPercentile) {
  const Objective objective{LatencyKind::kTtft, 95, std::chrono::milliseconds(100)};
  for (const int requests : {58, 59}) {
    LoadMaker maker(6);
    maker.AddWindow(1, 1, 0.01, requests);
    const LoadSeries series = maker.Answer({objective});
    EXPECT_EQ(series.capacity->level.has_value(), requests == 59);
    if (requests == 58) {
      EXPECT_EQ(series.capacity->next_state, ObjectiveState::kUndecided);
    }
  }
}

TEST(LoadAnswerTest, AFailedRequestMissesEveryObjective) {
  const Objective objective{LatencyKind::kE2e, 95, std::chrono::seconds(2)};
  LoadMaker maker(7);
  maker.AddWindow(1, 4, 0.01);
  maker.AddWindow(2, 4, 0.01, 72, 36);
  const LoadSeries series = maker.Answer({objective});
  EXPECT_EQ(series.capacity->level, LoadMaker::LevelOf(1));
  EXPECT_EQ(series.capacity->next, LoadMaker::LevelOf(2));
  EXPECT_EQ(series.capacity->next_state, ObjectiveState::kMissed);
  EXPECT_EQ(series.levels[1].Failed(), 36);
  EXPECT_NEAR(*series.levels[1].goodput_per_s, 3.6, 1e-9);
}

TEST(LoadAnswerTest, ALevelBehindOneThatMissesIsNotTheCapacityThoughItMeetsTheObjective) {
  const Objective objective{LatencyKind::kE2e, 95, std::chrono::seconds(2)};
  LoadMaker maker(8);
  maker.AddWindow(1, 4, 0.01);
  maker.AddWindow(2, 4, 0.01, 72, 40);
  maker.AddWindow(4, 4, 0.01);
  EXPECT_EQ(maker.Answer({objective}).capacity->level, LoadMaker::LevelOf(1));
}

}  // namespace
}  // namespace ollama_bench
