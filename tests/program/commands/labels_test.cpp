#include <string>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

class LabelsProgramTest : public RunFixture {};

TEST_F(LabelsProgramTest, StartsKeepTheirLabelsAndCompareFindsThem) {
  ASSERT_EQ(RunProgram(Sweep({"--label", "commit=aaa,branch=main"})).exit_code, 0);
  // The second commit measures the same cells again, a third slower.
  server_.SetScript({{"rate", 130'000}, {"load_ms", 5}});
  ASSERT_EQ(RunProgram(Sweep({"--label", "commit=bbb", "--results", "b.json"})).exit_code, 0);
  ASSERT_EQ(RunProgram(Command({"merge", "benchmark_results.json", "b.json", "-o", "all.json"}))
                .exit_code,
            0);
  const Json starts = Store("all.json")["metadata"]["starts"];
  ASSERT_EQ(starts.size(), 2U);
  EXPECT_EQ(starts[0]["labels"], (Json{{"branch", "main"}, {"commit", "aaa"}}));
  const Ended compared = RunProgram(
      Command({"compare", "--by", "commit", "all.json", "--json", "--fail-if-slower", "10%"}));
  EXPECT_EQ(compared.exit_code, 5) << compared.err;
  const Json report = Json::parse(compared.out);
  EXPECT_EQ(report["cells"].size(), 9U);
  EXPECT_EQ(report["first"], "commit=aaa");
  EXPECT_EQ(report["second"], "commit=bbb");
  const Ended back = RunProgram(
      Command({"compare", "--by", "commit=bbb,aaa", "all.json", "--fail-if-slower", "10%"}));
  EXPECT_EQ(back.exit_code, 0) << back.out;
}

TEST_F(LabelsProgramTest, ALabelThatIsNotThereIsAnsweredWithThoseThatAre) {
  ASSERT_EQ(RunProgram(Sweep({"--label", "commit=aaa"})).exit_code, 0);
  const Ended none = RunProgram(Command({"compare", "--by", "brunch"}));
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_NE(none.err.find("its labels are commit"), std::string::npos) << none.err;
  const Ended one = RunProgram(Command({"compare", "--by", "commit"}));
  EXPECT_EQ(one.exit_code, 2);
  EXPECT_NE(one.err.find("one value of the label commit, aaa"), std::string::npos) << one.err;
  const Ended wrong = RunProgram(Sweep({"--label", "commit"}));
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_NE(wrong.err.find("--label"), std::string::npos) << wrong.err;
}

TEST_F(LabelsProgramTest, TheCommandAtTheEndGetsTheAnswerAndTheExitCode) {
  const std::string command = "cat >answer.json; echo $OLLAMA_BENCH_EXIT_CODE >code; echo said";
  const Ended ended = RunProgram(Sweep({"--on-done", command}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(Store("answer.json")["event"], "end");
  EXPECT_EQ(Store("answer.json")["report"]["statistics"]["successful"], 9);
  EXPECT_EQ(Store("code"), 0);
  EXPECT_NE(ended.err.find("said"), std::string::npos) << ended.err;
  EXPECT_NE(ended.out.find("combinations"), std::string::npos) << "people still read the report";
  const Ended failed = RunProgram(Sweep({"--on-done", command, "--model", "nosuch"}));
  EXPECT_EQ(failed.exit_code, 3);
  EXPECT_EQ(Store("answer.json")["event"], "error");
  EXPECT_EQ(Store("code"), 3);
  const Ended bad = RunProgram(Sweep({"--on-done", "exit 9"}));
  EXPECT_EQ(bad.exit_code, 0) << "the measurement is good all the same";
  EXPECT_NE(bad.err.find("--on-done: exit status 9"), std::string::npos) << bad.err;
}

TEST_F(LabelsProgramTest, AStoppedRunDoesNotRunTheCommandOfTheEnd) {
  Play(Json::array({Rule("run", {{"num_ctx", 1024}, {"num_batch", 128}}, {{"hang", true}})}));
  RunningProgram sweep(Sweep({"--on-done", "touch done"}));
  ASSERT_TRUE(sweep.WaitForOutput("[1/9]"));
  sweep.Signal(SIGINT);
  sweep.Wait();
  EXPECT_FALSE(std::filesystem::exists(server_.folder() / "done"));
}

TEST_F(LabelsProgramTest, TheDebugLogHoldsEachRequestAndEachProgram) {
  const Ended ended = RunProgram(Sweep({"--log-level", "debug", "--ctx", "1024", "--batch", "64"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  for (const char* text :
       {"debug: GET http", "/api/tags", ": 200, ", " create ", " run ", ": exit status 0 after"}) {
    EXPECT_NE(ended.err.find(text), std::string::npos) << text << "\n" << ended.err;
  }
  EXPECT_EQ(RunProgram(Sweep()).err.find("debug:"), std::string::npos);
}

}  // namespace
}  // namespace ollama_bench::testing
