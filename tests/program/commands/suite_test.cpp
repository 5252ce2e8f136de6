#include <algorithm>
#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

namespace fs = std::filesystem;

class SuiteProgramTest : public RunFixture {
 protected:
  SuiteProgramTest() {
    Write("suite.yaml",
          "model: smollm2\n"
          "experiments:\n"
          "  - name: settings\n"
          "    num_ctx: [1024, 2048]\n"
          "    num_batch: [64, 128]\n"
          "    prompt_tokens: 300\n"
          "    repetitions: 1\n"
          "    extra: 0\n"
          "    quick: {num_ctx: 1024}\n"
          "  - name: batch\n"
          "    num_ctx: 1024\n"
          "    num_batch: [64, 128]\n"
          "    prompt_tokens: 300\n"
          "    repetitions: 1\n"
          "    extra: 0\n"
          "  - command: prompts\n"
          "    max_new_tokens: 4\n"
          "  - name: two_gpus\n"
          "    gpus: ['0', '0+9']\n");
  }
  [[nodiscard]] Program Suite(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"suite", "--config", "suite.yaml", "-o", "all"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Command(arguments);
  }
  [[nodiscard]] fs::path Folder() const { return server_.folder() / "all"; }
  // Of the experiment in suite.json.
  [[nodiscard]] std::string StatusOf(const std::string& name) const {
    const Json state = Store("all/suite.json");
    for (const Json& entry : state["experiments"]) {
      if (entry["name"] == name) return entry["status"];
    }
    return "(absent)";
  }
};

TEST_F(SuiteProgramTest, RunsEachExperimentAndReportsThemTogether) {
  const Ended ended = RunProgram(Suite({"--label", "commit=abc"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  EXPECT_EQ(StatusOf("settings"), "done");
  EXPECT_EQ(StatusOf("batch"), "done");
  EXPECT_EQ(StatusOf("prompts"), "done");
  EXPECT_EQ(StatusOf("two_gpus"), "skipped");
  EXPECT_NE(ended.out.find("skipped: it needs 10 GPUs"), std::string::npos) << ended.out;
  for (const char* file : {"settings.json", "batch.json", "prompts.jsonl", "charts/settings.png",
                           "charts/batch.png", "charts/prompts.png", "report.html", "report.md"}) {
    EXPECT_TRUE(fs::exists(Folder() / file)) << file << "\n" << ended.err;
  }
  EXPECT_EQ(Store("all/settings.json")["metadata"]["starts"][0]["labels"]["commit"], "abc");
  const Json state = Store("all/suite.json");
  EXPECT_EQ(state["experiments"][0]["answer"]["report"]["statistics"]["successful"], 4);
  // The same command finds all done and measures nothing.
  const int runs = CallsOf("run");
  EXPECT_EQ(RunProgram(Suite({"--label", "commit=abc"})).exit_code, 0);
  EXPECT_EQ(CallsOf("run"), runs);
}

TEST_F(SuiteProgramTest, StoppedInAnExperimentTheSameCommandResumesIt) {
  Play(Json::array({Rule("run", {{"num_ctx", 2048}, {"num_batch", 64}}, {{"hang", true}})}));
  RunningProgram suite(Suite({"--json"}));
  while (CallsOf("run") < 7) {
    if (suite.WaitForOutput("\"event\":\"experiment_end\"", std::chrono::seconds(1))) break;
  }
  suite.Signal(SIGINT);
  const Ended stopped = suite.Wait();
  EXPECT_EQ(stopped.signal, SIGINT) << stopped.err;
  EXPECT_EQ(StatusOf("settings"), "pending");
  EXPECT_EQ(Models().size(), 1U) << "the temporary model is gone";
  Play(Json::array());
  const Ended ended = RunProgram(Suite());
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(StatusOf("settings"), "done");
  const Json store = Store("all/settings.json");
  for (const Json& entry : store["results"]) {
    const Json samples = entry.value("samples", Json::array());
    const auto counted = std::count_if(samples.begin(), samples.end(), [](const Json& sample) {
      return sample["role"] == "measure" && sample["excluded"].is_null();
    });
    EXPECT_LE(counted, 1) << "nothing is measured twice: " << entry.dump();
  }
}

TEST_F(SuiteProgramTest, KilledAtRandomMomentsTheSameCommandFinishesIt) {
  const unsigned seed = std::random_device()();
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> delay_ms(0, 1500);
  for (int i = 0; i < 6; ++i) {
    const RunningProgram suite(Suite());
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms(random)));
    suite.Signal(SIGKILL);
  }
  const Ended ended = RunProgram(Suite());
  EXPECT_EQ(ended.exit_code, 0) << "seed " << seed << "\n" << ended.err;
  for (const char* name : {"settings", "batch", "prompts"})
    EXPECT_EQ(StatusOf(name), "done") << seed;
  for (const char* file : {"all/settings.json", "all/batch.json"}) {
    const Json store = Store(file);
    for (const Json& entry : store["results"]) {
      std::set<std::string> ids;
      for (const Json& sample : entry.value("samples", Json::array())) {
        EXPECT_TRUE(ids.insert(sample["id"]).second) << "seed " << seed;
      }
    }
  }
  EXPECT_TRUE(fs::exists(Folder() / "report.html"));
  EXPECT_EQ(Store("all/suite.json")["reported"], true);
  EXPECT_EQ(Models().size(), 1U) << "no temporary model is left; seed " << seed;
}

TEST_F(SuiteProgramTest, WithoutItsReportsASuiteIsNotFinished) {
  Write("suite.yaml",
        "experiments:\n"
        "  - {command: prompts, model: smollm2, max_new_tokens: 4}\n");
  const std::vector<std::string> suite = {"suite", "--config", "suite.yaml"};
  ASSERT_EQ(RunProgram(Command(suite)).exit_code, 0);
  const fs::path folder = fs::directory_iterator(server_.folder() / "results")->path();
  Json state = Store("results/" + folder.filename().string() + "/suite.json");
  state["reported"] = false;  // as a kill between the last experiment and the reports leaves it
  Write("results/" + folder.filename().string() + "/suite.json", state.dump());
  fs::remove(folder / "report.html");
  ASSERT_EQ(RunProgram(Command(suite)).exit_code, 0);
  EXPECT_TRUE(fs::exists(folder / "report.html"));
  EXPECT_EQ(std::distance(fs::directory_iterator(server_.folder() / "results"), {}), 1);
}

TEST_F(SuiteProgramTest, ADamagedResultSpoilsNoReportOfTheOthers) {
  ASSERT_EQ(RunProgram(Suite()).exit_code, 0);
  fs::remove(Folder() / "report.html");
  Write("all/prompts.jsonl", "");
  const Ended ended = RunProgram(Suite());
  EXPECT_NE(ended.err.find("not in the report"), std::string::npos) << ended.err;
  EXPECT_TRUE(fs::exists(Folder() / "report.html"));
}

TEST_F(SuiteProgramTest, AnExperimentBeyondItsLimitIsEndedAndWhatItMeasuredIsKept) {
  Write("suite.yaml",
        "experiments:\n"
        "  - name: slow\n"
        "    model: smollm2\n"
        "    num_ctx: 1024\n"
        "    num_batch: [64, 128]\n"
        "    prompt_tokens: 300\n"
        "    timeout_s: 3\n"
        "  - command: prompts\n"
        "    model: smollm2\n"
        "    max_new_tokens: 4\n");
  Play(Json::array({Rule("run", {{"num_batch", 128}}, {{"hang", true}})}));
  const Ended ended = RunProgram(Suite());
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(StatusOf("slow"), "timed_out");
  EXPECT_EQ(StatusOf("prompts"), "done");
}

TEST_F(SuiteProgramTest, AFailedExperimentStopsNoOtherAndIsTriedAgain) {
  Write("suite.yaml",
        "experiments:\n"
        "  - {name: absent, model: nosuch, num_ctx: 1024, num_batch: 64}\n"
        "  - {command: prompts, model: smollm2, max_new_tokens: 4}\n");
  const Ended ended = RunProgram(Suite());
  EXPECT_EQ(ended.exit_code, 3) << ended.err;
  EXPECT_EQ(StatusOf("absent"), "failed");
  EXPECT_EQ(StatusOf("prompts"), "done");
  EXPECT_NE(ended.out.find("nosuch"), std::string::npos) << "the reason: " << ended.out;
}

TEST_F(SuiteProgramTest, WithoutAFolderTheNewestUnfinishedOneIsResumed) {
  Write("suite.yaml",
        "experiments:\n"
        "  - {name: absent, model: nosuch, num_ctx: 1024, num_batch: 64}\n"
        "  - {command: prompts, model: smollm2, max_new_tokens: 4}\n");
  const std::vector<std::string> suite = {"suite", "--config", "suite.yaml"};
  const auto folders = [this] {
    const auto results = fs::directory_iterator(server_.folder() / "results");
    return std::distance(begin(results), end(results));
  };
  RunProgram(Command(suite));
  EXPECT_EQ(folders(), 1);
  RunProgram(Command(suite));
  EXPECT_EQ(folders(), 1);
  RunProgram(Command({"suite", "--config", "suite.yaml", "--new"}));
  EXPECT_EQ(folders(), 2);
}

TEST_F(SuiteProgramTest, AnotherSuiteIsNotMixedIntoAFolder) {
  ASSERT_EQ(RunProgram(Suite()).exit_code, 0);
  const Ended quick = RunProgram(Suite({"--quick"}));
  EXPECT_EQ(quick.exit_code, 2);
  EXPECT_NE(quick.err.find("holds another suite"), std::string::npos) << quick.err;
}

TEST_F(SuiteProgramTest, AnOptionThatTheCommandLacksIsNamedWithItsLine) {
  Write("suite.yaml",
        "experiments:\n"
        "  - command: prompts\n"
        "    max_new_token: 4\n"
        "    model: smollm2\n");
  const Ended ended = RunProgram(Suite());
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_NE(ended.err.find("suite.yaml:3: --max-new-token"), std::string::npos) << ended.err;
  EXPECT_NE(ended.err.find("did you mean --max-new-tokens?"), std::string::npos) << ended.err;
  EXPECT_FALSE(fs::exists(Folder()));
}

}  // namespace
}  // namespace ollama_bench::testing
