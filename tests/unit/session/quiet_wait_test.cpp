#include "ollama_bench/session/machine_watch.h"

#include <gtest/gtest.h>

#include <csignal>

#include "support/fake_clock.h"
#include "support/fake_proc.h"
#include "support/recording_observer.h"

namespace ollama_bench {
namespace {

using std::chrono::seconds;

constexpr int kSelf = 70;

class QuietWaitTest : public testing::Test {
 protected:
  QuietWaitTest() {
    proc_.Put(kSelf, {1, "ollama-bench", 3000, 7, 1, 0, 0});
    clock_.on_sleep = [this] { proc_.Pass(200, clock_.sleeps <= busy_looks_ ? 300 : 2); };
  }
  // How long it waited.
  double Wait(std::chrono::nanoseconds limit = seconds(0)) {
    const auto began = clock_.now;
    IdleLoad load(kSelf, proc_.path());
    WaitUntilQuiet(load, limit, clock_, stop_, observer_);
    return std::chrono::duration<double>(clock_.now - began).count();
  }

  FakeProc proc_;
  FakeClock clock_;
  StopRequest stop_;
  RecordingObserver observer_;
  int busy_looks_ = 0;
};

TEST_F(QuietWaitTest, AQuietMachineIsLookedAtForSomeSecondsAndNothingIsSaid) {
  EXPECT_EQ(Wait(), 6);
  EXPECT_TRUE(observer_.notices.empty());
}

TEST_F(QuietWaitTest, ABusyOneIsWaitedForWithAWordOnWhatAndAWordEachMinute) {
  busy_looks_ = 50;
  EXPECT_EQ(Wait(), 106);
  ASSERT_EQ(observer_.notices.size(), 3U);
  EXPECT_NE(observer_.notices[0].second.find("they use 1.5 of 2"), std::string::npos)
      << observer_.notices[0].second;
  EXPECT_EQ(observer_.notices[1].second, observer_.notices[0].second);
  EXPECT_NE(observer_.notices[2].second.find("quiet after 1.8 min"), std::string::npos)
      << observer_.notices[2].second;
}

TEST_F(QuietWaitTest, ALimitEndsItWithAWarning) {
  busy_looks_ = 1'000'000;
  EXPECT_EQ(Wait(seconds(30)), 30);
  EXPECT_EQ(observer_.notices.back().first, NoticeLevel::kWarning);
  EXPECT_NE(observer_.notices.back().second.find("within 30 s"), std::string::npos);
}

TEST_F(QuietWaitTest, AStopRequestEndsIt) {
  busy_looks_ = 1'000'000;
  clock_.on_sleep = [this] {
    proc_.Pass(200, 300);
    if (clock_.sleeps == 5) stop_.Request(SIGINT);
  };
  EXPECT_EQ(Wait(), 8);
}

TEST_F(QuietWaitTest, WithoutProcThereIsNoWait) {
  proc_.Remove("stat");
  clock_.on_sleep = nullptr;
  EXPECT_LE(Wait(), 2);
  EXPECT_EQ(observer_.notices.size(), 1U);
}

TEST_F(QuietWaitTest, ALimitIsATimeOrNothing) {
  EXPECT_EQ(ParseQuietLimit(""), seconds(0));
  EXPECT_EQ(ParseQuietLimit("1h30m"), seconds(5400));
  for (const char* text : {"0s", "-1s", "10", "soon"}) EXPECT_FALSE(ParseQuietLimit(text)) << text;
}

}  // namespace
}  // namespace ollama_bench
