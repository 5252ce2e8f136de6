// Files of this version in the hands of an earlier one, whose binary OLLAMA_BENCH_BEFORE names: all
// that it wrote with schema 1 must be read, resumed and drawn by it.
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

class BeforeTest : public RunFixture {
 protected:
  void SetUp() override {
    const char* before = std::getenv("OLLAMA_BENCH_BEFORE");
    if (before == nullptr) GTEST_SKIP() << "OLLAMA_BENCH_BEFORE names no binary";
    before_ = before;
  }
  [[nodiscard]] Ended RunBefore(std::vector<std::string> arguments) const {
    Program program = Command(std::move(arguments));
    program.argv.front() = before_;
    return RunProgram(program);
  }
  static std::vector<std::string> Sweep(const std::string& batches,
                                        std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"run",   "--model",   "smollm2",
                                          "--ctx", "1024,2048", "--batch",
                                          batches, "--prompt",  "Why is the sky blue?"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  [[nodiscard]] std::set<std::string> Ids(const char* list) const {
    std::set<std::string> ids;
    const Json store = Store();
    for (const Json& entry : store["results"]) {
      for (const Json& row : entry.value(list, Json::array())) ids.insert(row["id"]);
    }
    return ids;
  }
  static void ExpectAllIn(const std::set<std::string>& less, const std::set<std::string>& more) {
    for (const std::string& id : less) EXPECT_TRUE(more.contains(id)) << "lost " << id;
  }

  std::string before_;
};

TEST_F(BeforeTest, ReadsResumesAndDrawsWhatThisVersionWrote) {
  Play(Json::array({Rule("run", {{"num_ctx", 2048}, {"num_batch", 128}, {"after", 4}},
                         {{"transcript", "v0.11.4/run_runner_killed"}, {"unload", true}}),
                    Rule("run", {{"num_ctx", 2048}, {"num_batch", 64}},
                         {{"error", "cudaMalloc failed: out of memory"}})}));
  ASSERT_EQ(RunProgram(Command(Sweep("64,128"))).exit_code, 0);
  const auto samples = Ids("samples");
  const auto visits = Ids("visits");
  ASSERT_GT(samples.size(), 10U);
  ASSERT_GT(visits.size(), 5U);

  const Ended status = RunBefore({"status", "--json"});
  EXPECT_EQ(status.exit_code, 0) << status.err;
  EXPECT_EQ(Json::parse(status.out, nullptr, false)["succeeded"], 3) << status.out;
  EXPECT_EQ(Json::parse(status.out, nullptr, false)["failed"], 1) << status.out;
  for (const char* picture : {"before.png", "before.svg"}) {
    const Ended drawn = RunBefore({"heatmap", "benchmark_results.json", "-o", picture});
    EXPECT_EQ(drawn.exit_code, 0) << drawn.err;
    EXPECT_TRUE(std::filesystem::exists(server_.folder() / picture));
  }
  const Ended resumed = RunBefore(Sweep("64,128,256", {"--retry-failed"}));
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  ExpectAllIn(samples, Ids("samples"));
  ExpectAllIn(visits, Ids("visits"));
  EXPECT_GT(Ids("samples").size(), samples.size());

  // And back: what it added is an entry like any other here.
  Play(Json::array());
  const auto both = Ids("samples");
  const Ended again = RunProgram(Command(Sweep("64,128,256", {"--retry-failed"})));
  EXPECT_EQ(again.exit_code, 0) << again.err;
  ExpectAllIn(both, Ids("samples"));
  ExpectAllIn(visits, Ids("visits"));
  const Json now = Json::parse(RunProgram(Command({"status", "--json"})).out, nullptr, false);
  EXPECT_EQ(now["succeeded"], 6) << now;
  EXPECT_EQ(now["failed"], 0) << now;
  std::cout << samples.size() << " samples of " << visits.size() << " visits, then " << both.size()
            << " and " << Ids("samples").size() << " samples\n";
}

TEST_F(BeforeTest, ReadsResumesAndDrawsAnOldFileThatThisVersionResumed) {
  Write("benchmark_results.json", R"({"metadata": {"num_ctx_range": "1024-2048:1024",
    "num_batch_range": "64-128:64", "total_tests": 4}, "results": [
    {"num_ctx": 1024, "num_batch": 64, "prompt_eval_rate": 400000, "timestamp": "2026-01-05T10:00:00"},
    {"num_ctx": 1024, "num_batch": 128, "prompt_eval_rate": null, "error": "Timeout",
     "timestamp": "2026-01-05T10:01:00"}]})");
  ASSERT_EQ(RunProgram(Command(Sweep("64,128", {"--remeasure-unverified"}))).exit_code, 0);
  const auto samples = Ids("samples");
  EXPECT_EQ(RunBefore({"status"}).exit_code, 0);
  EXPECT_EQ(RunBefore({"heatmap", "benchmark_results.json", "-o", "before.svg"}).exit_code, 0);
  const Ended resumed = RunBefore(Sweep("64,128,256"));
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  ExpectAllIn(samples, Ids("samples"));
}

}  // namespace
}  // namespace ollama_bench::testing
