#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "ollama_bench/analysis/comparison.h"
#include "support/failed_visit.h"
#include "support/load_results.h"

namespace ollama_bench {
namespace {

constexpr Metric kRate = Metric::kPromptEvalRate;
constexpr ValuePair kThreads{Parameter::kNumThread, 4, 8};

Cell CellOf(int num_ctx, int threads) {
  return Cell(num_ctx, 128).With(Parameter::kNumThread, threads);
}

/// A sweep of contexts by two numbers of threads; `change` is what 8 of them gain, `drift` how much
/// the machine gains from the first load to the last.
class ThreadSweep {
 public:
  ThreadSweep(unsigned seed, double change, double drift)
      : machine_(seed, 0.01, 0.002), change_(change), drift_(drift) {}

  std::vector<CellResult> Make(bool in_turns) {
    for (const int threads : {4, 8}) {
      for (int i = 1; i <= kContexts; ++i) results_.emplace_back().cell = CellOf(1024 * i, threads);
    }
    for (std::size_t visit = 0; visit < kVisits; ++visit) {
      const std::size_t size = results_.size();
      const std::size_t place = visit % size;
      // The two halves of the results are the two values.
      const std::size_t turned = place / 2 + (place % 2) * size / 2;
      Load(in_turns ? turned : visit * size / kVisits, visit);
    }
    return results_;
  }

 private:
  static constexpr int kContexts = 6;
  static constexpr std::size_t kVisits = 36;

  void Load(std::size_t place, std::size_t visit) {
    CellResult& result = results_[place];
    const double time = static_cast<double>(visit) / kVisits;
    const double gain = result.cell[Parameter::kNumThread] == 8 ? 1 + change_ : 1;
    machine_.Measure(result, 300 * gain * (1 + drift_ * time), 1, 2);
  }

  NoisyMachine machine_;
  double change_;
  double drift_;
  std::vector<CellResult> results_;
};

int CallsOf(double change, double drift, bool in_turns, int sweeps) {
  int calls = 0;
  for (int seed = 1; seed <= sweeps; ++seed) {
    const auto results = ThreadSweep(static_cast<unsigned>(seed), change, drift).Make(in_turns);
    const SweepComparison comparison = CompareValues(results, kThreads, kRate);
    calls += comparison.overall->is_called ? 1 : 0;
    EXPECT_EQ(comparison.cells.size(), 6U);
    EXPECT_EQ(comparison.by->order, in_turns ? VisitOrder::kInTurns : VisitOrder::kSeparate);
  }
  return calls;
}

TEST(ValueComparisonTest, EqualValuesVisitedInTurnsDoNotDifferWhateverTheDrift) {
  EXPECT_EQ(CallsOf(0, 0, true, 40), 0);
  EXPECT_EQ(CallsOf(0, 0.03, true, 40), 0);
}

TEST(ValueComparisonTest, ADifferenceOfFivePercentIsFoundInTurnsAndOneAfterTheOther) {
  for (const bool in_turns : {true, false}) {
    EXPECT_GE(CallsOf(0.05, 0.03, in_turns, 40), 36) << in_turns;
    EXPECT_GE(CallsOf(-0.05, 0, in_turns, 40), 36) << in_turns;
  }
}

TEST(ValueComparisonTest, NoCellOfTheComparisonSetsTheParameter) {
  const auto comparison = CompareValues(ThreadSweep(1, 0.05, 0).Make(true), kThreads, kRate);
  ASSERT_TRUE(comparison.by);
  EXPECT_EQ(comparison.by->first, 4);
  EXPECT_EQ(comparison.by->second, 8);
  for (const CellChange& cell : comparison.cells) {
    EXPECT_EQ(cell.first.cell, cell.second.cell);
    EXPECT_FALSE(cell.first.cell.Sets(Parameter::kNumThread));
    EXPECT_NEAR(cell.change.percent(), 5, 6);
  }
  const auto swapped =
      CompareValues(ThreadSweep(1, 0.05, 0).Make(true), {Parameter::kNumThread, 8, 4}, kRate);
  EXPECT_NEAR(swapped.overall->log.value, -comparison.overall->log.value, 1e-9);
}

TEST(ValueComparisonTest, CellsOfOtherValuesAreInNoListAndCellsOfOneValueInTheirs) {
  auto results = ThreadSweep(1, 0, 0).Make(true);
  NoisyMachine machine(9, 0.01, 0.002);
  for (const Cell& cell : {CellOf(1024, 16), CellOf(65536, 4)}) {
    results.emplace_back().cell = cell;
    machine.Measure(results.back(), 300, 3, 2);
  }
  results.push_back(CellResult());
  results.back().cell = CellOf(65536, 8);
  AddFailure(results.back(), {FailureKind::kOutOfMemory, "out of memory", {}, 1});
  const auto comparison = CompareValues(results, kThreads, kRate);
  EXPECT_EQ(comparison.cells.size(), 6U);
  EXPECT_EQ(comparison.only_first, std::vector<Cell>{Cell(65536, 128)});
  ASSERT_EQ(comparison.now_failed.size(), 1U);
  EXPECT_EQ(comparison.now_failed.front().failure.kind, FailureKind::kOutOfMemory);
  EXPECT_TRUE(comparison.only_second.empty());
}

TEST(ValueComparisonTest, AValueThatIsAnAliasOfTheOtherIsOneMeasurementAndNotCompared) {
  auto results = ThreadSweep(1, 0.2, 0).Make(true);
  for (CellResult& result : results) {
    if (result.cell != CellOf(1024, 8)) continue;
    result.samples.clear();
    result.alias_of = CellOf(1024, 4);
    result.reason = "there are four cores";
  }
  const auto comparison = CompareValues(results, kThreads, kRate);
  EXPECT_EQ(comparison.cells.size(), 5U);
  ASSERT_EQ(comparison.by->same.size(), 1U);
  EXPECT_EQ(comparison.by->same.front().cell, Cell(1024, 128));
  EXPECT_EQ(comparison.by->same.front().reason, "there are four cores");
}

}  // namespace
}  // namespace ollama_bench
