#include "ollama_bench/analysis/comparison.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "support/failed_visit.h"
#include "support/load_results.h"

namespace ollama_bench {
namespace {

constexpr Metric kRate = Metric::kPromptEvalRate;

std::vector<CellResult> SweepOf(unsigned seed, const std::vector<double>& rates,
                                double noise = 0.005) {
  return NoisyMachine(seed, noise, noise).Sweep(rates, 3, 2);
}

std::size_t Called(const SweepComparison& comparison) {
  return static_cast<std::size_t>(
      std::count_if(comparison.cells.begin(), comparison.cells.end(),
                    [](const CellChange& cell) { return cell.change.is_called; }));
}

const std::vector<double> kRates(16, 300.0);
const std::vector<double> kSlower(16, 285.0);  // 5 %

TEST(ComparisonTest, OfASweepWithItselfShowsNothing) {
  const auto sweep = SweepOf(1, kRates);
  const auto comparison = CompareSweeps(sweep, sweep, kRate);
  EXPECT_EQ(comparison.cells.size(), 16U);
  EXPECT_EQ(Called(comparison), 0U);
  EXPECT_EQ(comparison.overall->log.value, 0);
  EXPECT_FALSE(comparison.overall->is_called);
}

TEST(ComparisonTest, CallsAChangeOfEverything) {
  const auto comparison = CompareSweeps(SweepOf(1, kRates), SweepOf(2, kSlower), kRate);
  ASSERT_TRUE(comparison.overall->is_called);
  EXPECT_NEAR(comparison.overall->percent(), -5, 0.7);
  const Interval interval = comparison.overall->PercentInterval(0.95);
  EXPECT_LT(interval.low, -5);
  EXPECT_GT(interval.high, -5);
  EXPECT_EQ(Called(comparison), 16U);
}

TEST(ComparisonTest, CallsTheOneCellThatChanged) {
  std::vector<double> rates = kRates;
  rates[5] *= 0.9;
  const auto comparison = CompareSweeps(SweepOf(1, kRates), SweepOf(2, rates), kRate);
  EXPECT_EQ(Called(comparison), 1U);
  EXPECT_TRUE(comparison.cells[5].change.is_called);
  EXPECT_FALSE(comparison.overall->is_called);
}

TEST(ComparisonTest, PairsTheCellsOfAnyNumberOfParametersAndNamesTheOthers) {
  std::mt19937 random(4);
  NoisyMachine machine(1, 0.004, 0.004);
  std::vector<CellResult> before;
  std::vector<CellResult> after;
  std::vector<Cell> slower;
  const Cell only_after = Cell(1024, 64).With(Parameter::kNumThread, 16);
  for (const int context : {1024, 2048}) {
    for (const int batch : {64, 128}) {
      for (const int threads : {kAutoValue, 4, 8}) {
        const Cell cell = Cell(context, batch).With(Parameter::kNumThread, threads);
        before.emplace_back().cell = cell;
        machine.Measure(before.back(), 300, 3, 2);
        after.emplace_back().cell = cell;
        const bool is_slower = threads == 8;
        machine.Measure(after.back(), is_slower ? 240 : 300, 3, 2);
        if (is_slower) slower.push_back(cell);
      }
    }
  }
  after.emplace_back().cell = only_after;
  machine.Measure(after.back(), 300, 3, 2);
  before.emplace_back().cell = Cell().With(Parameter::kNumThread, 4);
  machine.Measure(before.back(), 300, 3, 2);
  std::shuffle(after.begin(), after.end(), random);
  const SweepComparison comparison = CompareSweeps(before, after, kRate);
  EXPECT_EQ(comparison.cells.size(), 12U);
  EXPECT_EQ(comparison.only_second, std::vector<Cell>{only_after});
  EXPECT_EQ(comparison.only_first, std::vector<Cell>{Cell().With(Parameter::kNumThread, 4)});
  std::vector<Cell> called;
  for (std::size_t i = 0; i < comparison.cells.size(); ++i) {
    const CellChange& change = comparison.cells[i];
    EXPECT_EQ(change.first.cell, change.second.cell);
    if (i > 0) {
      EXPECT_LT(comparison.cells[i - 1].first.cell, change.first.cell);
    }
    if (change.change.is_called) called.push_back(change.first.cell);
  }
  EXPECT_EQ(called, slower);
}

TEST(ComparisonTest, CallsNoChangeBelowTheThresholdHoweverSure) {
  const std::vector<double> rates(16, 300 * 0.995);
  const auto comparison = CompareSweeps(SweepOf(1, kRates, 1e-4), SweepOf(2, rates, 1e-4), kRate);
  EXPECT_LT(comparison.overall->p_value, 1e-6);
  EXPECT_FALSE(comparison.overall->is_called);
  EXPECT_EQ(Called(comparison), 0U);
}

TEST(ComparisonTest, IsTheOppositeTheOtherWayRound) {
  const auto first = SweepOf(1, kRates);
  const auto second = SweepOf(2, kSlower);
  const auto forth = CompareSweeps(first, second, kRate);
  const auto back = CompareSweeps(second, first, kRate);
  EXPECT_NEAR(forth.overall->log.value, -back.overall->log.value, 1e-12);
  for (std::size_t i = 0; i < forth.cells.size(); ++i) {
    EXPECT_NEAR(forth.cells[i].change.log.value, -back.cells[i].change.log.value, 1e-12);
    EXPECT_NEAR(forth.cells[i].change.p_value, back.cells[i].change.p_value, 1e-9);
  }
}

TEST(ComparisonTest, NamesCellsThatOnlyOneSweepHas) {
  auto first = SweepOf(1, kRates);
  auto second = SweepOf(2, kRates);
  first.erase(first.begin());
  second[3].samples.clear();
  AddFailure(second[3], {});
  const auto comparison = CompareSweeps(first, second, kRate);
  EXPECT_EQ(comparison.cells.size(), 14U);
  EXPECT_EQ(comparison.only_first, std::vector<Cell>{second[3].cell});
  EXPECT_EQ(comparison.only_second, std::vector<Cell>{second[0].cell});
  EXPECT_FALSE(CompareSweeps({}, first, kRate).overall);
}

TEST(ComparisonTest, ACellThatWasMeasuredAndNowFailsIsWorseThanAnyLoss) {
  const auto first = SweepOf(1, kRates);
  auto second = SweepOf(2, kRates);
  for (const std::size_t i : {3U, 7U}) {
    second[i].samples.clear();
    AddFailure(second[i], {FailureKind::kOutOfMemory, "no room", {}, 2});
  }
  const auto worse = CompareSweeps(first, second, kRate);
  ASSERT_EQ(worse.now_failed.size(), 2U);
  EXPECT_EQ(worse.now_failed[0].measured.cell, second[3].cell);
  EXPECT_NEAR(worse.now_failed[0].measured.value(), 300, 10);
  EXPECT_EQ(worse.now_failed[0].failure.kind, FailureKind::kOutOfMemory);
  EXPECT_TRUE(worse.now_measured.empty());
  EXPECT_TRUE(IsSlower(worse, 0.99));

  const auto better = CompareSweeps(second, first, kRate);
  EXPECT_TRUE(better.now_failed.empty());
  ASSERT_EQ(better.now_measured.size(), 2U);
  EXPECT_EQ(better.now_measured[1].measured.cell, second[7].cell);
  EXPECT_FALSE(IsSlower(better, 0.01));
}

TEST(ComparisonTest, AlsoWhereNoCellIsMeasuredInBoth) {
  const auto first = SweepOf(1, kRates);
  auto second = first;
  for (CellResult& result : second) {
    result.samples.clear();
    AddFailure(result, {FailureKind::kTimeout, "", {}, 2});
  }
  const auto comparison = CompareSweeps(first, second, kRate);
  EXPECT_EQ(comparison.now_failed.size(), 16U);
  EXPECT_TRUE(IsSlower(comparison, 0.5));
}

TEST(ComparisonTest, CellsThatWereNotTriedAgainHaveNotFailed) {
  const auto first = SweepOf(1, kRates);
  auto second = SweepOf(2, kRates);
  second.pop_back();          // no entry
  second[0].samples.clear();  // an entry without a sample
  second[1].samples.clear();  // not in the recording
  AddFailure(second[1], {FailureKind::kNotRecorded, "", {}, 1});
  second[2].samples.clear();  // left out as another's twin
  second[2].alias_of = second[3].cell;
  const auto comparison = CompareSweeps(first, second, kRate);
  EXPECT_EQ(comparison.only_first.size(), 4U);
  EXPECT_TRUE(comparison.now_failed.empty());
  EXPECT_FALSE(IsSlower(comparison, 0.05));
  // What failed in both was never measured.
  auto failing = second;
  AddFailure(failing[0], {});
  EXPECT_TRUE(CompareSweeps(failing, failing, kRate).now_failed.empty());
}

TEST(ComparisonTest, SaysWhetherItGotSlowerByMoreThanALoss) {
  const auto slower = CompareSweeps(SweepOf(1, kRates), SweepOf(2, kSlower), kRate);
  EXPECT_TRUE(IsSlower(slower, 0.03));
  EXPECT_FALSE(IsSlower(slower, 0.08));
  const auto faster = CompareSweeps(SweepOf(2, kSlower), SweepOf(1, kRates), kRate);
  EXPECT_FALSE(IsSlower(faster, 0.01));
  std::vector<double> rates = kRates;
  rates[5] *= 0.8;
  const auto one = CompareSweeps(SweepOf(1, kRates), SweepOf(2, rates), kRate);
  EXPECT_TRUE(IsSlower(one, 0.1));
  EXPECT_FALSE(IsSlower(one, 0.25));
}

}  // namespace
}  // namespace ollama_bench
