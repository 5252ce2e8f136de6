#include "candidates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "support/loads.h"

namespace ollama_bench {
namespace {

struct Sweep {
  SweepModel model;
  Decision decision;
  std::vector<Cell> eligible;
  std::map<Cell, double> readings;
};

/// A 6 x 5 grid, each cell read once, column after column.
template <class Rate>
Sweep ReadOnce(unsigned seed, double noise, const Rate& rate) {
  SimulatedLoads loads(seed, noise);
  for (int column = 1; column <= 6; ++column) {
    for (int row = 1; row <= 5; ++row) {
      const Cell cell{2048 * column, 128 * row};
      loads.Add(cell, rate(column, row));
    }
  }
  auto model = SweepModel::Fit(loads.units());
  Question question;
  question.eligible = model->cells();
  std::map<Cell, double> readings;
  for (const LoadUnit& unit : loads.units()) readings[unit.cell] = unit.log_value;
  const std::vector<int> counts(model->cells().size(), 1);
  auto decision = Decide(*model, counts, question);
  return {std::move(*model), std::move(*decision), question.eligible, readings};
}

std::vector<Cell> First(const Sweep& sweep) {
  return FirstCandidates(sweep.model, sweep.decision, sweep.eligible, sweep.readings);
}

bool Holds(const std::vector<Cell>& cells, const Cell& cell) {
  return std::find(cells.begin(), cells.end(), cell) != cells.end();
}

TEST(CandidatesTest, TheFirstAreDistinctCellsOfTheGridAmongThemTheHighestReadings) {
  for (unsigned seed = 1; seed <= 8; ++seed) {
    const Sweep sweep = ReadOnce(seed, 0.02, [](int, int row) { return 300.0 + row; });
    const std::vector<Cell> first = First(sweep);
    EXPECT_LE(first.size(), kFirstCandidates);
    EXPECT_GE(first.size(), 6U);
    EXPECT_EQ(std::set<Cell>(first.begin(), first.end()).size(), first.size());
    std::vector<std::pair<double, Cell>> ranked;
    for (const auto& [cell, reading] : sweep.readings) ranked.emplace_back(-reading, cell);
    std::sort(ranked.begin(), ranked.end());
    for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(Holds(first, ranked[i].second)) << i;
  }
}

TEST(CandidatesTest, TheFirstHaveACellOfEachLeadingColumn) {
  const Sweep sweep = ReadOnce(1, 0.005, [](int, int row) { return row == 3 ? 330.0 : 300.0; });
  std::set<int> columns;
  for (const Cell& cell : First(sweep)) columns.insert(cell[Parameter::kNumCtx]);
  EXPECT_EQ(columns.size(), 6U);
}

TEST(CandidatesTest, ALowReadingWhereTheBestIsExpectedIsReadAgain) {
  const Sweep sweep = ReadOnce(1, 0.003, [](int column, int row) {
    if (column == 4 && row == 3) return 240.0;  // a slow moment
    return row == 3 ? 330.0 : 300.0;
  });
  EXPECT_TRUE(Holds(First(sweep), {8192, 384}));
}

TEST(CandidatesTest, TheLikeliestComeInTheOrderOfTheirProbability) {
  const Sweep sweep =
      ReadOnce(2, 0.01, [](int column, int row) { return 300.0 - column + 2 * row; });
  const std::vector<Cell> likeliest = LikeliestCandidates(sweep.model, sweep.decision, 6);
  ASSERT_FALSE(likeliest.empty());
  EXPECT_LE(likeliest.size(), 6U);
  double before = 1;
  for (const Cell& cell : likeliest) {
    const double probability = sweep.decision.best[*sweep.model.Find(cell)];
    EXPECT_LE(probability, before);
    EXPECT_GT(probability, 0);
    before = probability;
  }
}

}  // namespace
}  // namespace ollama_bench
