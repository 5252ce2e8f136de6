#include "ollama_bench/analysis/cell_estimate.h"

#include <gtest/gtest.h>

namespace ollama_bench {
namespace {

Sample Loaded(std::int64_t load, std::optional<std::int64_t> bytes,
              std::optional<std::int64_t> on_gpus) {
  Sample sample;
  sample.load_id = load;
  sample.size_bytes = bytes;
  sample.size_vram_bytes = on_gpus;
  return sample;
}

TEST(CellServingTest, IsTheMedianOverLoadsHoweverManySamplesEachHas) {
  CellResult result;
  result.samples = {Loaded(1, 1000, 1000), Loaded(2, 2000, 500), Loaded(2, 2000, 500),
                    Loaded(2, 2000, 500), Loaded(3, 1100, 1100)};
  EXPECT_EQ(ServingOf(result).gpu_share, 1.0);
  EXPECT_EQ(ServingOf(result).memory_bytes, 1100);
}

TEST(CellServingTest, IsEmptyWhereNoLoadTells) {
  CellResult result;
  result.samples = {Loaded(1, std::nullopt, 5), Loaded(2, 0, 0), Loaded(3, 100, std::nullopt)};
  EXPECT_EQ(ServingOf(result).gpu_share, std::nullopt);
  EXPECT_EQ(ServingOf(result).memory_bytes, std::nullopt);
  EXPECT_EQ(ServingOf(CellResult()).decode_rate, std::nullopt);
}

TEST(CellServingTest, TheDecodeRateIsTheMedianOverTheVisitsThatHaveOne) {
  CellResult result;
  result.visits.resize(5);
  for (const int ms : {10, 20, 30}) {
    result.visits[static_cast<std::size_t>(ms / 10)].decode =
        DecodeRun{64, 63 * std::chrono::milliseconds(ms)};
  }
  result.visits[4].decode = DecodeRun{1, std::chrono::milliseconds(1)};
  EXPECT_NEAR(ServingOf(result).decode_rate.value(), 50, 1e-9);
}

TEST(CellServingTest, TheEnergyOfATokenIsTheMedianOfTheSamplesThatCount) {
  CellResult result;
  for (const double joules : {100.0, 150.0, 300.0, 9000.0}) {
    Sample& sample = result.samples.emplace_back();
    sample.metrics.prompt_eval_count = 98;
    sample.metrics.prompt_eval = std::chrono::seconds(1);
    sample.metrics.eval_count = 2;
    sample.telemetry.emplace().cpu_energy_j = joules;
  }
  result.samples.back().disturbed = Disturbance{"gpu", {}, {}, {}};
  EXPECT_NEAR(ServingOf(result).joules_per_token.value(), 1.5, 1e-9);
  EXPECT_EQ(ServingOf(CellResult()).joules_per_token, std::nullopt);
}

TEST(CellServingTest, AShareIsNeverAboveOne) {
  EXPECT_EQ(GpuShare(Loaded(1, 100, 130)), 1.0);
}

}  // namespace
}  // namespace ollama_bench
