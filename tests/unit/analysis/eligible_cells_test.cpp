#include "ollama_bench/analysis/best_cell.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/load_results.h"
#include "support/sample_tables.h"

namespace ollama_bench {
namespace {

/// A 3 x 3 grid of which every cell was measured.
std::vector<CellResult> Square() {
  std::vector<CellResult> results;
  for (int column = 1; column <= 3; ++column) {
    for (int row = 1; row <= 3; ++row) {
      results.push_back(ResultWithRates({2048 * column, 128 * row}, {300}));
    }
  }
  return results;
}

CellResult& At(std::vector<CellResult>& results, int column, int row) {
  return *std::find_if(results.begin(), results.end(), [&](const CellResult& result) {
    return result.cell == Cell{2048 * column, 128 * row};
  });
}

void Fail(CellResult& result) {
  result = FailedResult(result.cell, FailureKind::kOutOfMemory);
}

bool IsEligible(const std::vector<CellResult>& results, const Cell& cell) {
  const std::vector<Cell> eligible = EligibleCells(results, SpaceOf(MakeGrid(3, 3)));
  return std::binary_search(eligible.begin(), eligible.end(), cell);
}

TEST(EligibleCellsTest, AreTheMeasuredCellsOfTheGrid) {
  std::vector<CellResult> results = Square();
  results.push_back(ResultWithRates({999, 128}, {300}));
  EXPECT_EQ(EligibleCells(results, SpaceOf(MakeGrid(3, 3))).size(), 9U)
      << "the current setting lies outside";
  EXPECT_EQ(EligibleCells(results, {}).size(), 10U) << "of a grid that is not known";
  At(results, 1, 1).samples.clear();
  EXPECT_FALSE(IsEligible(results, {2048, 128}));
}

TEST(EligibleCellsTest, ACellThatFailsInMoreThanAThirdOfItsVisitsIsNone) {
  for (int loads = 1; loads <= 6; ++loads) {
    for (int failures = 0; failures <= 4; ++failures) {
      std::vector<CellResult> results = Square();
      CellResult& result = At(results, 2, 2);
      result.samples.clear();
      for (int i = 0; i < loads; ++i) AddLoad(result, i + 1, {300});
      for (int i = 0; i < failures; ++i) AddFailure(result, {FailureKind::kRunnerCrash, "", {}, 1});
      EXPECT_EQ(IsEligible(results, result.cell), 3 * failures <= loads + failures)
          << failures << " of " << loads + failures;
    }
  }
}

TEST(EligibleCellsTest, ACellAmongNeighboursThatAllFailedIsNone) {
  std::vector<CellResult> results = Square();
  const Cell middle{4096, 256};
  Fail(At(results, 2, 1));
  Fail(At(results, 1, 2));
  Fail(At(results, 3, 2));
  EXPECT_TRUE(IsEligible(results, middle)) << "one beside it was measured";
  Fail(At(results, 2, 3));
  EXPECT_FALSE(IsEligible(results, middle));
  EXPECT_TRUE(IsEligible(results, {2048, 128}) == false) << "in the corner both failed";
}

TEST(EligibleCellsTest, NeighboursLieAlongEachOfAnyNumberOfAxes) {
  const Cell middle = Cell(4096, 256).With(Parameter::kNumThread, 4);
  std::vector<CellResult> results = {ResultWithRates(middle, {300})};
  for (const auto& [parameter, step] : {std::pair{Parameter::kNumCtx, 2048},
                                        {Parameter::kNumBatch, 128},
                                        {Parameter::kNumThread, 2}}) {
    for (const int value : {middle[parameter] - step, middle[parameter] + step}) {
      results.push_back(FailedResult(middle.With(parameter, value), FailureKind::kOutOfMemory));
    }
  }
  EXPECT_TRUE(EligibleCells(results, {}).empty());
  for (std::size_t i = 1; i < results.size(); ++i) {
    auto with_one_good = results;
    with_one_good[i] = ResultWithRates(results[i].cell, {300});
    const auto eligible = EligibleCells(with_one_good, {});
    EXPECT_TRUE(std::binary_search(eligible.begin(), eligible.end(), middle))
        << NameOf(results[i].cell);
  }
}

TEST(EligibleCellsTest, OneNeighbourThatFailedIsTooFewToDoubtACell) {
  std::vector<CellResult> results = {ResultWithRates({2048, 128}, {300}),
                                     FailedResult({4096, 128}, FailureKind::kOutOfMemory)};
  const auto eligible = EligibleCells(results, PairSpace({2048, 4096}, {128}));
  EXPECT_EQ(eligible, (std::vector<Cell>{{2048, 128}}));
}

TEST(EligibleCellsTest, CountsEachPlannedCellThatWasVisitedOnce) {
  std::vector<CellResult> results = Square();
  const Space planned = SpaceOf(MakeGrid(3, 3));
  EXPECT_EQ(VisitedCells(results, planned), 9U);
  Fail(At(results, 1, 1));
  CellResult& alias = At(results, 1, 2);
  alias.samples.clear();
  alias.alias_of = Cell{2048, 384};
  EXPECT_EQ(VisitedCells(results, planned), 9U) << "failures and aliases are settled";
  At(results, 1, 3).samples.clear();
  results.push_back(ResultWithRates({999, 128}, {300}));
  EXPECT_EQ(VisitedCells(results, planned), 8U);
}

}  // namespace
}  // namespace ollama_bench
