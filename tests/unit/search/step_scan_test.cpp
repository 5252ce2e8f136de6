#include "step_scan.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ollama_bench/core/random.h"

namespace ollama_bench {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

SearchGrid GridOf(int contexts, int batches) {
  Grid grid;
  for (int i = 1; i <= contexts; ++i) grid.across.values.push_back(2048 * i);
  for (int i = 1; i <= batches; ++i) grid.down.values.push_back(128 * i);
  return SearchGrid(grid);
}

// Every `stride`th cell, its log rate from log_rate(cell), noise of `sigma`.
template <class LogRate>
ValueData Measure(const SearchGrid& grid, std::size_t stride, double sigma, LogRate log_rate) {
  Random random(11);
  ValueData data;
  for (std::size_t cell = 0; cell < grid.CellCount(); cell += stride) {
    data.cells.push_back(cell);
    data.mean.push_back(log_rate(cell) + sigma * random.Normal());
    data.visits.push_back(static_cast<double>(1 + random.Below(3)));
    data.count += static_cast<std::size_t>(data.visits.back());
  }
  return data;
}

const ValueHyper kHyper = {3, 2, 2, 1, 0};

TEST(StepScanTest, TheEvidenceIsThatOfFactoringTheWholeCovarianceAnew) {
  const SearchGrid grid = GridOf(12, 7);
  const ValueKernel kernel(grid);
  const ValueData data = Measure(grid, 5, 0.1, [](std::size_t) { return 6.0; });
  ValueEvidence evidence(kernel, data);
  ValueSteps steps;
  for (int count = 1; count <= 3; ++count) {
    const auto extended = StepScan(grid).Extend(evidence, kHyper, steps, 40);
    ASSERT_EQ(extended.size(), 40U);
    for (const ValueComponent& component : extended) {
      const ValueComponent refitted = evidence.At(kHyper, component.steps);
      EXPECT_NEAR(component.log_evidence, refitted.log_evidence, 1e-7);
      EXPECT_NEAR(component.scale2, refitted.scale2, 1e-9);
    }
    steps = extended.front().steps;
  }
}

TEST(StepScanTest, EachMeasuredCellStandsWhollyOnOneSide) {
  const SearchGrid grid = GridOf(12, 7);
  const ValueKernel kernel(grid);
  const ValueData data = Measure(grid, 5, 0.1, [](std::size_t) { return 6.0; });
  ValueEvidence evidence(kernel, data);
  for (const ValueComponent& component : StepScan(grid).Extend(evidence, kHyper, {}, 200)) {
    if (component.steps.front().is_island) continue;
    const VectorXd& side = *component.steps.front().side;
    EXPECT_LE(side.cwiseAbs().maxCoeff(), 1.0 + 1e-12);
    for (const std::size_t cell : data.cells) {
      EXPECT_NEAR(std::abs(side[static_cast<Index>(cell)]), 1.0, 1e-9);
    }
  }
}

TEST(StepScanTest, FindsWhereASurfaceJumps) {
  const SearchGrid grid = GridOf(12, 8);
  const ValueKernel kernel(grid);
  const auto is_above = [&](std::size_t cell) { return grid.DownIndex(cell) >= 4; };
  const ValueData data =
      Measure(grid, 5, 0.005, [&](std::size_t cell) { return is_above(cell) ? 5.9 : 6.0; });
  ValueEvidence evidence(kernel, data);
  const auto best = StepScan(grid).Extend(evidence, {4, 4, 1, 1, 0}, {}, 1).front();
  EXPECT_GT(best.log_evidence, evidence.At({4, 4, 1, 1, 0}, {}).log_evidence + 3.0);
  const VectorXd& side = *best.steps.front().side;
  for (const std::size_t cell : data.cells) {
    EXPECT_EQ(side[static_cast<Index>(cell)] > 0.0, is_above(cell)) << cell;
  }
}

TEST(StepScanTest, FindsANarrowIsland) {
  const SearchGrid grid = GridOf(24, 16);
  const ValueKernel kernel(grid);
  const Islands islands(grid);
  const Island& island = islands.all()[islands.all().size() / 2];
  const ValueData data = Measure(
      grid, 7, 0.005, [&](std::size_t cell) { return 6.0 + 0.2 * islands.Height(island, cell); });
  ValueEvidence evidence(kernel, data);
  const auto best = StepScan(grid).Extend(evidence, {4, 4, 1, 1, 0}, {}, 1).front();
  EXPECT_GT(best.log_evidence, evidence.At({4, 4, 1, 1, 0}, {}).log_evidence + 3.0);
  ASSERT_TRUE(best.steps.front().is_island);
  Index top = 0;
  best.steps.front().side->maxCoeff(&top);
  EXPECT_LT(grid.SquaredDistance(static_cast<std::size_t>(top), island.top), 0.1 * 0.1);
}

ValueStep IslandStep(const SearchGrid& grid, std::size_t which) {
  const Islands islands(grid);
  return {0.7, -1.0, true, islands.Shape(islands.all()[which])};
}

TEST(StepScanTest, TheKernelIsTheSameHoweverItIsAskedFor) {
  const SearchGrid grid = GridOf(9, 6);
  const ValueKernel kernel(grid);
  const ValueData data = Measure(grid, 4, 0.1, [](std::size_t) { return 6.0; });
  ValueEvidence evidence(kernel, data);
  for (std::size_t structure = 0; structure < ValueKernel::kStructureCount; ++structure) {
    const ValueHyper hyper = {1, 3, 2, structure, 0};
    ValueSteps steps = StepScan(grid).Extend(evidence, hyper, {}, 1).front().steps;
    steps.push_back(IslandStep(grid, 2 * structure));
    MatrixXd gram;
    KernelGrams(kernel, data.cells).Write(hyper, steps, gram);
    for (std::size_t i = 0; i < data.cells.size(); ++i) {
      const VectorXd row = kernel.CorrelationsWith(hyper, steps, data.cells[i]);
      for (std::size_t j = 0; j < data.cells.size(); ++j) {
        const double expected = kernel.Correlation(hyper, steps, data.cells[i], data.cells[j]);
        EXPECT_NEAR(gram(static_cast<Index>(i), static_cast<Index>(j)), expected, 1e-12);
        EXPECT_NEAR(row[static_cast<Index>(data.cells[j])], expected, 1e-12);
      }
    }
  }
}

TEST(StepScanTest, OneMeasuredCellHasNoSides) {
  const SearchGrid grid = GridOf(3, 3);
  const ValueKernel kernel(grid);
  const ValueData data = Measure(grid, 9, 0.1, [](std::size_t) { return 6.0; });
  ValueEvidence evidence(kernel, data);
  EXPECT_TRUE(StepScan(grid).Extend(evidence, kHyper, {}, 4).empty());
}

}  // namespace
}  // namespace ollama_bench
