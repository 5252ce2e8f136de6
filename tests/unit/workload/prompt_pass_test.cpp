// A pass over a client that answers when the test says so.
#include "ollama_bench/workload/prompt_pass.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "ollama_bench/workload/prompt_timing.h"

namespace ollama_bench {
namespace {

/// Ends requests on a thread of its own, as `outcome` says; "hang" ones only when cancelled.
class FakeClient : public RequestClient {
 public:
  using Outcome = std::function<StreamRecord(std::size_t nth)>;

  explicit FakeClient(Outcome outcome) : outcome_(std::move(outcome)) {
    thread_ = std::thread([this] { Loop(); });
  }
  ~FakeClient() override {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  std::uint64_t Send(StreamRequest /*request*/, OnEnd on_end) override {
    const std::lock_guard lock(mutex_);
    const std::uint64_t id = next_++;
    waiting_[id] = std::move(on_end);
    most_in_flight = std::max(most_in_flight, waiting_.size());
    changed_.notify_all();
    return id;
  }
  void Cancel(std::uint64_t id) override {
    const std::lock_guard lock(mutex_);
    cancelled_.insert(id);
    changed_.notify_all();
  }
  [[nodiscard]] std::chrono::nanoseconds CpuTime() const override { return {}; }

  std::size_t most_in_flight = 0;
  bool hangs = false;  ///< set before it is used

 private:
  void Loop() {
    std::unique_lock lock(mutex_);
    while (!is_over_) {
      const auto ready = std::find_if(waiting_.begin(), waiting_.end(), [this](const auto& entry) {
        return !hangs || cancelled_.contains(entry.first);
      });
      if (ready == waiting_.end()) {
        changed_.wait(lock);
        continue;
      }
      const auto [id, on_end] = *ready;
      const bool is_cancelled = cancelled_.contains(id);
      waiting_.erase(ready);
      lock.unlock();
      StreamRecord record = outcome_(id);
      if (is_cancelled) {
        record.end = StreamEnd::kCancelled;
        record.failure = Failure{FailureKind::kInterrupted, "stopped", {}, 1};
      }
      on_end(std::move(record));
      lock.lock();
    }
  }

  Outcome outcome_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, OnEnd> waiting_;
  std::set<std::uint64_t> cancelled_;
  std::uint64_t next_ = 0;
  bool is_over_ = false;
  std::thread thread_;
};

StreamRecord Done() {
  StreamRecord record;
  record.end = StreamEnd::kDone;
  return record;
}

StreamRecord Failed(FailureKind kind, StreamEnd end) {
  StreamRecord record;
  record.end = end;
  record.failure = Failure{kind, "no", {}, 1};
  return record;
}

struct Passed {
  PassEnd end;
  std::vector<PassAnswer> answers;
};

Passed RunAll(FakeClient& client, PassOptions options, StopRequest& stop,
              const std::function<bool(std::size_t)>& goes_on = {}) {
  Passed run;
  PassSeams seams;
  seams.request = [](std::size_t) { return StreamRequest(); };
  seams.on_answer = [&](PassAnswer answer) {
    run.answers.push_back(std::move(answer));
    return !goes_on || goes_on(run.answers.size());
  };
  seams.on_idle = [] {};
  run.end = RunPass(client, options, seams, stop);
  return run;
}

TEST(PromptPassTest, AsksEachTurnOnceWithAsManyInFlightAsAskedFor) {
  for (const std::size_t concurrency : {1U, 3U, 64U}) {
    FakeClient client([](std::size_t) { return Done(); });
    StopRequest stop;
    const Passed run = RunAll(client, {50, concurrency, true}, stop);
    EXPECT_EQ(run.end.reason, PassEnd::Reason::kDone);
    std::set<std::size_t> turns;
    for (const PassAnswer& answer : run.answers) {
      EXPECT_TRUE(turns.insert(answer.turn).second);
      EXPECT_LT(answer.slot, concurrency);
      EXPECT_FALSE(answer.is_first_after_load);
    }
    EXPECT_EQ(turns.size(), 50U);
    EXPECT_LE(client.most_in_flight, concurrency);
  }
}

TEST(PromptPassTest, WhatIsSentBeforeTheFirstAnswerIsFirstAfterTheLoad) {
  FakeClient client([](std::size_t) { return Done(); });
  StopRequest stop;
  const Passed run = RunAll(client, {9, 1, false}, stop);
  ASSERT_EQ(run.answers.size(), 9U);
  for (const PassAnswer& answer : run.answers) {
    EXPECT_EQ(answer.is_first_after_load, answer.turn == 0);
  }
}

TEST(PromptPassTest, ACrashOfTheRunnerMeansAnotherLoad) {
  FakeClient client([](std::size_t nth) {
    return nth == 3 ? Failed(FailureKind::kRunnerCrash, StreamEnd::kRefused) : Done();
  });
  StopRequest stop;
  const Passed run = RunAll(client, {7, 1, true}, stop);
  for (const PassAnswer& answer : run.answers) {
    EXPECT_EQ(answer.is_first_after_load, answer.turn == 4) << answer.turn;
  }
}

TEST(PromptPassTest, AStopCancelsWhatIsInFlightAndKeepsEveryAnswer) {
  FakeClient client([](std::size_t) { return Done(); });
  client.hangs = true;
  StopRequest stop;
  stop.Request(2);
  const Passed run = RunAll(client, {50, 4, true}, stop);
  EXPECT_EQ(run.end.reason, PassEnd::Reason::kStopRequested);
  ASSERT_EQ(run.answers.size(), 4U);
  for (const PassAnswer& answer : run.answers) {
    EXPECT_EQ(answer.record.end, StreamEnd::kCancelled);
  }
}

TEST(PromptPassTest, GivesUpOnAServerThatIsGoneButNotOnPromptsThatFail) {
  StopRequest stop;
  FakeClient gone(
      [](std::size_t) { return Failed(FailureKind::kServerUnavailable, StreamEnd::kUnreachable); });
  const Passed lost = RunAll(gone, {1000, 2, true}, stop);
  EXPECT_EQ(lost.end.reason, PassEnd::Reason::kHopeless);
  ASSERT_TRUE(lost.end.failure);
  EXPECT_LT(lost.answers.size(), 10U);
  FakeClient repeats(
      [](std::size_t) { return Failed(FailureKind::kNoMetrics, StreamEnd::kUnfinished); });
  EXPECT_EQ(RunAll(repeats, {1000, 2, true}, stop).answers.size(), 1000U);
}

TEST(PromptPassTest, EndsWhereAnAnswerCannotBeKept) {
  FakeClient client([](std::size_t) { return Done(); });
  StopRequest stop;
  const Passed run = RunAll(client, {1000, 2, true}, stop, [](std::size_t n) { return n < 5; });
  EXPECT_EQ(run.end.reason, PassEnd::Reason::kRefused);
  EXPECT_EQ(run.answers.size(), 5U);
}

TEST(PromptTimingTest, StepsAddUpToTheTimeFromTheFirstTextToTheLastLine) {
  using std::chrono::milliseconds;
  const StreamRecord::Time begin;
  StreamRecord record = Done();
  record.sent = begin;
  record.first_text = begin + milliseconds(20);
  record.done = begin + milliseconds(100);
  record.chunks = {{begin + milliseconds(10), 0, ChunkKind::kEmpty},
                   {begin + milliseconds(20), 0, ChunkKind::kThinking},
                   {begin + milliseconds(50), 0, ChunkKind::kText},
                   {begin + milliseconds(70), 0, ChunkKind::kEmpty},
                   {begin + milliseconds(90), 0, ChunkKind::kText}};
  EXPECT_EQ(StepTimes(record), (std::vector<double>{30, 40, 10}));
  record.metrics.total = milliseconds(100);
  record.metrics.load = milliseconds(10);
  record.metrics.prompt_eval = milliseconds(15);
  record.metrics.eval = milliseconds(70);
  record.metrics.eval_count = 5;
  const PromptTiming timing = TimingOf(record);
  EXPECT_EQ(timing.queue_ms, 5);
  EXPECT_EQ(timing.ttft_ms, 20);
  EXPECT_EQ(timing.e2e_ms, 100);
  EXPECT_EQ(timing.tpot_ms, 20);
}

}  // namespace
}  // namespace ollama_bench
