#include "status_command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "support/failed_visit.h"
#include "support/memory_file_system.h"

namespace ollama_bench {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

class StoreStatusTest : public testing::Test {
 protected:
  StoreStatusTest() : store_(ResultsStore::Create(files_, "results.json", Planned())) {}

  static Metadata Planned() {
    Metadata metadata;
    metadata.identity.model = "smollm2";
    metadata.across_range = "1024-3072:1024";
    metadata.down_range = "64,128";
    return metadata;
  }

  /// One load of the cell with three short runs, as `auto` wants them.
  void Measure(const Cell& cell, double seconds, double rate, const std::string& when) {
    constexpr milliseconds kRun{100};
    Load(cell, SampleRole::kMeasure, 1, rate, when,
         milliseconds(static_cast<std::int64_t>(seconds * 1000)) - 2 * kRun);
    Run(cell, SampleRole::kMeasure, rate, when, kRun);
    Run(cell, SampleRole::kMeasure, rate, when, kRun);
  }
  /// One load of the cell with so many runs.
  void Load(const Cell& cell, SampleRole role, int runs, double rate, const std::string& when,
            milliseconds wall = milliseconds(100)) {
    ++loads_;
    for (int i = 0; i < runs; ++i) Run(cell, role, rate, when, wall);
  }
  void Run(const Cell& cell, SampleRole role, double rate, const std::string& when,
           milliseconds wall) {
    Sample sample;
    sample.id = "S" + std::to_string(++ids_);
    sample.load_id = loads_;
    sample.role = role;
    sample.metrics.prompt_eval_count = 1000;
    sample.metrics.prompt_eval = std::chrono::nanoseconds(static_cast<std::int64_t>(1e12 / rate));
    sample.wall = wall;
    sample.started = when;
    store_.AddSample(cell, sample, when);
  }
  void ComparedWith(const Cell& present) {
    Metadata metadata = Planned();
    metadata.baseline = Baseline{present, "Modelfile"};
    store_.SetMetadata(metadata);
  }
  void Break(const Cell& cell, FailureKind kind, const std::string& when) {
    store_.SetVisit(
        cell, FailedVisit({kind, "a long story", {}, 1}, "F" + std::to_string(++ids_), when), when);
  }
  [[nodiscard]] StoreStatus Status() const { return DescribeStore(store_, std::nullopt); }
  [[nodiscard]] std::string Text() const {
    std::string text;
    for (const std::string& line : StatusLines(Status(), "results.json")) text += line + "\n";
    return text;
  }

  MemoryFileSystem files_;
  ResultsStore store_;
  int ids_ = 0;
  std::int64_t loads_ = 0;
};

/// Levels of load; the windows are those of the simulated throughput.
class LoadStatusTest : public StoreStatusTest {
 protected:
  LoadStatusTest() {
    Metadata metadata;
    metadata.schema_version = 2;
    metadata.identity.model = "smollm2";
    SetPlan(metadata, {{{Parameter::kConcurrency, {1, 2, 4, 8}}}}, WorkloadKind::kLoad, 4);
    store_.SetMetadata(metadata);
  }
  void MeasureWindow(int users, double throughput) {
    constexpr double kSeconds = 10;
    Sample sample;
    sample.id = "W" + std::to_string(++ids_);
    sample.load_id = 1;
    sample.wall = std::chrono::seconds(20);
    Window& window = sample.window.emplace();
    window.duration = std::chrono::seconds(10);
    window.requests = window.completed = 72;
    window.output_tokens = std::llround(throughput * kSeconds);
    store_.AddSample(Cell().With(Parameter::kConcurrency, users), sample, "1");
  }
};

TEST_F(LoadStatusTest, CountsWindowsAndThoseThatAreLeft) {
  for (const int users : {1, 2, 4}) MeasureWindow(users, 40.0 * users);
  EXPECT_EQ(Status().load->windows, 3U);
  EXPECT_EQ(Status().load->windows_left, 1U) << "one of each, as far as is known";
  MeasureWindow(2, 80);
  EXPECT_EQ(Status().load->windows_left, 4U);
  EXPECT_EQ(Status().left, 3U);
  EXPECT_EQ(Status().mean_cell_time, std::chrono::seconds(20));
  EXPECT_EQ(Status().time_left, std::chrono::seconds(80));
  EXPECT_NE(Text().find("\n  levels    1 of 4 done"), std::string::npos) << Text();
  EXPECT_NE(Text().find("\n  windows   4 measured, 4 left\n"), std::string::npos) << Text();
  EXPECT_NE(Text().find("20 s a window on average"), std::string::npos) << Text();
}

TEST_F(LoadStatusTest, AnswersWithTheKneeInPlaceOfABestCell) {
  for (const double noise : {0.99, 1.01}) {
    for (const int users : {1, 2, 4, 8}) MeasureWindow(users, noise * 40 * std::min(users, 4));
  }
  EXPECT_NE(Text().find("\n  answer    Carries 4 users."), std::string::npos) << Text();
  EXPECT_EQ(Text().find("UNDECIDED"), std::string::npos) << Text();
  const json status = json::parse(StatusJson(Status(), "r", -1));
  EXPECT_EQ(status["windows"], 8);
  EXPECT_EQ(status["windows_left"], 0);
  EXPECT_EQ(status["knee"]["concurrency"], 4);
}

TEST_F(StoreStatusTest, EveryCellIsEitherDoneOrLeft) {
  Measure({1024, 64}, 1, 100, "1");
  Break({1024, 128}, FailureKind::kOutOfMemory, "2");
  Break({2048, 64}, FailureKind::kServerUnavailable, "3");
  const StoreStatus status = Status();
  EXPECT_EQ(status.cells, 6U);
  EXPECT_EQ(status.succeeded, 1U);
  EXPECT_EQ(status.failed, 1U);
  EXPECT_EQ(status.left, 4U) << "a server that was away says nothing of the cell";
}

TEST_F(StoreStatusTest, ACellIsDoneWithAllRunsThatItIsToHave) {
  using enum SampleRole;
  Load({1024, 64}, kMeasure, 3, 100, "1");
  Load({1024, 128}, kMeasure, 2, 100, "2");
  EXPECT_EQ(Status().succeeded, 1U) << "three short runs each";
  EXPECT_EQ(Status().left, 5U);
  Load({2048, 64}, kMeasure, 5, 100, "3");
  EXPECT_EQ(Status().succeeded, 1U) << "five each, it seems";
}

TEST_F(StoreStatusTest, WhereEveryLoadHasOneRunOneIsEnough) {
  using enum SampleRole;
  Load({1024, 64}, kMeasure, 1, 100, "1");
  Load({1024, 128}, kMeasure, 1, 100, "2");
  EXPECT_EQ(Status().succeeded, 2U);
  Load({1024, 64}, kMeasure, 1, 100, "3");
  EXPECT_EQ(Status().succeeded, 2U) << "a search comes back to a cell";
}

TEST_F(StoreStatusTest, ThePresentSettingIsNoCellAndHasALineOfItsOwn) {
  ComparedWith({8192, 64});
  Measure({1024, 64}, 1, 100, "1");
  EXPECT_NE(Text().find("\n  current   num_ctx=8192 num_batch=64  not measured yet\n"),
            std::string::npos)
      << Text();
  Measure({8192, 64}, 1, 900, "2");
  EXPECT_EQ(Status().cells, 6U);
  EXPECT_EQ(Status().succeeded, 1U);
  EXPECT_EQ(Status().best, (Cell{1024, 64}));
  EXPECT_NE(Text().find("\n  current   num_ctx=8192 num_batch=64  900.00 tokens/s\n"),
            std::string::npos)
      << Text();
  const json present = json::parse(StatusJson(Status(), "r", -1))["present_setting"];
  EXPECT_EQ(present["source"], "Modelfile");
  EXPECT_NEAR(present["prompt_eval_rate"].get<double>(), 900, 1e-6);
}

TEST_F(StoreStatusTest, AsACellOfTheGridThePresentSettingCountsAsOne) {
  ComparedWith({2048, 128});
  Measure({2048, 128}, 1, 900, "1");
  EXPECT_EQ(Status().cells, 6U);
  EXPECT_EQ(Status().succeeded, 1U);
  EXPECT_EQ(Status().best, (Cell{2048, 128}));
}

TEST_F(StoreStatusTest, TellsTheExtraLoads) {
  using enum SampleRole;
  Measure({1024, 64}, 1, 100, "2026-11-21T07:00:00+00:00");
  Load({1024, 64}, kControl, 3, 99.999, "2026-11-21T08:00:00+00:00");
  EXPECT_EQ(Text().find("extra"), std::string::npos);
  for (const Cell& cell : {Cell{1024, 64}, Cell{1024, 64}, Cell{2048, 64}}) {
    Load(cell, kConfirm, 3, 100, "2026-11-21T10:00:00+00:00");
  }
  EXPECT_NE(Text().find("\n  extra     3 loads of 2 cells\n"), std::string::npos) << Text();
  const json report = json::parse(StatusJson(Status(), "r", -1));
  EXPECT_EQ(report["confirm_loads"], 3);
  EXPECT_EQ(report["confirmed_cells"], 2);
}

TEST_F(StoreStatusTest, HasTheAnswerSoFarUnderTheKeysThatEveryCommandHas) {
  const json empty = json::parse(StatusJson(Status(), "r", -1));
  Measure({1024, 64}, 1, 100, "2026-11-21T07:00:00+00:00");
  Measure({1024, 128}, 1, 120, "2026-11-21T08:00:00+00:00");
  EXPECT_NE(Text().find("\n  answer    UNDECIDED: "), std::string::npos) << Text();
  const json report = json::parse(StatusJson(Status(), "r", -1));
  for (const char* key :
       {"verdict", "reason", "fastest", "recommended", "current", "gain", "contenders", "tied",
        "largest_safe_context", "trust", "detectable_percent", "more_loads", "more_s"}) {
    EXPECT_TRUE(report.contains(key)) << key;
    EXPECT_TRUE(empty.contains(key)) << key;
  }
  EXPECT_EQ(report["verdict"], "undecided");
  EXPECT_EQ(report["recommended"]["num_batch"], 128);
  EXPECT_TRUE(empty["verdict"].is_null());
}

TEST_F(StoreStatusTest, ACellOutsideThePlanCountsToo) {
  Measure({8192, 64}, 1, 100, "1");
  EXPECT_EQ(Status().cells, 7U);
  EXPECT_EQ(Status().left, 6U);
}

TEST_F(StoreStatusTest, CellsThatARecordingLacksAreNotLeft) {
  Metadata metadata = Planned();
  metadata.replayed = true;
  metadata.total_tests = 2;
  store_.SetMetadata(metadata);
  Measure({1024, 64}, 1, 100, "1");
  EXPECT_EQ(Status().left, 1U);
  Measure({1024, 128}, 1, 100, "2");
  EXPECT_EQ(Status().left, 0U);
  EXPECT_EQ(Status().cells, 2U);
}

TEST_F(StoreStatusTest, TellsTheMeanTimeAndEstimatesByTheMedian) {
  Measure({1024, 64}, 1, 100, "1");
  Measure({1024, 128}, 1, 100, "2");
  Measure({2048, 64}, 10, 100, "3");
  const StoreStatus status = Status();
  EXPECT_DOUBLE_EQ(status.mean_cell_time->count(), 4);
  EXPECT_DOUBLE_EQ(status.time_left->count(), 3);
}

TEST_F(StoreStatusTest, WithoutAnyMeasurementNoTimeIsInvented) {
  EXPECT_FALSE(Status().mean_cell_time);
  EXPECT_NE(Text().find("not known yet"), std::string::npos) << Text();
  EXPECT_EQ(json::parse(StatusJson(Status(), "r", -1))["time_left_s"], nullptr);
}

TEST_F(StoreStatusTest, TheLatestFiveComeNewestFirst) {
  for (int i = 0; i < 6; ++i) {
    Measure({1024 * (1 + i % 3), 64 * (1 + i / 3)}, 1, 100,
            "2026-11-21T07:00:0" + std::to_string(i));
  }
  const StoreStatus status = Status();
  ASSERT_EQ(status.latest.size(), 5U);
  EXPECT_EQ(status.latest.front().timestamp, "2026-11-21T07:00:05");
  EXPECT_EQ(status.latest.back().timestamp, "2026-11-21T07:00:01");
}

TEST_F(StoreStatusTest, ACellThatFailsOftenIsNotTheBestWhateverItsSamplesSay) {
  Measure({1024, 64}, 1, 100, "1");
  Measure({1024, 128}, 1, 900, "2");
  Break({1024, 128}, FailureKind::kRunnerCrash, "3");
  EXPECT_EQ(Status().best, (Cell{1024, 64}));
  const json report = json::parse(StatusJson(Status(), "r", -1));
  EXPECT_EQ(report["succeeded"], 2) << "one failed visit does not take its samples away";
  EXPECT_EQ(report["latest"][0]["failure"], nullptr);
  EXPECT_NEAR(report["latest"][0]["prompt_eval_rate"].get<double>(), 900, 1e-6);
}

TEST_F(StoreStatusTest, SaysWhoHoldsTheFile) {
  const StoreStatus held = DescribeStore(store_, LockHolder{1234, "2026-11-21T07:00:00+00:00"});
  EXPECT_EQ(StatusLines(held, "r")[2], "  run       process 1234, since 2026-11-21T07:00:00+00:00");
  EXPECT_EQ(json::parse(StatusJson(held, "r", -1))["run"]["pid"], 1234);
  EXPECT_EQ(json::parse(StatusJson(Status(), "r", -1))["run"], nullptr);
}

TEST_F(StoreStatusTest, FitsInEightyColumnsAndEscapesWhatAFileMayHold) {
  Measure({104857600, 1048576}, 1, 0.0001, "2026-11-21T07:00:05+00:00");
  Break({1024, 64}, FailureKind::kGpuResourceAllocation, "\x1b[2J");
  ComparedWith({104857600, 1048576});
  for (int i = 0; i < 3; ++i) {
    Load({104857600, 1048576}, SampleRole::kControl, 3, 0.0001 * (i + 1),
         "2026-11-21T0" + std::to_string(i) + ":00:00+00:00");
  }
  for (const std::string& line : StatusLines(Status(), "results.json")) {
    EXPECT_LE(line.size(), 80U) << line;
    EXPECT_EQ(line.find('\x1b'), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace ollama_bench
