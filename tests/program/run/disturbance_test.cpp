// A sweep while other programs use the CPUs: real ones, against a stand-in that computes. Nothing
// is asked of what else this machine does meanwhile.
#include <thread>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

class DisturbanceProgramTest : public RunFixture {
 protected:
  DisturbanceProgramTest()
      : RunFixture(Json::array({Rule("run", Json::object(), {{"compute_ms", 400}})})) {}

  /// Keeps all CPUs busy.
  void StartOthers() {
    for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
      Program busy;
      busy.argv = {"/bin/sh", "-c", "while :; do :; done"};
      others_.push_back(std::make_unique<RunningProgram>(busy));
    }
  }
  void EndOthers() { others_.clear(); }

  [[nodiscard]] Program OneCell(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"run",  "--model",         "smollm2", "--ctx",
                                          "1024", "--batch",         "64",      "--repetitions",
                                          "3",    "--prompt-tokens", "300",     "--no-baseline"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Command(std::move(arguments));
  }
  /// The runs of the only cell.
  [[nodiscard]] Json Runs() const {
    Json runs = Json::array();
    const Json store = Store();
    for (const Json& sample : store["results"][0]["samples"]) {
      if (sample["role"] == "measure") runs.push_back(sample);
    }
    return runs;
  }

  std::vector<std::unique_ptr<RunningProgram>> others_;
};

TEST_F(DisturbanceProgramTest, DisturbedRunsAreMarkedToldAndMeasuredAgainUntilThereAreCleanOnes) {
  StartOthers();
  RunningProgram sweep(OneCell());
  ASSERT_TRUE(sweep.WaitForOutput("during a run; it does not count and is measured again"));
  EndOthers();
  const Ended ended = sweep.Wait();
  EXPECT_NE(ended.err.find("other programs used "), std::string::npos) << ended.err;
  std::vector<double> clean;
  std::size_t disturbed = 0;
  for (const Json& run : Runs()) {
    if (!run.contains("disturbed")) {
      clean.push_back(run["prompt_eval_rate"]);
      continue;
    }
    ++disturbed;
    EXPECT_TRUE(run["excluded"].is_null());
    EXPECT_GE(run["disturbed"]["others_cpus"], 0.1) << run;
  }
  EXPECT_GE(disturbed, 1U);
  EXPECT_NE(ended.out.find("not counted: "), std::string::npos) << ended.out;
  // Others than ours may have run all the time.
  EXPECT_TRUE(clean.size() == 3 || disturbed == 4) << Runs();
  const Ended status = RunProgram(Command({"status"}));
  EXPECT_NE(status.out.find(std::to_string(disturbed) + " disturbed sample"), std::string::npos)
      << status.out;
  const Json told = Json::parse(RunProgram(Command({"status", "--json"})).out);
  EXPECT_EQ(told["disturbed"]["samples"], disturbed);
  EXPECT_EQ(told["disturbed"]["spells"][0]["cause"], "cpu");
}

TEST_F(DisturbanceProgramTest, OnRequestEveryRunCounts) {
  StartOthers();
  const Ended ended = RunProgram(OneCell({"--ignore-disturbance"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  ASSERT_EQ(Runs().size(), 3U);
  for (const Json& run : Runs()) EXPECT_FALSE(run.contains("disturbed")) << run;
}

TEST_F(DisturbanceProgramTest, WaitsForAQuietMachineNoLongerThanItIsTold) {
  StartOthers();
  const Ended ended = RunProgram(OneCell({"--wait-quiet", "3s"}));
  EXPECT_NE(ended.err.find("waiting at most 3.0 s until other programs leave the CPUs alone"),
            std::string::npos)
      << ended.err;
  EXPECT_NE(ended.err.find("the machine was not quiet within 3.0 s"), std::string::npos)
      << ended.err;
  EXPECT_FALSE(Runs().empty());
}

TEST_F(DisturbanceProgramTest, WithoutALimitItWaitsUntilItIsStopped) {
  StartOthers();
  RunningProgram sweep(OneCell({"--wait-quiet"}));
  ASSERT_TRUE(sweep.WaitForOutput("waiting until other programs leave the CPUs alone"));
  EXPECT_EQ(CallsOf("create"), 0);
  sweep.Signal(SIGINT);
  EXPECT_EQ(sweep.Wait().signal, SIGINT);
  EXPECT_EQ(CallsOf("create"), 0);
}

TEST_F(DisturbanceProgramTest, ALimitThatIsNoTimeIsRefused) {
  const Ended ended = RunProgram(OneCell({"--wait-quiet", "soon"}));
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_NE(ended.err.find("90s or 1h30m"), std::string::npos) << ended.err;
}

}  // namespace
}  // namespace ollama_bench::testing
