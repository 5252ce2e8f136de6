#include "ollama_bench/plan/capacity_search.h"

#include <gtest/gtest.h>

#include <map>

namespace ollama_bench {
namespace {

/// Plays a server that meets the objective up to so many users.
struct Searched {
  std::map<int, int> windows;  // by concurrency
  int capacity = 0;
};

Searched Search(int truth, int most, int windows = 2) {
  const auto meets = [truth](const CellResult& level) {
    return level.cell[Parameter::kConcurrency] <= truth;
  };
  const Cell base = Cell().With(Parameter::kNumPredict, 64);
  CapacitySearch search(base, windows, most, meets, {});
  Searched searched;
  std::map<int, CellResult> results;
  while (const auto visit = search.Next()) {
    const int users = visit->cell[Parameter::kConcurrency];
    EXPECT_EQ(visit->cell, base.With(Parameter::kConcurrency, users));
    ++searched.windows[users];
    CellResult& result = results[users];
    result.cell = visit->cell;
    result.samples.emplace_back().window.emplace();
    search.Report(result);
  }
  EXPECT_EQ(search.Remaining(), 0U);
  for (const auto& [users, result] : results) {
    if (meets(result)) searched.capacity = users;
  }
  return searched;
}

TEST(CapacitySearchTest, FindsTheHighestLevelThatMeetsIt) {
  for (int truth = 0; truth <= 64; ++truth) {
    const Searched searched = Search(truth, 64);
    EXPECT_EQ(searched.capacity, truth);
    EXPECT_LE(searched.windows.size(), 13U) << truth;
    if (truth < 64) {
      EXPECT_TRUE(searched.windows.contains(truth + 1)) << truth;
    }
    for (const auto& [users, windows] : searched.windows) EXPECT_EQ(windows, 2) << users;
  }
}

TEST(CapacitySearchTest, EndsAtTheMostUsers) {
  EXPECT_EQ(Search(1'000, 40).capacity, 40);
}

TEST(CapacitySearchTest, ResumesFromWhatIsKnown) {
  CellResult one;
  one.cell = Cell().With(Parameter::kConcurrency, 1);
  one.samples.emplace_back().window.emplace();
  CapacitySearch search(Cell(), 1, 8, [](const CellResult&) { return false; }, {one});
  EXPECT_FALSE(search.Next());
}

TEST(CapacitySearchTest, ALevelThatFailsIsMissed) {
  CapacitySearch search(Cell(), 1, 8, [](const CellResult&) { return true; }, {});
  CellResult failed;
  failed.cell = search.Next()->cell;
  failed.visits.emplace_back().failure = Failure{FailureKind::kOutOfMemory, "no memory", {}, 1};
  search.Report(failed);
  EXPECT_FALSE(search.Next());
}

}  // namespace
}  // namespace ollama_bench
