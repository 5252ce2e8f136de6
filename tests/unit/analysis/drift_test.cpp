#include "ollama_bench/analysis/drift.h"

#include <gtest/gtest.h>

#include "support/load_results.h"

namespace ollama_bench {
namespace {

// Cells with three quiet loads each, and a control cell with these rates ten minutes apart.
std::vector<LoadUnit> SweepWithControls(const std::vector<double>& controls) {
  NoisyMachine machine(1, 0.003, 0.003);
  std::vector<CellResult> results = machine.Sweep(std::vector<double>(10, 300.0), 3, 2);
  CellResult& control = results.emplace_back();
  control.cell = {1024, 64};
  for (std::size_t i = 0; i < controls.size(); ++i) {
    AddLoad(control, 1000 + static_cast<std::int64_t>(i), {controls[i]}, SampleRole::kControl,
            10 * static_cast<int>(i));
  }
  return UnbiasedUnits(results, Metric::kPromptEvalRate);
}

TEST(DriftTest, IsUnknownWithoutTwoControls) {
  EXPECT_FALSE(FindDrift(SweepWithControls({})));
  EXPECT_FALSE(FindDrift(SweepWithControls({300})));
}

TEST(DriftTest, IsTheChangeAlongTheLineThroughTheControls) {
  std::vector<double> rates;
  for (int i = 0; i < 6; ++i) rates.push_back(300 * std::exp(-0.01 * i));
  const auto drift = FindDrift(SweepWithControls(rates));
  ASSERT_TRUE(drift);
  EXPECT_EQ(drift->cell, (Cell{1024, 64}));
  EXPECT_EQ(drift->controls, 6);
  EXPECT_NEAR(drift->change.value, -0.05, 1e-9);
  EXPECT_TRUE(drift->has_moved);
  EXPECT_TRUE(drift->is_monotone);
  EXPECT_TRUE(CanDetrend(*drift));
}

TEST(DriftTest, DoesNotWarnOfWhatTheNoiseExplains) {
  const auto drift = FindDrift(SweepWithControls({300, 301.5, 299, 300.5, 301}));
  ASSERT_TRUE(drift);
  EXPECT_FALSE(drift->has_moved);
}

TEST(DriftTest, NeedsFourControlsOfOneDirectionToBeATrend) {
  EXPECT_FALSE(CanDetrend(*FindDrift(SweepWithControls({300, 290, 280}))));
  EXPECT_TRUE(CanDetrend(*FindDrift(SweepWithControls({300, 290, 280, 270}))));
  const auto hop = FindDrift(SweepWithControls({300, 300.1, 273, 272.9}));
  EXPECT_TRUE(hop->has_moved);
  EXPECT_FALSE(CanDetrend(*hop)) << "two levels are a hop, not a trend";
}

TEST(DriftTest, TakenOutLeavesTheControlsLevelAndUnitsWithoutATimeAlone) {
  std::vector<double> rates;
  for (int i = 0; i < 5; ++i) rates.push_back(300 * std::exp(0.02 * i));
  auto units = SweepWithControls(rates);
  units[0].start_s.reset();
  const auto drift = FindDrift(units);
  const auto straight = Detrended(units, *drift);
  EXPECT_EQ(straight[0].log_value, units[0].log_value);
  for (const LoadUnit& unit : straight) {
    if (unit.cell != drift->cell) continue;
    EXPECT_NEAR(unit.log_value, std::log(300) + 0.04, 1e-9);
  }
}

}  // namespace
}  // namespace ollama_bench
