// `ollama-bench run` against a real Ollama with a real model, as a person would use it.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <map>
#include <set>

#include "support/real_ollama_server.h"

namespace ollama_bench::testing {
namespace {

using Json = OllamaServer::Json;

class RealRunTest : public ::testing::Test {
 protected:
  RealRunTest() : server_(RealOllamaServer::Shared()), before_(Models()) {}
  ~RealRunTest() override { server_.UnloadAll(); }

  [[nodiscard]] Program Command(std::vector<std::string> arguments) const {
    Program program;
    program.argv = {OLLAMA_BENCH_PROGRAM};
    program.argv.insert(program.argv.end(), arguments.begin(), arguments.end());
    program.environment = server_.Environment();
    program.folder = folder_.path();
    program.deadline = std::chrono::minutes(5);
    return program;
  }
  [[nodiscard]] Program Sweep() const {
    return Command({"run", "--model", RealOllamaServer::kModel, "--ctx", "512,1024,2048", "--batch",
                    "32,64,128", "--repetitions", "3", "--prompt-tokens", "60"});
  }
  [[nodiscard]] Json Store() const {
    std::ifstream in(folder_.path() / "benchmark_results.json");
    return Json::parse(in, nullptr, false);
  }
  [[nodiscard]] std::map<std::string, std::string> Models() const {
    std::map<std::string, std::string> models;
    const Json tags = server_.Get("/api/tags");
    for (const Json& model : tags["models"]) models[model["name"]] = model["digest"];
    return models;
  }

  // Nine cells of three counted samples, none doubled, the server as it was.
  void ExpectWholeSweep() const {
    std::set<std::string> ids;
    const Json store = Store();
    ASSERT_EQ(store["results"].size(), 9U);
    for (const Json& entry : store["results"]) {
      int counted = 0;
      for (const Json& sample : entry["samples"]) {
        EXPECT_TRUE(ids.insert(sample["id"]).second);
        if (sample["role"] == "measure" && sample["excluded"].is_null()) ++counted;
        EXPECT_EQ(sample["effective_num_ctx"], entry["num_ctx"]);
      }
      EXPECT_EQ(counted, 3) << entry.dump(1);
    }
    EXPECT_EQ(Models(), before_);
    EXPECT_FALSE(store["metadata"].contains("temporary_models"));
  }

  const RealOllamaServer& server_;
  TemporaryFolder folder_;
  std::map<std::string, std::string> before_;
};

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

INSTANTIATE_TEST_SUITE_P(Signals, RealInterruptionTest, ::testing::Values(SIGINT, SIGKILL));

TEST_F(RealRunTest, NoSampleIsServedFromThePromptCache) {
  const Ended ended =
      RunProgram(Command({"run", "--model", RealOllamaServer::kModel, "--ctx", "1024", "--batch",
                          "128", "--repetitions", "6", "--prompt-tokens", "250"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  // A cached prompt of this length takes 12 ms where an uncached one takes hundreds.
  const Json store = Store();
  for (const Json& sample : store["results"][0]["samples"]) {
    const double expected_ms = sample["prompt_eval_count"].get<double>() / 5'000 * 1'000;
    EXPECT_GT(sample["prompt_eval_ms"].get<double>(), expected_ms) << sample.dump();
  }
}

TEST_F(RealRunTest, MarkersDoNotChangeTheTokenCount) {
  const Ended ended =
      RunProgram(Command({"run", "--model", RealOllamaServer::kModel, "--ctx", "512", "--batch",
                          "64", "--repetitions", "60", "--prompt", "Why is the sky blue?"}));
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
  const Ended ended =
      RunProgram(Command({"run", "--model", RealOllamaServer::kModel, "--ctx", "512", "--batch",
                          "64", "--repetitions", "1", "--prompt-file", "long.txt"}));
  EXPECT_EQ(ended.exit_code, 1) << "no cell succeeded";
  const Json store = Store();
  EXPECT_EQ(store["results"][0]["failure"]["kind"], "prompt_truncated") << store.dump(1);
}

TEST_F(RealRunTest, ATemplateKeepsItsSystemTextAndItsRelativePath) {
  const auto weights = folder_.path() / "weights.gguf";
  std::filesystem::create_symlink(std::getenv("OLLAMA_BENCH_REAL_GGUF"), weights);
  std::ofstream(folder_.path() / "Modelfile")
      << "FROM ./weights.gguf\nSYSTEM \"\"\"Answer like a pirate.\nPARAMETER num_ctx 7\n\"\"\"\n"
         "PARAMETER num_ctx 99\n";
  const Ended ended =
      RunProgram(Command({"run", "--modelfile", "Modelfile", "--ctx", "512,1024", "--batch", "64",
                          "--repetitions", "1", "--prompt", "Hello"}));
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

TEST_F(RealRunTest, NeverDownloadsAModelThatIsNotThere) {
  const Ended ended =
      RunProgram(Command({"run", "--model", "smolm2", "--ctx", "512", "--batch", "64"}));
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_NE(ended.err.find("did you mean 'smollm2'"), std::string::npos) << ended.err;
}

}  // namespace
}  // namespace ollama_bench::testing
