#include "support/simulator/simulated_client.h"

#include <gtest/gtest.h>

#include <string>

#include "ollama_bench/workload/window.h"

namespace ollama_bench::simulator {
namespace {

StreamRequest Asking(int tokens) {
  StreamRequest request;
  request.body = R"({"model":"simulated","prompt":"a b c","options":{"num_predict":)" +
                 std::to_string(tokens) + "}}";
  return request;
}

WindowReport WindowOf(const std::string& law, int concurrency, int requests) {
  const auto parsed = ParseLaw(law);
  EXPECT_TRUE(parsed);
  SimulatedClient client(*parsed);
  WindowPlan plan;
  plan.concurrency = concurrency;
  plan.num_predict = 50;
  plan.traffic.requests = requests;
  const StopRequest stop;
  const auto report = RunWindow(plan, client, Asking, stop);
  EXPECT_TRUE(report) << report.error().message;
  return report.value_or(WindowReport());
}

TEST(SimulatedClientTest, AWindowOfManySecondsHasTheTimesOfTheLaw) {
  // 50 tokens take 0.1 + 49 × 0.02 s; of 8 users 4 wait for a slot.
  const WindowReport report =
      WindowOf(R"({"slots": 4, "prefill_s": {"a": 0.1}, "step_s": 0.02})", 8, 200);
  ASSERT_GE(report.requests.size(), 200U);
  const double seconds = std::chrono::duration<double>(*report.window.duration).count();
  EXPECT_NEAR(static_cast<double>(report.window.output_tokens) / seconds, 4 * 50 / 1.08, 2);
}

TEST(SimulatedClientTest, WhatHappensDoesNotDependOnTheMachine) {
  const std::string law =
      R"({"slots": 3, "jitter": 0.1, "noise": {"sigma": 0.05}, "tokens": {"kind": "geometric", "mean": 30}})";
  const WindowReport once = WindowOf(law, 5, 100);
  const WindowReport again = WindowOf(law, 5, 100);
  EXPECT_EQ(once.window.duration, again.window.duration);
  EXPECT_EQ(once.window.output_tokens, again.window.output_tokens);
}

TEST(SimulatedClientTest, WhatIsUnderWayIsCancelledAtTheEnd) {
  StreamEnd end = StreamEnd::kDone;
  {
    Law law;
    law.stall = Stall{0.0, std::nullopt, 1e6};
    SimulatedClient client(law);
    client.Cancel(
        client.Send(Asking(1'000'000'000), [&](const StreamRecord& record) { end = record.end; }));
  }
  EXPECT_EQ(end, StreamEnd::kCancelled);
}

}  // namespace
}  // namespace ollama_bench::simulator
