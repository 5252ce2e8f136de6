#include "boundary_model.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ollama_bench {
namespace {

constexpr BoundaryPrior kPrior;
const double kYes = std::log(0.99);
const double kNo = std::log(0.01);

SearchGrid Square(int size) {
  Grid grid;
  for (int i = 1; i <= size; ++i) {
    grid.across.values.push_back(1024 * i);
    grid.down.values.push_back(128 * i);
  }
  return SearchGrid(grid);
}

TEST(BoundaryModelTest, WithoutLabelsEveryCellIsMoreLikelyInsideThanNot) {
  const SearchGrid grid = Square(6);
  for (const double inside : BoundaryModel(grid).Inside({}, kPrior)) {
    EXPECT_GE(inside, 0.4);
    EXPECT_LE(inside, 1.0);
  }
}

TEST(BoundaryModelTest, FindsALineBetweenWhatFitsAndWhatDoesNot) {
  const SearchGrid grid = Square(12);
  std::vector<BoundaryLabel> labels;
  for (std::size_t i = 0; i < 12; i += 2) {
    for (std::size_t j = 0; j < 12; j += 3) {
      const bool fits = i + j < 11;
      labels.push_back({grid.At(i, j), fits ? kYes : kNo, fits ? kNo : kYes});
    }
  }
  const auto inside = BoundaryModel(grid).Inside(labels, kPrior);
  EXPECT_GT(inside[grid.At(1, 1)], 0.95);
  EXPECT_GT(inside[grid.At(5, 3)], 0.9);
  EXPECT_LT(inside[grid.At(9, 9)], 0.1);
  EXPECT_LT(inside[grid.At(11, 11)], 0.1);
}

TEST(BoundaryModelTest, AFailureMakesCellsThatNeedMoreLessLikely) {
  const SearchGrid grid = Square(8);
  const std::vector<BoundaryLabel> labels = {{grid.At(4, 4), kNo, kYes}};
  const auto inside = BoundaryModel(grid).Inside(labels, kPrior);
  const auto before = BoundaryModel(grid).Inside({}, kPrior);
  EXPECT_LT(inside[grid.At(7, 7)], before[grid.At(7, 7)] - 0.2);
  EXPECT_LT(inside[grid.At(4, 4)], 0.3);
  EXPECT_GT(inside[grid.At(0, 0)], 0.5);
}

TEST(BoundaryModelTest, ABandBetweenTwoLinesCanFail) {
  const SearchGrid grid = Square(16);
  std::vector<BoundaryLabel> labels;
  for (std::size_t i = 0; i < 16; ++i) {
    const bool fits = i < 5 || i > 10;
    labels.push_back({grid.At(i, 7), fits ? kYes : kNo, fits ? kNo : kYes});
    labels.push_back({grid.At(i, 0), fits ? kYes : kNo, fits ? kNo : kYes});
  }
  const auto inside = BoundaryModel(grid).Inside(labels, kPrior);
  EXPECT_GT(inside[grid.At(2, 3)], 0.8);
  EXPECT_LT(inside[grid.At(8, 3)], 0.2);
  EXPECT_GT(inside[grid.At(14, 3)], 0.8);
}

TEST(BoundaryModelTest, AGridOfOneCellWorks) {
  const SearchGrid grid = Square(1);
  const auto inside = BoundaryModel(grid).Inside({{0, kYes, kNo}}, kPrior);
  ASSERT_EQ(inside.size(), 1U);
  EXPECT_GT(inside[0], 0.9);
}

}  // namespace
}  // namespace ollama_bench
