#include "ollama_bench/analysis/cell_estimate.h"

#include <gtest/gtest.h>

#include <limits>

#include "support/sample_tables.h"

namespace ollama_bench {
namespace {

using std::chrono::milliseconds;

Sample LoadSample(std::int64_t load_id, int load_ms, SampleRole role = SampleRole::kMeasure) {
  Sample sample = SampleWithRate(100);
  sample.load_id = load_id;
  sample.role = role;
  sample.metrics.load = milliseconds(load_ms);
  return sample;
}

TEST(CellValueTest, IsTheMedianOfTheCountedSamples) {
  CellResult result = ResultWithRates({1024, 64}, {90, 100, 95});
  Sample excluded = SampleWithRate(5000);
  excluded.excluded = Exclusion::kCached;
  Sample warm_up = SampleWithRate(6000);
  warm_up.role = SampleRole::kWarmUp;
  result.samples.push_back(excluded);
  result.samples.push_back(warm_up);
  EXPECT_EQ(CellValue(result, Metric::kPromptEvalRate), 95);
}

TEST(CellValueTest, HasNoValueWithoutACountedSampleOrWithoutTheMetric) {
  EXPECT_EQ(CellValue(CellResult{}, Metric::kPromptEvalRate), std::nullopt);
  EXPECT_EQ(CellValue(ResultWithRates({1024, 64}, {90}), Metric::kTotal), std::nullopt);
}

TEST(CellValueTest, LeavesOutWhatIsNoFiniteNumber) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(CellValue(ResultWithRates({1024, 64}, {infinity, 90}), Metric::kPromptEvalRate), 90);
  EXPECT_EQ(CellValue(ResultWithRates({1024, 64}, {infinity}), Metric::kPromptEvalRate),
            std::nullopt);
}

TEST(CellValueTest, TakesTheLongestLoadTimeOfEachLoadAndThenTheirMedian) {
  CellResult result;
  // The warm-up carries the load; the runs after it report nearly nothing.
  result.samples = {
      LoadSample(1, 9000, SampleRole::kWarmUp), LoadSample(1, 20), LoadSample(1, 30),
      LoadSample(2, 7000, SampleRole::kWarmUp), LoadSample(2, 25), LoadSample(3, 8000)};
  EXPECT_EQ(CellValue(result, Metric::kLoad), 8.0);
}

TEST(CellValueTest, CountsSamplesOfUnknownLoadsOneByOne) {
  CellResult result;
  result.samples = {LoadSample(0, 1000), LoadSample(0, 3000), LoadSample(0, 2000)};
  EXPECT_EQ(CellValue(result, Metric::kLoad), 2.0);
}

TEST(CellValueTest, DistrustsLoadTimesOfABadClockOnly) {
  CellResult result;
  result.samples = {LoadSample(1, 1000), LoadSample(1, 90'000)};
  result.samples[1].excluded = Exclusion::kClock;
  EXPECT_EQ(CellValue(result, Metric::kLoad), 1.0);
  result.samples[1].excluded = Exclusion::kCached;
  EXPECT_EQ(CellValue(result, Metric::kLoad), 90.0);
}

}  // namespace
}  // namespace ollama_bench
