// `ollama-bench run` against a real Ollama with a real model, as a person would use it.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <set>

#include "real_run.h"

namespace ollama_bench::testing {
namespace {

class RealInterruptionTest : public RealRunTest, public ::testing::WithParamInterface<int> {};

TEST_P(RealInterruptionTest, ASweepInterruptedInItsThirdCellIsCompletedByTheNextStart) {
  RunningProgram program(Sweep());
  ASSERT_TRUE(program.WaitForOutput("[2/9]")) << program.err();
  program.Signal(GetParam());
  EXPECT_EQ(program.Wait().signal, GetParam());
  if (GetParam() != SIGKILL) {
    EXPECT_EQ(Models(), before_);
  }
  const Ended again = RunProgram(Sweep());
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_NE(again.err.find("2 of them done, 7 to measure"), std::string::npos) << again.err;
  ExpectWholeSweep();
}

INSTANTIATE_TEST_SUITE_P(Signals, RealInterruptionTest,
                         ::testing::Values(SIGINT, SIGTERM, SIGHUP, SIGKILL));

TEST_F(RealRunTest, NoSampleIsServedFromThePromptCache) {
  const Ended ended = RunProgram(
      Command({"run", "--model", RealOllamaServer::kModel, "--ctx", "1024", "--batch", "128",
               "--repetitions", "6", "--prompt-tokens", "250", "--confirm", "0", "--no-baseline"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  // A cached prompt of this length takes 12 ms where an uncached one takes hundreds.
  const Json store = Store();
  for (const Json& sample : store["results"][0]["samples"]) {
    const double expected_ms = sample["prompt_eval_count"].get<double>() / 5'000 * 1'000;
    EXPECT_GT(sample["prompt_eval_ms"].get<double>(), expected_ms) << sample.dump();
  }
}

TEST_F(RealRunTest, MarkersDoNotChangeTheTokenCount) {
  const Ended ended = RunProgram(Command(
      {"run", "--model", RealOllamaServer::kModel, "--ctx", "512", "--batch", "64", "--repetitions",
       "60", "--prompt", "Why is the sky blue?", "--confirm", "0", "--no-baseline"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  std::set<int> counts;
  const Json store = Store();
  for (const Json& sample : store["results"][0]["samples"]) {
    if (sample["role"] == "measure") counts.insert(sample["prompt_eval_count"].get<int>());
  }
  EXPECT_EQ(counts.size(), 1U) << ::testing::PrintToString(counts);
}

TEST_F(RealRunTest, APromptLongerThanTheContextIsReportedNotRanked) {
  std::ofstream text(folder_.path() / "long.txt");
  for (int i = 0; i < 700; ++i) text << "The old captain repaired the stone bridge. ";
  text.close();
  const Ended ended = RunProgram(Command(
      {"run", "--model", RealOllamaServer::kModel, "--ctx", "512", "--batch", "64", "--repetitions",
       "1", "--prompt-file", "long.txt", "--confirm", "0", "--no-baseline"}));
  EXPECT_EQ(ended.exit_code, 1) << "no cell succeeded";
  const Json store = Store();
  EXPECT_EQ(store["results"][0]["failure"]["kind"], "prompt_truncated") << store.dump(1);
  for (const Json& sample : store["results"][0]["samples"]) {
    EXPECT_TRUE(sample["role"] == "warm_up" || !sample["excluded"].is_null()) << sample.dump();
  }
}

TEST_F(RealRunTest, ATemplateKeepsItsSystemTextAndItsRelativePath) {
  const auto weights = folder_.path() / "weights.gguf";
  std::filesystem::create_symlink(std::getenv("OLLAMA_BENCH_REAL_GGUF"), weights);
  std::ofstream(folder_.path() / "Modelfile")
      << "FROM ./weights.gguf\nSYSTEM \"\"\"Answer like a pirate.\nPARAMETER num_ctx 7\n\"\"\"\n"
         "PARAMETER num_ctx 99\n";
  const Ended ended = RunProgram(
      Command({"run", "--modelfile", "Modelfile", "--ctx", "512,1024", "--batch", "64",
               "--repetitions", "1", "--prompt", "Hello", "--confirm", "0", "--no-baseline"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(Models(), before_) << "the imported weights are removed again";
  const Json store = Store();
  for (const Json& entry : store["results"]) {
    EXPECT_EQ(entry["samples"].back()["effective_num_ctx"], entry["num_ctx"]);
    EXPECT_GT(entry["samples"].back()["prompt_eval_count"], 20) << "SYSTEM is part of the prompt";
  }
}

TEST_F(RealRunTest, AServerKilledInMidSweepIsWaitedForAndNoCellIsCharged) {
  RealOllamaServer& server = RealOllamaServer::Shared();
  RunningProgram program(Sweep());
  ASSERT_TRUE(program.WaitForOutput("[1/9]")) << program.err();
  server.Kill();
  ASSERT_TRUE(program.WaitForOutput("waiting for the server")) << program.err();
  server.Start();
  const Ended ended = program.Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  ExpectWholeSweep();
}

TEST_F(RealRunTest, ASweepOfThreadsByDecodeRateIsInterruptedKilledAndCompleted) {
  const Program sweep =
      Command({"run", "--model", RealOllamaServer::kModel, "--workload", "generate", "--num-thread",
               "1,2", "--num-predict", "32", "--prompt-tokens", "40", "--repetitions", "2",
               "--extra", "0", "--ignore-disturbance"});
  for (const int signal : {SIGINT, SIGKILL}) {
    RunningProgram program(sweep);
    ASSERT_TRUE(program.WaitForOutput(signal == SIGINT ? "[current setting]" : "[1/2]"))
        << program.err();
    program.Signal(signal);
    EXPECT_EQ(program.Wait().signal, signal);
  }
  const Json before = Store();
  const Ended ended = RunProgram(sweep);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(Models(), before_);
  const Json store = Store();
  EXPECT_EQ(store["metadata"]["schema_version"], 2);
  EXPECT_EQ(store["metadata"]["workload"], "generate");
  std::set<int> threads;
  for (const Json& entry : store["results"]) {
    threads.insert(entry.value("num_thread", 0));
    EXPECT_EQ(entry["num_predict"], 32);
    // The model may end its answer a little earlier.
    EXPECT_GE(entry["samples"].back()["eval_count"], 16) << entry.dump(1);
    EXPECT_TRUE(entry["samples"].back()["excluded"].is_null()) << entry.dump(1);
  }
  EXPECT_EQ(threads, (std::set<int>{0, 1, 2})) << "the current setting names no number of threads";
  for (const Json& entry : before["results"]) {
    for (const Json& sample : entry["samples"]) {
      EXPECT_NE(store.dump().find(sample["id"].get<std::string>()), std::string::npos);
    }
  }
}

TEST_F(RealRunTest, NeverDownloadsAModelThatIsNotThere) {
  const Ended ended =
      RunProgram(Command({"run", "--model", "smolm2", "--ctx", "512", "--batch", "64"}));
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_NE(ended.err.find("did you mean 'smollm2'"), std::string::npos) << ended.err;
}

}  // namespace
}  // namespace ollama_bench::testing
