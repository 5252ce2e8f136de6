// What the file says of loads that failed, on the default path: with confirmation and the current
// setting.
#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

class RunVisitTest : public RunFixture {
 protected:
  [[nodiscard]] Program DefaultSweep(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"run",    "--model",   "smollm2",
                                          "--ctx",  "1024,2048", "--batch",
                                          "64,128", "--prompt",  "Why is the sky blue?"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Command(std::move(arguments));
  }
  [[nodiscard]] Json JsonOf(std::vector<std::string> arguments) const {
    const Ended ended = RunProgram(Command(std::move(arguments)));
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return Json::parse(ended.out, nullptr, false);
  }
};

TEST_F(RunVisitTest, AConfirmThatFailsTakesNoReadingFromItsCellAndAllCommandsSaySo) {
  // The pass gets its warm-up and three runs; whatever loads the cell again meets a crash.
  Play(Json::array({Rule("run", {{"num_ctx", 2048}, {"num_batch", 128}, {"after", 4}},
                         {{"transcript", "v0.11.4/run_runner_killed"}, {"unload", true}})}));
  const Ended ended = RunProgram(DefaultSweep());
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  int failed = 0;
  int good = 0;
  const Json store = Store();
  for (const Json& entry : store["results"]) {
    EXPECT_FALSE(entry.contains("failure")) << entry;
    std::set<std::string> ids;
    for (const Json& visit : entry["visits"]) {
      ids.insert(visit["id"]);
      ++(visit.contains("failure") ? failed : good);
      EXPECT_EQ(visit["start"], store["metadata"]["starts"][0]["id"]);
    }
    for (const Json& sample : entry["samples"]) EXPECT_TRUE(ids.contains(sample["visit"]));
  }
  EXPECT_GT(failed, 0) << "nothing was confirmed";
  EXPECT_GT(good, 4);
  const Json status = JsonOf({"status", "--json"});
  EXPECT_EQ(status["succeeded"], 4);
  EXPECT_EQ(status["failed"], 0);
  const Json heatmap = JsonOf({"heatmap", "--json"});
  EXPECT_EQ(heatmap["cells"].size(), 4U);
  EXPECT_TRUE(heatmap["failures"].empty());
  const int creates = CallsOf("create");
  RunProgram(DefaultSweep({"--retry-failed", "--confirm", "0", "--no-baseline"}));
  EXPECT_EQ(CallsOf("create"), creates) << "no cell failed";
}

TEST_F(RunVisitTest, EveryStartIsNamedOnceAndOnlyIfItMeasured) {
  RunProgram(DefaultSweep({"--limit", "1", "--no-baseline"}));
  RunProgram(DefaultSweep({"--limit", "2", "--no-baseline"}));
  RunProgram(DefaultSweep({"--dry-run"}));
  const Json first = Store()["metadata"]["starts"];
  ASSERT_EQ(first.size(), 2U);
  EXPECT_NE(first[0]["id"], first[1]["id"]);
  EXPECT_FALSE(first[0].value("host", "").empty());
  RunProgram(DefaultSweep({"--confirm", "0", "--no-baseline"}));
  RunProgram(DefaultSweep({"--confirm", "0", "--no-baseline"}));
  EXPECT_EQ(Store()["metadata"]["starts"].size(), 3U) << "the last one had nothing to measure";
}

// A file of the old script, made on a machine twice as fast: 2 x 2 readings of another prompt.
class OldFileTest : public RunVisitTest {
 protected:
  OldFileTest() {
    Json results = Json::array();
    for (const int num_ctx : {1024, 2048}) {
      for (const int num_batch : {64, 128}) {
        results.push_back({{"num_ctx", num_ctx},
                           {"num_batch", num_batch},
                           {"prompt_eval_rate", 400'000 + num_batch},
                           {"timestamp", "2026-01-05T10:00:00.123456"}});
      }
    }
    old_ = {{"metadata",
             {{"start_time", "2026-01-05T09:00:00.1"},
              {"num_ctx_range", "1024-2048:1024"},
              {"num_batch_range", "64-128:64"},
              {"total_tests", 4}}},
            {"results", results}};
    Write("benchmark_results.json", old_.dump(2));
  }

  // Cells that the file shows without comparing them.
  static std::set<std::pair<int, int>> Unverified(const Json& heatmap) {
    std::set<std::pair<int, int>> cells;
    for (const Json& cell : heatmap["cells"]) {
      if (cell.value("unverified", false)) cells.emplace(cell["num_ctx"], cell["num_batch"]);
    }
    return cells;
  }

  Json old_;
};

TEST_F(OldFileTest, AloneItIsAnsweredFromAsEver) {
  const Json heatmap = JsonOf({"heatmap", "--json"});
  EXPECT_EQ(heatmap["mixed"], false);
  EXPECT_EQ(heatmap["best"]["num_batch"], 128);
  EXPECT_EQ(heatmap["best_set"].size(), 4U);
  EXPECT_TRUE(Unverified(heatmap).empty());
}

TEST_F(OldFileTest, ResumedItsReadingsAreShownButNotComparedWithNewLoads) {
  // A fifth and a sixth cell are missing; the others are done.
  const Ended ended = RunProgram(DefaultSweep({"--batch", "64,128,256", "--confirm", "0"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.err.find("--remeasure-unverified"), std::string::npos) << ended.err;
  EXPECT_NE(ended.err.find("4 of them done"), std::string::npos) << ended.err;
  const Json store = Store();
  EXPECT_EQ(store["metadata"]["mixed"], true);
  EXPECT_EQ(store["metadata"]["unverified"], true);
  for (const Json& entry : old_["results"]) {
    const auto& results = store["results"];
    EXPECT_NE(std::find(results.begin(), results.end(), entry), results.end())
        << "an entry that was not touched keeps its shape";
  }
  const Json heatmap = JsonOf({"heatmap", "--json"});
  EXPECT_EQ(heatmap["cells"].size(), 6U);
  EXPECT_EQ(Unverified(heatmap).size(), 4U);
  EXPECT_EQ(heatmap["mixed"], true);
  EXPECT_LT(heatmap["best"]["value"], 300'000) << "an old reading is no candidate";
  for (const Json& cell : heatmap["best_set"]) EXPECT_EQ(cell["num_batch"], 256);
}

TEST_F(OldFileTest, OnceItsCellsAreMeasuredAgainItIsAFileLikeAnyOther) {
  RunProgram(DefaultSweep());
  EXPECT_FALSE(Unverified(JsonOf({"heatmap", "--json"})).empty() &&
               Store()["metadata"]["mixed"] == true);
  const Ended ended = RunProgram(DefaultSweep({"--remeasure-unverified"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const Json store = Store();
  EXPECT_EQ(store["metadata"]["mixed"], false);
  EXPECT_FALSE(store["metadata"].contains("unverified"));
  const Json heatmap = JsonOf({"heatmap", "--json"});
  EXPECT_TRUE(Unverified(heatmap).empty());
  for (const Json& cell : heatmap["cells"]) EXPECT_LT(cell["value"], 300'000) << cell;
  int old_readings = 0;
  for (const Json& entry : store["results"]) {
    for (const Json& sample : entry["samples"]) old_readings += sample.value("unverified", false);
  }
  EXPECT_EQ(old_readings, 4) << "none was thrown away";
}

}  // namespace
}  // namespace ollama_bench::testing
