#include "ollama_bench/search/search.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "ollama_bench/core/random.h"
#include "support/pair.h"
#include "support/sample_tables.h"

namespace ollama_bench {
namespace {

Grid GridOf(int contexts, int batches) {
  Grid grid;
  for (int i = 1; i <= contexts; ++i) grid.across.values.push_back(4096 * i);
  for (int i = 1; i <= batches; ++i) grid.down.values.push_back(128 * i);
  return grid;
}

/// A machine whose rate falls with num_ctx and saturates in num_batch; what is too large fails.
struct Machine {
  double scale = 500.0;
  double noise = 0.01;
  double memory = 1e9;  ///< num_ctx + 20 · num_batch at most
  Random random{7};

  Measurement Measure(const Cell& cell) {
    Measurement measurement;
    measurement.cell = cell;
    if (cell[Parameter::kNumCtx] + 20.0 * cell[Parameter::kNumBatch] > memory) {
      measurement.failure = FailureKind::kOutOfMemory;
    } else {
      measurement.rate = Truth(cell) * std::exp(noise * random.Normal());
    }
    return measurement;
  }
  [[nodiscard]] double Truth(const Cell& cell) const {
    return scale * cell[Parameter::kNumBatch] / (cell[Parameter::kNumBatch] + 100.0) /
           (1.0 + cell[Parameter::kNumCtx] / 2e5);
  }
};

std::vector<Cell> Play(Search& search, Machine& machine, int visits) {
  std::vector<Cell> cells;
  for (int i = 0; i < visits; ++i) {
    const auto cell = search.Propose();
    if (!cell) break;
    cells.push_back(*cell);
    search.Observe(machine.Measure(*cell));
  }
  return cells;
}

bool Holds(const Grid& grid, const Cell& cell) {
  const auto has = [](const Axis& axis, int value) {
    return std::find(axis.values.begin(), axis.values.end(), value) != axis.values.end();
  };
  return has(grid.across, cell[Parameter::kNumCtx]) && has(grid.down, cell[Parameter::kNumBatch]);
}

TEST(SearchTest, IsNotSureOfAnythingAfterAFewMeasurements) {
  Search search(GridOf(10, 8), {});
  Machine machine;
  for (int measured = 1; measured <= 40; ++measured) {
    Play(search, machine, 1);
    const double most = std::pow(std::min(1.0, measured / 24.0), 2.0 / 3.0);
    EXPECT_LE(search.Answer()->probability, most + 1e-12) << measured;
  }
  EXPECT_GE(search.Answer()->probability, 0.9);
}

TEST(SearchTest, ProposesTheSameForTheSameSeedAndMeasurements) {
  Machine first;
  Machine second;
  Search one(GridOf(20, 10), {});
  Search other(GridOf(20, 10), {});
  EXPECT_EQ(Play(one, first, 30), Play(other, second, 30));
  EXPECT_EQ(one.Answer()->probability, other.Answer()->probability);
}

TEST(SearchTest, AResumedSearchProposesWhatTheInterruptedOneWouldHave) {
  Machine machine;
  Search whole(GridOf(20, 10), {});
  std::vector<Measurement> seen;
  for (int i = 0; i < 25; ++i) {
    seen.push_back(machine.Measure(*whole.Propose()));
    whole.Observe(seen.back());
  }
  Search resumed(GridOf(20, 10), {});
  for (const Measurement& measurement : seen) resumed.Observe(measurement);
  EXPECT_EQ(resumed.Propose(), whole.Propose());
  EXPECT_EQ(resumed.Answer()->cell, whole.Answer()->cell);
  EXPECT_EQ(resumed.Answer()->certified, whole.Answer()->certified);
}

TEST(SearchTest, AnotherSeedStartsElsewhere) {
  Machine first;
  Machine second;
  SearchOptions options;
  options.seed = 99;
  Search one(GridOf(20, 10), {});
  Search other(GridOf(20, 10), options);
  EXPECT_NE(Play(one, first, 10), Play(other, second, 10));
}

TEST(SearchTest, FindsAndCertifiesTheBestCellOfASmoothSurface) {
  Machine machine;
  Search search(GridOf(40, 16), {});
  int visits = 0;
  while (visits < 80 && !(search.Answer() && search.Answer()->certified)) {
    Play(search, machine, 1);
    ++visits;
  }
  ASSERT_TRUE(search.Answer()->certified);
  EXPECT_GE(visits, 24);
  EXPECT_GE(search.Answer()->probability, 0.99);
  EXPECT_GE(machine.Truth(search.Answer()->cell), 0.99 * machine.Truth({4096, 2048}));
}

TEST(SearchTest, OneReadingAboveItsSurroundingsIsFollowedUp) {
  const Cell hint = {20 * 4096, 9 * 128};
  const auto is_near = [&](const Cell& cell) {
    return std::abs(cell[Parameter::kNumCtx] - hint[Parameter::kNumCtx]) <= 4 * 4096 &&
           std::abs(cell[Parameter::kNumBatch] - hint[Parameter::kNumBatch]) <= 3 * 128;
  };
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Random random(seed);
    const auto measure = [&](const Cell& cell) {
      Measurement measurement;
      measurement.cell = cell;
      measurement.rate =
          500.0 * std::exp(-1e-6 * cell[Parameter::kNumCtx] + 0.01 * random.Normal());
      if (cell == hint) *measurement.rate *= 1.06;
      return measurement;
    };
    Search search(GridOf(40, 16), {});
    for (int ctx = 5; ctx <= 40; ctx += 5) {
      for (int batch = 1; batch <= 16; batch += 4) {
        search.Observe(measure({4096 * ctx, 128 * batch}));
      }
    }
    std::vector<Cell> next;
    for (int i = 0; i < 12; ++i) {
      next.push_back(*search.Propose());
      search.Observe(measure(next.back()));
    }
    EXPECT_TRUE(std::any_of(next.begin(), next.end(), is_near)) << seed;
  }
}

TEST(SearchTest, TheUnitOfTheRateDoesNotMatter) {
  Machine slow;
  Machine fast;
  fast.scale = 1024.0 * slow.scale;
  Search one(GridOf(20, 10), {});
  Search other(GridOf(20, 10), {});
  EXPECT_EQ(Play(one, slow, 30), Play(other, fast, 30));
}

TEST(SearchTest, TheOrderOfTheAxesValuesDoesNotMatter) {
  Grid turned = GridOf(20, 10);
  std::reverse(turned.across.values.begin(), turned.across.values.end());
  std::reverse(turned.down.values.begin(), turned.down.values.end());
  Machine first;
  Machine second;
  Search one(GridOf(20, 10), {});
  Search other(turned, {});
  EXPECT_EQ(Play(one, first, 20), Play(other, second, 20));
}

TEST(SearchTest, MeasuresThePresentSettingFirst) {
  SearchOptions options;
  options.present = Cell{8192, 512};
  EXPECT_EQ(Search(GridOf(20, 10), options).Propose(), options.present);
}

TEST(SearchTest, HasNoAnswerBeforeTheFirstRate) {
  Search search(GridOf(4, 4), {});
  EXPECT_FALSE(search.Answer());
  EXPECT_TRUE(search.Estimates().empty());
  Measurement failure;
  failure.cell = *search.Propose();
  failure.failure = FailureKind::kOutOfMemory;
  search.Observe(failure);
  EXPECT_FALSE(search.Answer());
  EXPECT_TRUE(search.Propose());
}

TEST(SearchTest, AnswersOnlyCellsThatWereMeasured) {
  Machine machine;
  machine.memory = 60000.0;
  Search search(GridOf(20, 10), {});
  std::vector<Cell> rated;
  for (int i = 0; i < 40; ++i) {
    const Measurement measurement = machine.Measure(*search.Propose());
    if (measurement.rate) rated.push_back(measurement.cell);
    search.Observe(measurement);
    if (search.Answer()) {
      EXPECT_THAT(rated, testing::Contains(search.Answer()->cell));
    }
  }
}

TEST(SearchTest, SmallAndUnevenGridsWork) {
  std::vector<Grid> grids = {GridOf(1, 1), GridOf(1, 7), GridOf(9, 1), GridOf(2, 2), GridOf(3, 5)};
  grids.push_back(PairGrid({2048, 4096, 32768}, {1, 7, 512, 513}));
  for (const Grid& grid : grids) {
    Machine machine;
    Search search(grid, {});
    for (const Cell& cell : Play(search, machine, 30)) EXPECT_TRUE(Holds(grid, cell));
    ASSERT_TRUE(search.Answer()) << grid.CellCount() << " cells";
    EXPECT_EQ(search.Estimates().size(), grid.CellCount());
  }
}

TEST(SearchTest, TheOnlyCellOfAGridIsCertainlyItsBest) {
  Machine machine;
  Search search(GridOf(1, 1), {});
  Play(search, machine, 3);
  EXPECT_EQ(search.Answer()->probability, 1.0);
  EXPECT_TRUE(search.Answer()->certified);
}

TEST(SearchTest, AGridWithoutCellsHasNothingToPropose) {
  Search search(Grid{}, {});
  EXPECT_FALSE(search.Propose());
  EXPECT_FALSE(search.Answer());
}

TEST(SearchTest, ALargeGridWorks) {
  Machine machine;
  Search search(GridOf(200, 64), {});
  Play(search, machine, 20);
  EXPECT_EQ(search.Estimates().size(), 12800U);
}

TEST(SearchTest, LearnsWhatDoesNotFitIntoMemory) {
  Machine machine;
  machine.memory = 60000.0;
  Search search(GridOf(20, 10), {});
  Play(search, machine, 40);
  for (const SearchEstimate& estimate : search.Estimates()) {
    const double need =
        estimate.cell[Parameter::kNumCtx] + 20.0 * estimate.cell[Parameter::kNumBatch];
    if (need < 45000.0) {
      EXPECT_GT(estimate.p_feasible, 0.5) << need;
    }
    if (need > 75000.0) {
      EXPECT_LT(estimate.p_feasible, 0.5) << need;
    }
  }
}

TEST(SearchTest, OnePassingFailureDoesNotRuleOutItsNeighbourhood) {
  Machine machine;
  Search search(GridOf(20, 10), {});
  Measurement failure;
  failure.cell = {4096, 1280};
  failure.failure = FailureKind::kOutOfMemory;
  search.Observe(failure);
  Play(search, machine, 40);
  EXPECT_GE(machine.Truth(search.Answer()->cell), 0.98 * machine.Truth({4096, 1280}));
}

TEST(SearchTest, ACellWithoutARecordIsNotProposedAgain) {
  Machine machine;
  Search search(GridOf(2, 2), {});
  Measurement missing;
  missing.cell = {8192, 256};
  missing.failure = FailureKind::kNotRecorded;
  search.Observe(missing);
  EXPECT_THAT(Play(search, machine, 30), testing::Not(testing::Contains(missing.cell)));
}

TEST(SearchTest, AnExcludedCellIsNeverProposed) {
  Machine machine;
  Search search(GridOf(2, 2), {});
  search.Exclude({4096, 256});
  EXPECT_THAT(Play(search, machine, 30), testing::Not(testing::Contains(Cell{4096, 256})));
}

TEST(SearchTest, EndsWhereNoCellCanBeMeasured) {
  Search search(GridOf(2, 2), {});
  for (int i = 0; i < 4; ++i) {
    Measurement missing;
    missing.cell = *search.Propose();
    missing.failure = FailureKind::kNotRecorded;
    search.Observe(missing);
  }
  EXPECT_FALSE(search.Propose());
}

TEST(SearchTest, MeasurementsOutsideTheGridAreIgnored) {
  Machine machine;
  Search search(GridOf(4, 4), {});
  search.Observe(machine.Measure({999, 999}));
  EXPECT_FALSE(search.Answer());
}

TEST(SearchTest, AFailureThatNobodyKnowsTeachesAsMuchAsACrash) {
  const Grid grid = MakeGrid(16, 8);
  std::vector<std::vector<Cell>> proposals;
  for (const FailureKind kind : {FailureKind::kRunnerCrash, FailureKind::kUnknown}) {
    Search search(grid, {});
    std::vector<Cell>& proposed = proposals.emplace_back();
    for (int i = 0; i < 20; ++i) {
      const auto cell = search.Propose();
      ASSERT_TRUE(cell);
      proposed.push_back(*cell);
      Measurement measurement;
      measurement.cell = *cell;
      if ((*cell)[Parameter::kNumCtx] > grid.CellAt(0, 7)[Parameter::kNumCtx]) {
        measurement.failure = kind;
      } else {
        measurement.rate = 300;
      }
      search.Observe(measurement);
    }
  }
  EXPECT_EQ(proposals[0], proposals[1]);
}

}  // namespace
}  // namespace ollama_bench
