#include "ollama_bench/session/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/plan/pending.h"
#include "ollama_bench/search/block_race.h"
#include "ollama_bench/session/sweep_rules.h"
#include "support/load_results.h"
#include "support/recording_observer.h"
#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

/// Leaves in `kept` what it was told, when it goes.
class KeptObserver : public RecordingObserver {
 public:
  explicit KeptObserver(RecordingObserver& kept) : kept_(kept) {}
  ~KeptObserver() override { kept_ = *this; }

 private:
  RecordingObserver& kept_;
};

/// Sessions over a recording of two cells, in a folder of their own.
class SessionTest : public ::testing::Test {
 protected:
  SessionTest() {
    options_.session.results = folder_ / "results.json";
    options_.session.driver.replay = folder_ / "recording.json";
    config_.repetitions = 2;
    config_.extra = 0;
    Record();
  }

  void Record() {
    Metadata metadata;
    metadata.identity.model = "smollm2";
    metadata.identity.ollama_version = "0.11.4";
    auto store = ResultsStore::Create(files_, options_.session.driver.replay, metadata);
    NoisyMachine machine(1, 0, 0);
    for (const CellResult& result : machine.Sweep({300, 200}, 3, 1)) {
      for (const Sample& sample : result.samples) {
        store.AddSample(result.cell, sample, sample.started);
      }
    }
    ASSERT_TRUE(store.Commit());
  }

  /// A whole start, as `run` makes it.
  Expected<SweepOutcome, SessionError> Start() {
    notices_ = RecordingObserver();
    progress_ = RecordingObserver();
    Session session(options_.session, config_, stop_, notices_);
    if (auto step = session.Begin(GridSize::kSweep); !step) {
      return Unexpected<SessionError>(step.error());
    }
    const Pending pending = FindPending(session.PlannedCells(), session.store().results(),
                                        PendingRulesOf(options_, session.config()));
    BlockRace race(pending.cells, session.store().results(),
                   RaceOptionsOf(options_, session.config(), pending, std::nullopt));
    return session.Measure(race, std::make_unique<KeptObserver>(progress_),
                           session.RunnerOptions());
  }

  /// Rates of the counted samples of a cell on the disk.
  std::vector<double> StoredRates(const Cell& cell) {
    const auto store = ResultsStore::Load(files_, options_.session.results);
    std::vector<double> rates;
    if (!store || store->Find(cell) == nullptr) return rates;
    for (const Sample& sample : store->Find(cell)->samples) {
      const auto rate = Describe(Metric::kPromptEvalRate).value(sample);
      if (IsCounted(sample)) rates.push_back(rate.value_or(0));
    }
    return rates;
  }

  TemporaryFolder folder_;
  PosixFileSystem files_;
  StopRequest stop_;
  RunOptions options_;
  SweepConfig config_;
  RecordingObserver notices_;
  RecordingObserver progress_;
};

TEST_F(SessionTest, MeasuresAGridWithoutATerminal) {
  const auto outcome = Start();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, SweepOutcome::Reason::kDone);
  EXPECT_EQ(ExitCodeOf(*outcome, true), ExitCode::kDone);
  EXPECT_THAT(StoredRates({2048, 512}), ElementsAre(300, 300));
  EXPECT_THAT(StoredRates({4096, 512}), ElementsAre(200, 200));
  EXPECT_EQ(progress_.ended.size(), 2U);
  EXPECT_THAT(progress_.started, ElementsAre(Cell{2048, 512}, Cell{4096, 512}));
}

TEST_F(SessionTest, TellsItsObserverEachWarningOnceAndLetsTheStoreRememberThem) {
  options_.session.wait_quiet = "";
  ASSERT_TRUE(Start());
  EXPECT_THAT(
      notices_.notices,
      ElementsAre(Pair(NoticeLevel::kWarning, HasSubstr("without --replay-noise")),
                  Pair(NoticeLevel::kWarning, HasSubstr("--wait-quiet: the server is not"))));
  const auto store = ResultsStore::Load(files_, options_.session.results);
  ASSERT_TRUE(store);
  EXPECT_TRUE(store->metadata().replayed);
  EXPECT_THAT(store->metadata().warnings,
              ElementsAre(HasSubstr("without --replay-noise"), HasSubstr("--wait-quiet")));
}

TEST_F(SessionTest, AStartThatFindsAllMeasuredMeasuresNothing) {
  ASSERT_TRUE(Start());
  const std::string before = folder_.Read("results.json");
  const auto outcome = Start();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, SweepOutcome::Reason::kDone);
  EXPECT_THAT(progress_.started, IsEmpty());
  EXPECT_THAT(StoredRates({2048, 512}), ElementsAre(300, 300));
  EXPECT_EQ(folder_.Read("results.json"), before);
}

TEST_F(SessionTest, AStopBeforeTheFirstCellMeasuresNothing) {
  stop_.Request(2);
  const auto outcome = Start();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->reason, SweepOutcome::Reason::kStopRequested);
  EXPECT_THAT(progress_.started, IsEmpty());
}

TEST_F(SessionTest, RefusesARecordingThatIsNotThereBeforeAnythingIsWritten) {
  options_.session.driver.replay = folder_ / "nothing.json";
  const auto outcome = Start();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ExitCode::kUsage);
  EXPECT_THAT(outcome.error().message, HasSubstr("nothing.json"));
  EXPECT_FALSE(std::filesystem::exists(options_.session.results));
  EXPECT_THAT(notices_.notices, IsEmpty());
}

}  // namespace
}  // namespace ollama_bench
