#include "ollama_bench/sweep/sweep.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <map>
#include <set>

#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/sha256.h"
#include "support/fake_driver.h"
#include "support/fake_probe.h"
#include "support/fake_server_watch.h"
#include "support/listed_cells.h"
#include "support/recording_observer.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using enum FailureKind;
using Reason = SweepOutcome::Reason;

const Cell kCell{1024, 64};
const Cell kOther{2048, 64};

/// Keeps in memory what a sample has too much of.
class FakeSink : public RequestSink {
 public:
  Expected<void, StoreError> Keep(const std::string& /*sample_id*/,
                                  const std::vector<RequestFigures>& /*requests*/) override {
    return {};
  }
  Expected<void, StoreError> KeepReadings(const std::string& sample_id,
                                          const TelemetryRecord& record) override {
    if (fails) return Unexpected<StoreError>({StoreError::Kind::kIo, "disk full"});
    readings[sample_id] = record;
    return {};
  }

  std::map<std::string, TelemetryRecord> readings;
  bool fails = false;
};

// Ten watts, each second.
ProbeReport TenWatts(int seconds) {
  ProbeReport report;
  for (int i = 0; i <= seconds; ++i) {
    TelemetryReading& reading = report.telemetry.readings.emplace_back();
    reading.at_s = i;
    reading.cpu_energy_j = 10 * i;
  }
  return report;
}

class SweepTest : public testing::Test {
 protected:
  SweepTest() {
    folder_ = fs::path(testing::TempDir()) /
              ("sweep_test_" + std::to_string(getpid()) + "_" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
    Metadata metadata;
    metadata.temporary_models = {{"ollama-bench-test", ""}};
    store_.emplace(ResultsStore::Create(files_, folder_ / "results.json", metadata));
    options_.repetitions = 3;
  }
  ~SweepTest() override { fs::remove_all(folder_); }

  SweepOutcome Run(const std::vector<Cell>& cells) { return Run(cells, stop_); }
  SweepOutcome Run(const std::vector<Cell>& cells, const StopRequest& stop) {
    strategy_.emplace(cells);
    return RunStrategy(stop);
  }
  SweepOutcome RunVisits(std::vector<Visit> visits) {
    strategy_.emplace(std::move(visits));
    return RunStrategy(stop_);
  }
  SweepOutcome RunStrategy(const StopRequest& stop) {
    StoreSaver saver(*store_, clock_, observer_, stop);
    UlidSource ids(clock_);
    const CellRunnerSeams seams{driver_, *store_, saver,   clock_, observer_,
                                ids,     &probe_, &watch_, &sink_};
    PromptFeed feed(0);
    feed.SetText(text_);
    CellRunner runner(options_, seams, feed);
    return Sweep(runner, seams, *strategy_, stop, driver_.facts).Run();
  }

  [[nodiscard]] const CellResult& Result(const Cell& cell) const {
    const CellResult* result = store_->Find(cell);
    EXPECT_NE(result, nullptr);
    static const CellResult none;
    return result == nullptr ? none : *result;
  }
  // What a reader of the file sees, not what this process has in memory.
  CellResult OnDisk(const Cell& cell) {
    const auto store = ResultsStore::Load(files_, folder_ / "results.json");
    EXPECT_TRUE(store);
    const CellResult* result = store ? store->Find(cell) : nullptr;
    return result == nullptr ? CellResult() : *result;
  }
  Failure FailureOnDisk(const Cell& cell) {
    const CellResult result = OnDisk(cell);
    const Failure* failure = FailureOf(result);
    EXPECT_NE(failure, nullptr);
    return failure == nullptr ? Failure() : *failure;
  }
  void Queue(std::vector<std::optional<Failure>> failures) {
    driver_.run_failures = {failures.begin(), failures.end()};
  }

  FakeClock clock_;
  FakeDriver driver_{clock_};
  FakeProbe probe_;
  FakeServerWatch watch_;
  FakeSink sink_;
  RecordingObserver observer_;
  StopRequest stop_;
  PosixFileSystem files_;
  fs::path folder_;
  std::optional<ResultsStore> store_;
  std::optional<ListedCells> strategy_;
  CellRunnerOptions options_;
  std::string text_ = BuiltInText(250);
};

TEST_F(SweepTest, AVisitWithANumberTakesSoManySamplesWithANewLoadWhateverTheCellHas) {
  options_.repetitions = 2;
  ASSERT_EQ(Run({kCell}).reason, Reason::kDone);
  ASSERT_EQ(RunVisits({{kCell, SampleRole::kConfirm, 1}, {kCell, SampleRole::kControl, 2}}).reason,
            Reason::kDone);
  std::map<std::string, std::vector<SampleRole>> roles;
  std::set<std::int64_t> loads;
  for (const Sample& sample : Result(kCell).samples) {
    roles[sample.visit].push_back(sample.role);
    loads.insert(sample.load_id);
  }
  using enum SampleRole;
  const auto& visits = Result(kCell).visits;
  ASSERT_EQ(visits.size(), 3U);
  const std::map<std::string, std::vector<SampleRole>> expected = {
      {visits[0].id, {kWarmUp, kMeasure, kMeasure}},
      {visits[1].id, {kWarmUp, kConfirm}},
      {visits[2].id, {kWarmUp, kControl, kControl}}};
  EXPECT_EQ(roles, expected);
  EXPECT_EQ(loads.size(), 3U);
  EXPECT_EQ(visits[2].role, kControl);
}

TEST_F(SweepTest, ALongSystemTextBeforeThePromptDoesNotRaiseTheRate) {
  driver_.system_tokens = 300;
  ASSERT_EQ(Run({kCell}).reason, Reason::kDone);
  EXPECT_EQ(CountedSamples(Result(kCell)), 3);
  for (const Sample& sample : Result(kCell).samples) {
    if (IsCounted(sample)) {
      EXPECT_NEAR(PromptEvalRate(sample.metrics).value(), 300, 0.01);
    }
  }
}

TEST_F(SweepTest, SaysOnceWhenTheSystemsClockIsSetBackAndMeasuresOn) {
  int runs = 0;
  driver_.on_run = [&] {
    if (++runs == 2) clock_.wall -= std::chrono::hours(1);
  };
  ASSERT_EQ(Run({kCell, kOther, {4096, 64}}).reason, Reason::kDone);
  ASSERT_EQ(observer_.notices.size(), 1U);
  EXPECT_EQ(observer_.notices[0].first, NoticeLevel::kWarning);
  EXPECT_NE(observer_.notices[0].second.find("clock was set back by "), std::string::npos)
      << observer_.notices[0].second;
  EXPECT_EQ(CountedSamples(Result(kOther)), 3);
}

TEST_F(SweepTest, TakesAWarmUpAndTheWantedSamplesWithOneLoad) {
  EXPECT_EQ(Run({kCell}).reason, Reason::kDone);
  const CellResult result = OnDisk(kCell);
  ASSERT_EQ(result.samples.size(), 4U);
  EXPECT_EQ(result.samples[0].role, SampleRole::kWarmUp);
  EXPECT_EQ(CountedSamples(result), 3);
  EXPECT_EQ(driver_.prepared.size(), 1U);
  ASSERT_EQ(result.visits.size(), 1U);
  EXPECT_GE(result.visits[0].load_id, kFirstUniqueLoad);
  for (const Sample& sample : result.samples) {
    EXPECT_EQ(sample.load_id, result.visits[0].load_id);
    EXPECT_EQ(sample.visit, result.visits[0].id);
  }
  EXPECT_TRUE(result.samples[0].create) << "the create belongs to the load's first run";
  EXPECT_FALSE(result.samples[1].create);
  EXPECT_EQ(result.samples[1].size_vram_bytes, 600);
}

TEST_F(SweepTest, WarmsUpWithTwoBatchesOfThePromptAtMost) {
  text_ = BuiltInText(2000);
  Run({{8192, 64}, {8192, 8000}});
  EXPECT_LT(driver_.prompts.front().size(), text_.size() / 8);
  EXPECT_GT(driver_.prompts.at(4).size(), text_.size());
}

TEST_F(SweepTest, StartsEveryPromptWithAnotherToken) {
  Run({kCell, kOther});
  std::set<char> first;
  for (const std::string& prompt : driver_.prompts) first.insert(prompt.front());
  EXPECT_EQ(first.size(), driver_.prompts.size());
}

TEST_F(SweepTest, AutoTakesOneSampleOfALongRunAndThreeOfAShortOne) {
  options_.repetitions.reset();
  driver_.rates[kOther] = 10;  // some 40 s for the prompt
  Run({kCell, kOther});
  EXPECT_EQ(CountedSamples(Result(kCell)), 3);
  EXPECT_EQ(CountedSamples(Result(kOther)), 1);
}

TEST_F(SweepTest, SavesEachSampleBeforeTheNextRun) {
  std::vector<int> saved;
  driver_.on_run = [&] {
    if (fs::exists(folder_ / "results.json")) saved.push_back(CountedSamples(OnDisk(kCell)));
  };
  Run({kCell});
  EXPECT_EQ(saved, (std::vector{1, 2})) << "before the second and the third counted run";
}

TEST_F(SweepTest, GoesOnWithAnInterruptedCellAsANewLoad) {
  driver_.on_run = [&] {
    if (driver_.prompts.size() == 4) stop_.Request(SIGINT);
  };
  Queue({std::nullopt, std::nullopt, std::nullopt, FakeDriver::Fail(kInterrupted)});
  EXPECT_EQ(Run({kCell}).reason, Reason::kStopRequested);
  EXPECT_EQ(CountedSamples(OnDisk(kCell)), 2);

  StopRequest again;
  store_.emplace(*ResultsStore::Load(files_, folder_ / "results.json"));
  EXPECT_EQ(Run({kCell}, again).reason, Reason::kDone);
  const CellResult result = OnDisk(kCell);
  EXPECT_EQ(CountedSamples(result), 3);
  ASSERT_EQ(result.visits.size(), 2U);
  EXPECT_EQ(result.samples.back().visit, result.visits[1].id);
  EXPECT_NE(result.visits[0].load_id, result.visits[1].load_id);
  EXPECT_EQ(CountVisits(result), (VisitCount{2, 0})) << "an interruption is no failure";
  EXPECT_EQ(result.samples[3].role, SampleRole::kWarmUp);
}

TEST_F(SweepTest, RetriesACrashOnceWithANewLoadAndKeepsItInItsVisit) {
  Queue({std::nullopt, FakeDriver::Fail(kRunnerCrash)});
  Run({kCell});
  EXPECT_EQ(driver_.prepared.size(), 2U);
  EXPECT_EQ(StatusOf(OnDisk(kCell)), CellStatus::kMeasured);
  EXPECT_EQ(CountVisits(OnDisk(kCell)), (VisitCount{2, 1}));
  EXPECT_EQ(CountedSamples(OnDisk(kCell)), 3);
  EXPECT_EQ(OnDisk(kCell).samples.back().attempt, 2);
}

TEST_F(SweepTest, RecordsACrashThatComesTwiceAndGoesOn) {
  Queue({FakeDriver::Fail(kRunnerCrash), FakeDriver::Fail(kRunnerCrash)});
  EXPECT_EQ(Run({kCell, kOther}).reason, Reason::kDone);
  EXPECT_EQ(FailureOnDisk(kCell).kind, kRunnerCrash);
  EXPECT_EQ(FailureOnDisk(kCell).attempts, 2);
  EXPECT_EQ(CountVisits(OnDisk(kCell)), (VisitCount{2, 2}));
  EXPECT_EQ(CountedSamples(OnDisk(kOther)), 3);
}

TEST_F(SweepTest, DoesNotRetryOutOfMemoryUnlessOthersHeldIt) {
  Queue({FakeDriver::Fail(kOutOfMemory)});
  Run({kCell});
  EXPECT_EQ(FailureOnDisk(kCell).attempts, 1);

  driver_.facts.other_models_loaded = {"big:70b"};
  Queue({FakeDriver::Fail(kOutOfMemory)});
  Run({kOther});
  EXPECT_EQ(StatusOf(OnDisk(kOther)), CellStatus::kMeasured);
}

TEST_F(SweepTest, WaitsForAServerThatWentAwayAndChargesNoCell) {
  Queue({FakeDriver::Fail(kServerUnavailable)});
  driver_.connect_failures = {FakeDriver::Fail(kServerUnavailable),
                              FakeDriver::Fail(kServerUnavailable)};
  EXPECT_EQ(Run({kCell}).reason, Reason::kDone);
  EXPECT_EQ(clock_.sleeps, 3);
  EXPECT_EQ(CountedSamples(OnDisk(kCell)), 3);
  EXPECT_EQ(OnDisk(kCell).samples.back().attempt, 1);
  ASSERT_EQ(observer_.notices.size(), 2U);
  EXPECT_NE(observer_.notices[0].second.find("waiting for the server"), std::string::npos);
}

TEST_F(SweepTest, StopsWhenAnotherVersionComesBack) {
  Queue({FakeDriver::Fail(kServerUnavailable)});
  clock_.on_sleep = [&] { driver_.facts.ollama_version = "0.13.5"; };
  const SweepOutcome outcome = Run({kCell});
  EXPECT_EQ(outcome.reason, Reason::kServerChanged);
  EXPECT_EQ(outcome.message,
            "the server came back as Ollama 0.13.5, the sweep was made with 0.11.4");
}

TEST_F(SweepTest, GivesUpOnAServerThatDiesUnderTheSameCellAgainAndAgain) {
  driver_.run_failures = {};
  for (int i = 0; i < 20; ++i) {
    driver_.run_failures.emplace_back(FakeDriver::Fail(kServerUnavailable));
  }
  EXPECT_EQ(Run({kCell}).reason, Reason::kHopeless);
  EXPECT_EQ(store_->Find(kCell), nullptr) << "it does not count against the cell";
}

TEST_F(SweepTest, AStopRequestEndsTheWaitForAServer) {
  Queue({FakeDriver::Fail(kServerUnavailable)});
  clock_.on_sleep = [&] { stop_.Request(SIGINT); };
  EXPECT_EQ(Run({kCell}).reason, Reason::kStopRequested);
}

TEST_F(SweepTest, StopsAtOnceWhenNoCellCanSucceed) {
  driver_.prepare_failures = {FakeDriver::Fail(kBadModelfile)};
  EXPECT_EQ(Run({kCell, kOther}).reason, Reason::kHopeless);
  EXPECT_EQ(driver_.prepared.size(), 0U);
}

TEST_F(SweepTest, ReportsAPromptThatTheContextCutsAndNeverCountsIt) {
  text_ = BuiltInText(1500);  // some 2000 tokens
  Run({kCell});
  const CellResult result = OnDisk(kCell);
  EXPECT_EQ(FailureOnDisk(kCell).kind, kPromptTruncated);
  EXPECT_EQ(CountedSamples(result), 0);
  EXPECT_EQ(result.samples.back().excluded, Exclusion::kTruncated);
}

TEST_F(SweepTest, DoesNotEvenLoadACellThatIsKnownToBeTooSmall) {
  text_ = BuiltInText(1500);
  Run({{8192, 64}, kCell});
  EXPECT_EQ(driver_.prepared.size(), 1U);
  EXPECT_EQ(FailureOnDisk(kCell).kind, kPromptTruncated);
}

TEST_F(SweepTest, ALargerCountLaterShowsThatAnEarlierCellWasCut) {
  // A server that halves without a word, under a prompt whose start promises few tokens.
  Run({kCell});
  ASSERT_EQ(CountedSamples(OnDisk(kCell)), 3);
  text_ += BuiltInText(100);
  Run({kOther});
  EXPECT_EQ(CountedSamples(OnDisk(kOther)), 3);
  EXPECT_EQ(CountedSamples(OnDisk(kCell)), 0);
  EXPECT_EQ(FailureOnDisk(kCell).kind, kPromptTruncated);
}

TEST_F(SweepTest, ExcludesCachedRunsAndGivesTheCellUpAfterThree) {
  driver_.cached_share = 0.9;
  Run({kCell});
  EXPECT_EQ(FailureOnDisk(kCell).kind, kNoMetrics);
  EXPECT_EQ(OnDisk(kCell).samples.back().excluded, Exclusion::kCached);
}

TEST_F(SweepTest, DoesNotCountASampleOfAnotherContext) {
  driver_.effective_context = 512;
  Run({kCell});
  EXPECT_EQ(CountedSamples(OnDisk(kCell)), 0);
  EXPECT_EQ(OnDisk(kCell).samples.back().excluded, Exclusion::kWrongContext);
  EXPECT_EQ(FailureOnDisk(kCell).message, "the server uses num_ctx 512 where 1024 was asked for");
}

TEST_F(SweepTest, MarksAFirstSampleThatSettlesAndTakesAnother) {
  options_.repetitions = 4;
  driver_.on_run = [&] { driver_.rates[kCell] = driver_.prompts.size() <= 2 ? 200 : 300; };
  Run({kCell});
  const CellResult result = OnDisk(kCell);
  EXPECT_EQ(result.samples[1].excluded, Exclusion::kSettling);
  EXPECT_EQ(CountedSamples(result), 4);
  EXPECT_NEAR(MedianPromptEvalRate(result).value(), 300, 1);
}

TEST_F(SweepTest, MarksAtMostOneSampleOfALoadAsSettling) {
  options_.repetitions = 4;
  const std::vector<double> rates = {300, 200, 260, 300, 300, 300, 300};
  driver_.on_run = [&] { driver_.rates[kCell] = rates.at(driver_.prompts.size() - 1); };
  Run({kCell});
  const CellResult result = OnDisk(kCell);
  ASSERT_EQ(result.samples.size(), 6U) << "one more in the place of the first";
  EXPECT_EQ(result.samples[1].excluded, Exclusion::kSettling);
  EXPECT_EQ(result.samples[2].excluded, std::nullopt);
  EXPECT_EQ(CountedSamples(result), 4);
}

TEST_F(SweepTest, ADisturbedSampleIsKeptDoesNotCountAndIsMeasuredAgainWithTheSameLoad) {
  probe_.disturbed_runs = {2};
  ASSERT_EQ(Run({kCell}).reason, Reason::kDone);
  const CellResult result = OnDisk(kCell);
  ASSERT_EQ(result.samples.size(), 5U) << "a warm-up, three, and one in the place of the second";
  EXPECT_EQ(CountedSamples(result), 3);
  for (std::size_t i = 0; i < result.samples.size(); ++i) {
    EXPECT_EQ(result.samples[i].disturbed.has_value(), i == 2) << i;
    EXPECT_EQ(result.samples[i].excluded, std::nullopt) << i;
    EXPECT_EQ(result.samples[i].load_id, result.samples[0].load_id) << i;
  }
  EXPECT_EQ(result.samples[2].disturbed, FakeProbe::kFound);
  EXPECT_EQ(driver_.prepared.size(), 1U);
  EXPECT_FALSE(EndedDisturbed(result));
  ASSERT_EQ(observer_.notices.size(), 1U);
  EXPECT_NE(observer_.notices[0].second.find("other programs used 1.4 CPUs"), std::string::npos);
}

TEST_F(SweepTest, WhatWasReadOfTheMachineIsSummedUpInTheSampleAndKeptWhereItIsMuch) {
  probe_.next = TenWatts(20);
  ASSERT_EQ(Run({kCell}).reason, Reason::kDone);
  probe_.next = TenWatts(3);
  ASSERT_EQ(Run({kOther}).reason, Reason::kDone);
  const CellResult result = OnDisk(kCell);
  EXPECT_FALSE(result.samples[0].telemetry) << "a warm-up";
  EXPECT_EQ(sink_.readings.size(), 3U);
  for (std::size_t i = 1; i < result.samples.size(); ++i) {
    EXPECT_EQ(result.samples[i].telemetry->cpu_energy_j, 200);
    EXPECT_EQ(sink_.readings.at(result.samples[i].id).readings.size(), 21U);
  }
  EXPECT_EQ(OnDisk(kOther).samples[1].telemetry->cpu_energy_j, 30);
}

TEST_F(SweepTest, ReadingsThatCannotBeKeptAreSaidOnceAndStopNothing) {
  probe_.next = TenWatts(20);
  sink_.fails = true;
  ASSERT_EQ(Run({kCell}).reason, Reason::kDone);
  EXPECT_EQ(CountedSamples(Result(kCell)), 3);
  EXPECT_TRUE(Result(kCell).samples[1].telemetry);
  ASSERT_EQ(observer_.notices.size(), 1U);
  EXPECT_NE(observer_.notices[0].second.find("disk full"), std::string::npos);
}

TEST_F(SweepTest, AFailedRunIsNotWatchedAnyLonger) {
  Queue({std::nullopt, Failure{kUnknown, "broken", {}, 1}, Failure{kUnknown, "broken", {}, 1}});
  Run({kCell});
  EXPECT_GE(probe_.cancelled, 1);
}

TEST_F(SweepTest, AVisitSaysWhatItsLoadReadFromTheDisks) {
  probe_.disk_bytes = 1000;
  driver_.on_run = [&] { *probe_.disk_bytes += 500; };
  ASSERT_EQ(Run({kCell}).reason, Reason::kDone);
  EXPECT_EQ(OnDisk(kCell).visits.at(0).load_disk_bytes, 500) << "with the first run alone";
  driver_.stays_loaded = true;
  ASSERT_EQ(RunVisits({{kOther, SampleRole::kMeasure, 1}}).reason, Reason::kDone);
  EXPECT_EQ(OnDisk(kOther).visits.at(0).load_disk_bytes, std::nullopt) << "it was loaded";
}

TEST_F(SweepTest, ALoadThatStaysDisturbedEndsAndTheSweepGoesOn) {
  probe_.disturbed_runs = {1, 2, 3, 4};
  ASSERT_EQ(Run({kCell, kOther}).reason, Reason::kDone);
  EXPECT_EQ(Result(kCell).samples.size(), 5U) << "a warm-up, one, and three in its place";
  EXPECT_EQ(CountedSamples(Result(kCell)), 0);
  EXPECT_EQ(StatusOf(Result(kCell)), CellStatus::kUntested);
  EXPECT_TRUE(EndedDisturbed(Result(kCell)));
  EXPECT_EQ(CountedSamples(Result(kOther)), 3);
}

TEST_F(SweepTest, OnAMachineThatIsNeverQuietALoadIsSoonDisturbedOnceAndTheReasonToldOnce) {
  probe_.always = true;
  ASSERT_EQ(Run({{1024, 1}, {1024, 2}, {1024, 3}, {1024, 4}, {1024, 5}}).reason, Reason::kDone);
  std::vector<std::size_t> taken;
  for (int i = 1; i <= 5; ++i) taken.push_back(Result({1024, i}).samples.size() - 1);
  EXPECT_EQ(taken, (std::vector<std::size_t>{4, 4, 4, 1, 1}));
  ASSERT_EQ(observer_.notices.size(), 4U) << "one for each cell at first, and why they end";
  EXPECT_NE(observer_.notices[3].second.find("--ignore-disturbance"), std::string::npos);
  EXPECT_NE(observer_.notices[2].second, observer_.notices[3].second);
}

TEST_F(SweepTest, ASampleThatIsExcludedAsWellCountsAgainstTheCell) {
  probe_.always = true;
  driver_.effective_context = 512;
  ASSERT_EQ(Run({kCell}).reason, Reason::kDone);
  EXPECT_EQ(FailureOf(Result(kCell))->kind, kCannotLoad);
  EXPECT_TRUE(Result(kCell).samples.back().disturbed);
}

TEST_F(SweepTest, TheDecodeRateIsMeasuredOnceAfterTheSamplesWhereTheVisitAsksForIt) {
  std::size_t runs_before = 0;
  driver_.on_decode = [&] { runs_before = driver_.prompts.size(); };
  Visit visit{kCell, SampleRole::kMeasure, std::nullopt};
  ASSERT_EQ(RunVisits({visit}).reason, Reason::kDone);
  EXPECT_EQ(driver_.decodes, 0);
  visit.cell = kOther;
  visit.decode = true;
  ASSERT_EQ(RunVisits({visit}).reason, Reason::kDone);
  EXPECT_EQ(driver_.decodes, 1);
  EXPECT_EQ(runs_before, 8U) << "all runs of both visits";
  EXPECT_EQ(LatestVisit(OnDisk(kCell))->decode, std::nullopt);
  const DecodeRun expected{64, 63 * std::chrono::milliseconds(20)};
  EXPECT_EQ(LatestVisit(OnDisk(kOther))->decode, expected);
  EXPECT_EQ(OnDisk(kOther).samples.size(), 4U) << "it is no sample";
}

TEST_F(SweepTest, ADisturbedDecodeRequestIsLeftOut) {
  probe_.disturbed_runs = {4};
  Visit visit{kCell, SampleRole::kMeasure, std::nullopt};
  visit.decode = true;
  ASSERT_EQ(RunVisits({visit}).reason, Reason::kDone);
  EXPECT_EQ(driver_.decodes, 1);
  EXPECT_EQ(CountedSamples(Result(kCell)), 3);
  EXPECT_EQ(LatestVisit(Result(kCell))->decode, std::nullopt);
}

TEST_F(SweepTest, ADecodeRequestThatFailsFailsNothing) {
  for (const FailureKind kind : {kServerUnavailable, kOutOfMemory, kTimeout, kModelMissing}) {
    driver_.decode_failures = {FakeDriver::Fail(kind)};
    Visit visit{{1024, static_cast<int>(kind) + 1}, SampleRole::kMeasure, std::nullopt};
    visit.decode = true;
    ASSERT_EQ(RunVisits({visit}).reason, Reason::kDone);
    EXPECT_EQ(StatusOf(Result(visit.cell)), CellStatus::kMeasured);
    EXPECT_EQ(LatestVisit(Result(visit.cell))->failure, std::nullopt);
    EXPECT_EQ(LatestVisit(Result(visit.cell))->decode, std::nullopt);
    EXPECT_EQ(CountedSamples(Result(visit.cell)), 3);
  }
}

TEST_F(SweepTest, MakesTheBuiltInPromptOfTheWantedSizeOnce) {
  text_.clear();
  options_.built_in_tokens = 400;
  Run({kCell, kOther});
  const auto store = ResultsStore::Load(files_, folder_ / "results.json");
  const Metadata& metadata = store->metadata();
  EXPECT_NEAR(static_cast<double>(metadata.identity.prompt_tokens.value()), 400, 4);
  EXPECT_EQ(metadata.identity.prompt_sha256, Sha256Hex(BuiltInText(*metadata.prompt_words)));
  EXPECT_EQ(CountedSamples(OnDisk(kCell)), 3);
  EXPECT_EQ(CountedSamples(OnDisk(kOther)), 3);
}

TEST_F(SweepTest, PausesOnAFullDiskAndLosesNothing) {
  fs::permissions(folder_, fs::perms::owner_read | fs::perms::owner_exec);
  if (getuid() == 0) {
    // Root writes anywhere; a file in place of the folder refuses even root.
    fs::permissions(folder_, fs::perms::owner_all);
    fs::remove_all(folder_);
    std::FILE* file = std::fopen(folder_.c_str(), "w");
    std::fclose(file);
  }
  clock_.on_sleep = [&] {
    if (clock_.sleeps < 3) return;
    if (fs::is_regular_file(folder_)) fs::remove(folder_);
    fs::create_directories(folder_);
    fs::permissions(folder_, fs::perms::owner_all);
  };
  EXPECT_EQ(Run({kCell}).reason, Reason::kDone);
  EXPECT_EQ(CountedSamples(OnDisk(kCell)), 3);
  ASSERT_EQ(observer_.notices.size(), 1U) << "said once, not at every try";
  EXPECT_NE(observer_.notices[0].second.find("measuring pauses"), std::string::npos);
}

TEST_F(SweepTest, ARunnerThatTheKernelEndedForMemoryIsOutOfMemoryWhateverTheWords) {
  for (const FailureKind kind : {kRunnerCrash, kUnknown, kNoMetrics, kServerUnavailable}) {
    const Cell cell{1024, 64 + static_cast<int>(kind)};
    Queue({FakeDriver::Fail(kind)});
    watch_.fates = {{true, true}};
    EXPECT_EQ(Run({cell}).reason, Reason::kDone);
    EXPECT_EQ(FailureOnDisk(cell).kind, kOutOfMemory);
    EXPECT_EQ(FailureOnDisk(cell).attempts, 1);
  }
  EXPECT_GE(watch_.begun, 4) << "before each visit";
}

TEST_F(SweepTest, AFailureInWhichTheServerItselfEndedCountsAgainstNoCell) {
  for (const FailureKind kind : {kRunnerCrash, kUnknown, kNoMetrics}) {
    const Cell cell{1024, 64 + static_cast<int>(kind)};
    Queue({FakeDriver::Fail(kind)});
    watch_.fates = {{false, false}};
    EXPECT_EQ(Run({cell}).reason, Reason::kDone);
    EXPECT_EQ(CountVisits(OnDisk(cell)), (VisitCount{1, 0}));
  }
}

TEST_F(SweepTest, AVagueFailureOfAServerThatDoesNotAnswerIsTheServers) {
  Queue({FakeDriver::Fail(kUnknown)});
  driver_.connect_failures = {FakeDriver::Fail(kServerUnavailable),
                              FakeDriver::Fail(kServerUnavailable)};
  EXPECT_EQ(Run({kCell}).reason, Reason::kDone);
  EXPECT_EQ(CountVisits(OnDisk(kCell)), (VisitCount{1, 0}));
}

TEST_F(SweepTest, ALostConnectionToAServerThatRunsOnIsTheCellsAndEndsNoSweep) {
  Queue({FakeDriver::Fail(kServerUnavailable), FakeDriver::Fail(kServerUnavailable)});
  watch_.fates = {{true, false}, {true, false}};
  EXPECT_EQ(Run({kCell, kOther}).reason, Reason::kDone);
  EXPECT_EQ(FailureOnDisk(kCell).kind, kRunnerCrash);
  EXPECT_EQ(CountedSamples(OnDisk(kOther)), 3);
}

TEST_F(SweepTest, WaitsForAServerThatIsBusyThoughItRunsAndChargesNoCell) {
  Queue({FakeDriver::Fail(kServerBusy)});
  watch_.fates = {{true, false}};
  EXPECT_EQ(Run({kCell}).reason, Reason::kDone);
  EXPECT_EQ(CountVisits(OnDisk(kCell)), (VisitCount{1, 0}));
}

TEST_F(SweepTest, AServerThatRefusesStopsTheSweepAndBlamesNoCell) {
  Queue({FakeDriver::Fail(kRefused)});
  EXPECT_EQ(Run({kCell, kOther}).reason, Reason::kHopeless);
  EXPECT_EQ(store_->Find(kCell), nullptr);
}

TEST_F(SweepTest, TheSameFailureBeforeAnyLoadOfTheFirstTwoCellsIsEverybodysAndStopsTheSweep) {
  for (int i = 0; i < 9; ++i) driver_.prepare_failures.emplace_back(FakeDriver::Fail(kUnknown));
  const SweepOutcome outcome = Run({kCell, kOther, {4096, 64}, {8192, 64}});
  EXPECT_EQ(outcome.reason, Reason::kHopeless);
  EXPECT_EQ(outcome.message.substr(0, 17), "as the test wants");
  EXPECT_EQ(driver_.prepare_failures.size(), 9U - 4U) << "each of the two was tried twice";
  EXPECT_EQ(store_->Find(kCell), nullptr);
  EXPECT_EQ(store_->Find(kOther), nullptr);
}

TEST_F(SweepTest, AFailureOfTheLoadIsEverybodysOnlyWhereTheSmallestFailsAlike) {
  for (int i = 0; i < 5; ++i) driver_.run_failures.emplace_back(FakeDriver::Fail(kUnknown));
  EXPECT_EQ(Run({kOther, {4096, 64}, {8192, 64}}).reason, Reason::kHopeless);
  EXPECT_EQ(driver_.prepared.back(), (Cell{512, 32}));
  // Two cells that need too much say nothing of the third.
  driver_.run_failures.clear();
  for (int i = 0; i < 4; ++i) driver_.run_failures.emplace_back(FakeDriver::Fail(kUnknown));
  EXPECT_EQ(Run({kOther, {4096, 64}, kCell}).reason, Reason::kDone);
  EXPECT_EQ(CountedSamples(OnDisk(kCell)), 3);
  EXPECT_EQ(FailureOnDisk(kOther).kind, kUnknown);
}

TEST_F(SweepTest, MemoryThatIsShortInTheFirstTwoCellsStopsNothing) {
  Queue({FakeDriver::Fail(kOutOfMemory), FakeDriver::Fail(kOutOfMemory)});
  EXPECT_EQ(Run({{8192, 64}, {4096, 64}, kCell}).reason, Reason::kDone);
  EXPECT_EQ(CountedSamples(OnDisk(kCell)), 3);
}

TEST_F(SweepTest, ModelsThatOthersLoadMeanwhileAreNamedAndMemoryIsTriedAgain) {
  driver_.on_run = [&] { driver_.facts.other_models_loaded = {"big:70b"}; };
  Queue({std::nullopt, std::nullopt, std::nullopt, std::nullopt, FakeDriver::Fail(kOutOfMemory)});
  Run({kCell, kOther});
  EXPECT_EQ(StatusOf(OnDisk(kOther)), CellStatus::kMeasured) << "tried once more";
  bool is_named = false;
  for (const auto& [level, text] : observer_.notices) {
    is_named = is_named || text.find("big:70b") != std::string::npos;
  }
  EXPECT_TRUE(is_named);
}

TEST_F(SweepTest, AContextThatTheServerRaisesIsAnAliasAndNoFailure) {
  driver_.effective_context = 2048;
  Run({kCell});
  const CellResult result = OnDisk(kCell);
  EXPECT_EQ(StatusOf(result), CellStatus::kAlias);
  EXPECT_EQ(result.alias_of, kOther);
  EXPECT_EQ(result.reason, "the server uses num_ctx 2048 where 1024 was asked for");
}

TEST_F(SweepTest, ALongRunIsTakenOnceThoughMoreWereAskedForWithoutKnowingIt) {
  options_.repetitions.reset();
  RunVisits({{kCell, SampleRole::kConfirm, 3, false}});
  EXPECT_EQ(CountedSamples(OnDisk(kCell)), 3);
  driver_.rates[kOther] = 20;  // 300 tokens take 15 s
  RunVisits({{kOther, SampleRole::kConfirm, 3, false}});
  EXPECT_EQ(CountedSamples(OnDisk(kOther)), 1);
}

TEST_F(SweepTest, MarksNoSampleAsSettlingInALoadThatServedAnotherCellBefore) {
  options_.repetitions = 4;
  Run({kCell});
  driver_.stays_loaded = true;
  const std::size_t before = driver_.prompts.size();
  driver_.on_run = [&] {
    driver_.rates[kOther] = driver_.prompts.size() == before + 1 ? 200 : 300;
  };
  Run({kOther});
  for (const Sample& sample : OnDisk(kOther).samples) EXPECT_EQ(sample.excluded, std::nullopt);
}

}  // namespace
}  // namespace ollama_bench
