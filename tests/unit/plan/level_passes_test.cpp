#include "ollama_bench/plan/level_passes.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "ollama_bench/core/stratum.h"

namespace ollama_bench {
namespace {

Cell Level(int users, int num_thread = kAutoValue) {
  return Cell().With(Parameter::kConcurrency, users).With(Parameter::kNumThread, num_thread);
}

std::vector<Cell> VisitedBy(LevelPasses passes) {
  std::vector<Cell> cells;
  while (const auto visit = passes.Next()) cells.push_back(visit->cell);
  return cells;
}

CellResult WithWindows(const Cell& cell, int windows) {
  CellResult result;
  result.cell = cell;
  for (int i = 0; i < windows; ++i) result.samples.emplace_back().window.emplace();
  return result;
}

TEST(LevelPassesTest, EachPassMeasuresEachLevelOnceAndBeginsWithTheSame) {
  const std::vector<Cell> levels = {Level(1), Level(2), Level(4), Level(8), Level(16)};
  std::set<std::vector<Cell>> orders;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::vector<Cell> visited = VisitedBy(LevelPasses(levels, {}, 3, seed));
    ASSERT_EQ(visited.size(), 15U);
    for (std::size_t pass = 0; pass < 3; ++pass) {
      const auto begin = visited.begin() + static_cast<std::ptrdiff_t>(5 * pass);
      EXPECT_EQ(*begin, Level(4));
      EXPECT_EQ(std::set<Cell>(begin, begin + 5).size(), 5U);
      orders.insert(std::vector<Cell>(begin, begin + 5));
    }
  }
  EXPECT_GT(orders.size(), 12U);  // of 24
}

TEST(LevelPassesTest, WindowsThatAreThereAreNotMeasuredAgain) {
  const std::vector<Cell> levels = {Level(1), Level(2), Level(4)};
  const std::vector<CellResult> known = {WithWindows(Level(1), 1), WithWindows(Level(2), 2)};
  std::map<Cell, int> visits;
  for (const Cell& cell : VisitedBy(LevelPasses(levels, known, 2, 1))) ++visits[cell];
  EXPECT_EQ(visits, (std::map<Cell, int>{{Level(1), 1}, {Level(4), 2}}));
}

TEST(LevelPassesTest, LevelsOfOneSettingFollowEachOther) {
  std::vector<Cell> levels;
  for (const int threads : {4, 8}) {
    for (const int users : {1, 2, 4}) levels.push_back(Level(users, threads));
  }
  const std::vector<Cell> visited = VisitedBy(LevelPasses(levels, {}, 2, 7));
  int changes = 0;
  for (std::size_t i = 1; i < visited.size(); ++i) {
    changes += SettingOf(visited[i]) != SettingOf(visited[i - 1]) ? 1 : 0;
  }
  EXPECT_EQ(visited.size(), 12U);
  EXPECT_EQ(changes, 3);
}

TEST(LevelPassesTest, ALimitEndsThePassesAfterSoManyWindows) {
  const std::vector<Cell> levels = {Level(1), Level(2), Level(4)};
  const std::vector<Cell> all = VisitedBy(LevelPasses(levels, {}, 2, 3));
  const std::vector<Cell> some = VisitedBy(LevelPasses(levels, {}, 2, 3, 4));
  EXPECT_EQ(some, std::vector<Cell>(all.begin(), all.begin() + 4));
  EXPECT_EQ(VisitedBy(LevelPasses(levels, {}, 2, 3, 40)), all);
}

TEST(LevelPassesTest, ALevelThatFailedIsNotVisitedAgain) {
  LevelPasses passes({Level(1), Level(2)}, {}, 3, 1);
  CellResult failed;
  failed.cell = Level(2);
  failed.visits.emplace_back().failure = Failure{FailureKind::kOutOfMemory, "no memory", {}, 1};
  passes.Report(failed);
  for (const Cell& cell : VisitedBy(std::move(passes))) EXPECT_EQ(cell, Level(1));
}

}  // namespace
}  // namespace ollama_bench
