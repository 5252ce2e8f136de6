#include <filesystem>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

class MergeProgramTest : public RunFixture {
 protected:
  // A third of the grid into a file of its own.
  void Measure(const std::string& ctx, const std::string& file) const {
    const Ended ended = RunProgram(Sweep({"--ctx", ctx, "--results", file}));
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
  }
};

TEST_F(MergeProgramTest, PartsOfASweepBecomeOneThatGoesOn) {
  Measure("1024", "a.json");
  Measure("2048", "b.json");
  const Ended ended =
      RunProgram(Command({"merge", "a.json", "b.json", "-o", "benchmark_results.json"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out.substr(0, 32), "benchmark_results.json: 6 cells,") << ended.out;
  const int runs = CallsOf("run");
  const Ended rest = RunProgram(Sweep());
  EXPECT_EQ(rest.exit_code, 0) << rest.err;
  ExpectFullSweep();
  EXPECT_EQ(CallsOf("run") - runs, 12) << "three cells, a warm-up and three runs each";
}

TEST_F(MergeProgramTest, AFileMergedWithItselfIsUnchanged) {
  Measure("1024,2048", "a.json");
  const Json before = Store("a.json");
  EXPECT_EQ(RunProgram(Command({"merge", "a.json", "a.json", "-o", "a.json"})).exit_code, 0);
  EXPECT_EQ(Store("a.json").dump(), before.dump());
}

TEST_F(MergeProgramTest, WhatIsNotAmongTheInputsIsNotOverwritten) {
  Measure("1024", "a.json");
  Write("precious.json", "mine");
  const Ended ended = RunProgram(Command({"merge", "a.json", "-o", "precious.json"}));
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_NE(ended.err.find("precious.json exists"), std::string::npos) << ended.err;
  EXPECT_EQ(std::filesystem::file_size(server_.folder() / "precious.json"), 4U);
}

TEST_F(MergeProgramTest, OtherConditionsAreRefusedWithTheListUnlessForced) {
  Measure("1024", "a.json");
  RunProgram(Sweep({"--ctx", "2048", "--num-predict", "7", "--results", "b.json"}));
  const Ended refused = RunProgram(Command({"merge", "a.json", "b.json", "-o", "c.json"}));
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_NE(refused.err.find("num_predict: a.json has 2, b.json has 7"), std::string::npos)
      << refused.err;
  EXPECT_FALSE(std::filesystem::exists(server_.folder() / "c.json"));
  const Ended forced =
      RunProgram(Command({"merge", "a.json", "b.json", "-o", "c.json", "--force-mixed", "--json"}));
  EXPECT_EQ(forced.exit_code, 0) << forced.err;
  EXPECT_EQ(Json::parse(forced.out)["conflicts"].size(), 1U);
  EXPECT_EQ(Store("c.json")["metadata"]["mixed"], true);
}

TEST_F(MergeProgramTest, AFileThatARunHoldsIsNotReplaced) {
  Play(Json::array({Rule("run", {{"num_ctx", 1024}, {"num_batch", 128}}, {{"hang", true}})}));
  RunningProgram sweep(Sweep());
  ASSERT_TRUE(sweep.WaitForOutput("[1/9]"));
  const Ended ended =
      RunProgram(Command({"merge", "benchmark_results.json", "-o", "benchmark_results.json"}));
  EXPECT_EQ(ended.exit_code, 4);
  EXPECT_NE(ended.err.find("process " + std::to_string(sweep.pid())), std::string::npos)
      << ended.err;
}

}  // namespace
}  // namespace ollama_bench::testing
