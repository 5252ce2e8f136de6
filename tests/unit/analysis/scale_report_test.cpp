#include "ollama_bench/analysis/scale_report.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace ollama_bench {
namespace {

Cell CellOf(int tokens) {
  return Cell(4096, 512).With(Parameter::kPromptTokens, tokens).With(Parameter::kNumPredict, 17);
}

std::chrono::nanoseconds Duration(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(seconds));
}

// A run of `load` that read the prompt in `prefill` and generated 17 tokens in `decode` seconds.
void AddRun(CellResult& result, std::int64_t load, double prefill, double decode) {
  Sample sample;
  sample.id = std::to_string(load) + "-" + std::to_string(result.samples.size());
  sample.load_id = load;
  sample.metrics.prompt_eval_count = result.cell[Parameter::kPromptTokens] + 1;
  sample.metrics.prompt_eval = Duration(prefill);
  sample.metrics.eval_count = 17;
  sample.metrics.eval = Duration(decode);
  result.samples.push_back(sample);
}

std::vector<CellResult> Sweep(double factor = 1, const Cell& more = Cell()) {
  std::vector<CellResult> results;
  for (const int tokens : {64, 128, 256, 512, 1024}) {
    CellResult& result = results.emplace_back();
    result.cell = CellOf(tokens);
    if (more.Sets(Parameter::kGpus)) result.cell.Set(Parameter::kGpus, more[Parameter::kGpus]);
    const double counted = tokens + 1;
    for (int load = 1; load <= 3; ++load) {
      AddRun(result, load, factor * (0.01 + 0.001 * counted), 16 * (0.02 + 1e-6 * (counted + 8.5)));
    }
  }
  return results;
}

TEST(ScaleReportTest, TheLawIsOfTheTokensThatTheServerCounted) {
  const auto series = ScaleOf(Sweep());
  ASSERT_EQ(series.size(), 1U);
  const ScaleSeries& one = series.front();
  EXPECT_FALSE(one.common.Sets(Parameter::kPromptTokens));
  ASSERT_EQ(one.points.size(), 5U);
  EXPECT_DOUBLE_EQ(one.points.front().tokens, 65);
  EXPECT_EQ(one.points.front().loads, 3U);
  ASSERT_TRUE(one.prefill);
  EXPECT_NEAR(one.prefill->terms()[0].estimate, 0.01, 1e-6);
  EXPECT_NEAR(one.prefill->terms()[1].estimate, 0.001, 1e-8);
  EXPECT_NEAR(one.points.back().prefill_s->estimate, 1.035, 1e-6);
  ASSERT_TRUE(one.decode);
  EXPECT_NEAR(one.decode->terms()[0].estimate, 0.02, 1e-6);
  EXPECT_NEAR(one.decode->terms()[1].estimate, 1e-6, 1e-9);
}

TEST(ScaleReportTest, RunsThatDoNotCountAndCellsWithoutALengthAreLeftOut) {
  auto results = Sweep();
  AddRun(results[2], 9, 100, 1);
  results[2].samples.back().excluded = Exclusion::kCached;
  results.emplace_back().cell = Cell(4096, 512);
  AddRun(results.back(), 1, 1, 1);
  const auto series = ScaleOf(results);
  ASSERT_EQ(series.size(), 1U);
  EXPECT_NEAR(series.front().prefill->terms()[1].estimate, 0.001, 1e-8);
}

TEST(ScaleReportTest, FewLengthsHaveNoLawAndTheReasonIsSaid) {
  auto results = Sweep();
  results.resize(3);
  const auto series = ScaleOf(results);
  EXPECT_FALSE(series.front().prefill);
  EXPECT_EQ(series.front().why_no_law, "a law needs 4 lengths or more in one load of the model");
  EXPECT_EQ(series.front().points.size(), 3U);
}

TEST(ScaleReportTest, MoreGpusAreComparedWithFewerAtTheSameLength) {
  auto results = Sweep(1, Cell().With(Parameter::kGpus, 0b1));
  const auto both = Sweep(0.6, Cell().With(Parameter::kGpus, 0b11));
  results.insert(results.end(), both.begin(), both.end());
  const auto placements = PlacementsOf(ScaleOf(results));
  ASSERT_EQ(placements.size(), 5U);
  for (const Placement& placement : placements) {
    EXPECT_EQ(placement.base_gpus, 1);
    EXPECT_EQ(placement.gpus, 2);
    EXPECT_NEAR(*placement.overhead, -0.4, 1e-6) << "one request was faster on two";
    EXPECT_FALSE(placement.efficiency);
  }
}

}  // namespace
}  // namespace ollama_bench
