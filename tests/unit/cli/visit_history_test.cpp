// Random histories of visits (good, failed, interrupted, killed), written by real sweeps on a fake
// server: all that reads the file must say the same of each cell, also after a merge.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <stdexcept>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/plan/pending.h"
#include "ollama_bench/plan/plan_cells.h"
#include "ollama_bench/session/stored_sweep.h"
#include "ollama_bench/store/merge.h"
#include "ollama_bench/sweep/sweep.h"
#include "status_command.h"
#include "support/fake_driver.h"
#include "support/listed_cells.h"
#include "support/memory_file_system.h"
#include "support/pair.h"
#include "support/recording_observer.h"
#include "support/seed.h"

namespace ollama_bench {
namespace {

constexpr int kRepetitions = 3;
const Space kSpace = PairSpace({1024, 2048}, {64, 128});

struct Killed : std::exception {};

/// Starts of a program on one store file; each makes a few visits.
class Starts {
 public:
  Starts(MemoryFileSystem& files, unsigned seed) : files_(files), random_(seed) {
    clock_.wall += std::chrono::hours(seed % 100);
  }

  void Create(const std::string& name) {
    Metadata metadata;
    metadata.store_id = "store";
    metadata.identity = {"smollm2", "sha256:1", "p", {}, 2, "cli", "0.11.4"};
    SetPlan(metadata, kSpace, WorkloadKind::kPrefill, kSpace.CellCount());
    files_.files.erase(name);
    ResultsStore store = ResultsStore::Create(files_, name, metadata);
    ASSERT_TRUE(store.Commit());
  }

  // What the sweep reports as saved is added to `saved`.
  void Start(const std::string& name) {
    ResultsStore store = std::move(*ResultsStore::Load(files_, name));
    StopRequest stop;
    StoreSaver saver(store, clock_, observer_, stop);
    UlidSource ids(clock_);
    const CellRunnerSeams seams{driver_, store, saver, clock_, observer_, ids};
    CellRunnerOptions options;
    options.repetitions = kRepetitions;
    options.start = {ids.Next(), FormatTimestamp(clock_.WallTime()), "rig"};
    started.insert(options.start.id);
    PromptFeed feed(0);
    feed.SetText(BuiltInText(250));
    CellRunner runner(options, seams, feed);
    ListedCells visits(SomeVisits());
    Disturb(stop);
    try {
      Sweep(runner, seams, visits, stop, driver_.facts).Run();
    } catch (const Killed&) {
      ++kills;
    }
    for (const Sample& sample : observer_.samples) saved.insert(sample.id);
    clock_.Advance(std::chrono::minutes(1));
  }

  std::set<std::string> saved;
  std::set<std::string> started;
  int kills = 0;

 private:
  std::size_t Below(std::size_t n) { return random_() % n; }

  std::vector<Visit> SomeVisits() {
    const std::vector<Cell> cells = PlanCells(kSpace, false);
    std::vector<Visit> visits;
    for (std::size_t i = Below(4) + 1; i > 0; --i) {
      using enum SampleRole;
      const SampleRole role = std::array{kMeasure, kConfirm, kControl}[Below(3)];
      const auto samples = role == kMeasure ? std::nullopt : std::optional(kRepetitions);
      visits.push_back({cells[Below(cells.size())], role, samples});
    }
    return visits;
  }

  void Disturb(StopRequest& stop) {
    using enum FailureKind;
    static constexpr std::array kKinds = {kOutOfMemory, kRunnerCrash, kTimeout, kServerUnavailable};
    driver_.run_failures.clear();
    for (int i = 0; i < 30; ++i) {
      auto& failure = driver_.run_failures.emplace_back();
      if (Below(6) == 0) failure = FakeDriver::Fail(kKinds[Below(kKinds.size())]);
    }
    const std::size_t end = Below(40);
    const bool is_kill = Below(2) == 0;
    driver_.on_run = [this, &stop, end, is_kill, run = std::size_t{0}]() mutable {
      if (run++ != end) return;
      if (is_kill) throw Killed();
      stop.Request(SIGINT);
      driver_.run_failures.assign(1, FakeDriver::Fail(kInterrupted));
    };
  }

  MemoryFileSystem& files_;
  std::mt19937 random_;
  FakeClock clock_;
  FakeDriver driver_{clock_};
  RecordingObserver observer_;
};

class VisitHistoryTest : public testing::Test {
 protected:
  ResultsStore Load(const std::string& name) {
    return std::move(*ResultsStore::Load(files_, name));
  }

  std::string Merge(const std::vector<std::filesystem::path>& names) {
    const auto merged = MergeStores(files_, names);
    EXPECT_TRUE(merged && merged->conflicts.empty());
    files_.Save("merged", merged->text);
    return merged->text;
  }

  static std::string StateIn(const ResultTable& table, const Cell& cell) {
    for (std::size_t row = 0; row < table.rows(); ++row) {
      for (std::size_t column = 0; column < table.columns(); ++column) {
        if (table.CellAt(row, column) != cell) continue;
        const CellState& state = table.At(row, column);
        if (std::holds_alternative<Measured>(state)) return "measured";
        return std::holds_alternative<Failed>(state) ? "failed" : "untested";
      }
    }
    return "absent";
  }

  // status, heatmap and run on one file, against the visits that the file holds.
  void ExpectOneView(const std::string& name) {
    const ResultsStore store = Load(name);
    const std::vector<Cell> cells = PlanCells(kSpace, false);
    const auto report = ReportOf(store, Metric::kPromptEvalRate);
    ASSERT_TRUE(report);
    std::size_t failed = 0;
    std::size_t measured = 0;
    for (const Cell& cell : cells) {
      const CellResult* result = store.Find(cell);
      const bool has_sample = result != nullptr && CountedSamples(*result) > 0;
      const bool has_failure =
          result != nullptr &&
          std::any_of(result->visits.begin(), result->visits.end(), [](const VisitRecord& visit) {
            return visit.failure && visit.failure->kind != FailureKind::kServerUnavailable;
          });
      const std::string wanted = has_sample ? "measured" : has_failure ? "failed" : "untested";
      ASSERT_EQ(StateIn(report->tables.at(0), cell), wanted) << NameOf(cell);
      const Pending one =
          FindPending(std::vector{cell}, store.results(), {kRepetitions, false, {}});
      ASSERT_EQ(one.failed, wanted == "failed" ? 1U : 0U) << NameOf(cell);
      if (one.done == 1) {
        ASSERT_EQ(wanted, "measured") << NameOf(cell);
      }
      PendingRules retry{kRepetitions, true, {}};
      ASSERT_EQ(FindPending(std::vector{cell}, store.results(), retry).cells.size(),
                one.failed + one.cells.size());
      failed += wanted == "failed" ? 1 : 0;
      measured += wanted == "measured" ? 1 : 0;
    }
    const StoreStatus status = DescribeStore(store, std::nullopt);
    ASSERT_EQ(status.failed, failed);
    ASSERT_LE(status.succeeded, measured);
    ASSERT_EQ(status.cells, cells.size());
  }

  void ExpectWhole(const std::string& name, const std::set<std::string>& saved,
                   const std::set<std::string>& started) {
    const ResultsStore store = Load(name);
    std::set<std::string> samples;
    std::map<std::string, std::set<std::int64_t>> loads_of;
    std::set<std::int64_t> loads;
    for (const CellResult& result : store.results()) {
      for (const VisitRecord& visit : result.visits) {
        ASSERT_TRUE(started.contains(visit.start));
        loads_of[visit.id].insert(visit.load_id);
        ASSERT_TRUE(loads.insert(visit.load_id).second) << "a load twice";
      }
      for (const Sample& sample : result.samples) {
        ASSERT_TRUE(samples.insert(sample.id).second);
        ASSERT_TRUE(loads_of.contains(sample.visit)) << "a sample without its visit";
        ASSERT_TRUE(loads_of[sample.visit].contains(sample.load_id)) << "two loads in one visit";
      }
    }
    for (const std::string& id : saved) ASSERT_TRUE(samples.contains(id)) << "lost " << id;
    const auto& starts = store.metadata().starts;
    for (const StartRecord& start : starts) ASSERT_TRUE(started.contains(start.id));
    for (const CellResult& result : store.results()) {
      for (const VisitRecord& visit : result.visits) {
        ASSERT_TRUE(std::any_of(starts.begin(), starts.end(),
                                [&](const auto& start) { return start.id == visit.start; }));
      }
    }
  }

  MemoryFileSystem files_;
};

TEST_F(VisitHistoryTest, AllCommandsSayTheSameOfACellWhateverHappenedToIt) {
  const unsigned seed = PrintedSeed();
  int kills = 0;
  for (unsigned round = 0; round < 60; ++round) {
    Starts starts(files_, seed + round);
    starts.Create("one");
    for (int i = 0; i < 6; ++i) {
      starts.Start("one");
      ExpectOneView("one");
      ExpectWhole("one", starts.saved, starts.started);
      ASSERT_FALSE(HasFatalFailure()) << "seed " << seed << " round " << round;
    }
    kills += starts.kills;
  }
  std::cout << kills << " of 360 starts killed\n";
  EXPECT_GT(kills, 10);
}

TEST_F(VisitHistoryTest, CopiesContinuedApartAndMergedInAnyOrderAreOneHistory) {
  const unsigned seed = PrintedSeed();
  std::size_t visits = 0;
  for (unsigned round = 0; round < 40; ++round) {
    Starts before(files_, seed + round);
    before.Create("a");
    before.Start("a");
    files_.Save("b", files_.TextOf("a"));
    files_.Save("c", files_.TextOf("a"));
    std::set<std::string> saved = before.saved;
    std::set<std::string> started = before.started;
    for (const char* name : {"a", "b", "c"}) {
      Starts apart(files_, seed + 1000 * round + static_cast<unsigned char>(*name));
      for (int i = 0; i < 3; ++i) apart.Start(name);
      saved.merge(apart.saved);
      started.merge(apart.started);
    }
    const std::string all = Merge({"a", "b", "c"});
    ExpectOneView("merged");
    ExpectWhole("merged", saved, started);
    const ResultsStore merged = Load("merged");
    for (const CellResult& result : merged.results()) visits += result.visits.size();
    std::vector<std::filesystem::path> order = {"a", "b", "c"};
    do {
      ASSERT_EQ(Merge(order), all);
    } while (std::next_permutation(order.begin(), order.end()));
    Merge({"a", "b"});
    files_.Save("ab", files_.TextOf("merged"));
    ASSERT_EQ(Merge({"c", "ab"}), all);
    ASSERT_EQ(Merge({"merged", "a", "merged"}), all);
    ASSERT_FALSE(HasFatalFailure()) << "seed " << seed << " round " << round;
  }
  std::cout << visits << " visits, each with a load of its own\n";
}

TEST_F(VisitHistoryTest, AFailedConfirmLeavesAMeasuredCellInEveryView) {
  Starts starts(files_, 1);
  starts.Create("one");
  ResultsStore store = Load("one");
  const Cell cell{1024, 64};
  for (int i = 0; i < kRepetitions; ++i) {
    Sample sample;
    sample.id = "S" + std::to_string(i);
    sample.visit = "V1";
    sample.load_id = kFirstUniqueLoad;
    sample.metrics.printed_prompt_eval_rate = 100;
    store.AddSample(cell, sample, "2026-11-21T07:00:00+00:00");
  }
  VisitRecord visit{"V1", SampleRole::kMeasure, "2026-11-21T07:00:00+00:00", kFirstUniqueLoad, "T",
                    {}};
  store.SetVisit(cell, visit, visit.started);
  visit = {"V2",
           SampleRole::kConfirm,
           "2026-11-21T08:00:00+00:00",
           kFirstUniqueLoad + 1,
           "T",
           Failure{FailureKind::kRunnerCrash, "gone", {}, 2}};
  store.SetVisit(cell, visit, visit.started);
  ASSERT_TRUE(store.Commit());
  ExpectOneView("one");
  EXPECT_EQ(files_.TextOf("one").find("\"error\""), std::string::npos);
  EXPECT_TRUE(FailsOften(*Load("one").Find(cell)));
  const StoreStatus status = DescribeStore(Load("one"), std::nullopt);
  EXPECT_EQ(status.succeeded, 1U);
  EXPECT_EQ(status.failed, 0U);
}

}  // namespace
}  // namespace ollama_bench
