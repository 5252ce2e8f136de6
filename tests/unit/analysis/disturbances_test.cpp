#include "ollama_bench/analysis/disturbances.h"

#include <gtest/gtest.h>

namespace ollama_bench {
namespace {

Sample SampleAt(const std::string& time, std::int64_t load, double others = 0,
                const std::string& cause = "cpu") {
  Sample sample;
  sample.load_id = load;
  sample.started = "2026-11-21T" + time + "+00:00";
  sample.metrics.printed_prompt_eval_rate = 300;
  if (others > 0) sample.disturbed = Disturbance{cause, others, {}, {}};
  return sample;
}

CellResult ResultOf(std::vector<Sample> samples) {
  CellResult result;
  result.cell = {1024, 64};
  result.samples = std::move(samples);
  return result;
}

TEST(DisturbancesTest, ASweepOnAQuietMachineHasNone) {
  const std::vector<CellResult> results = {ResultOf({SampleAt("07:00:00", 1)})};
  const Disturbances found = FindDisturbances(results);
  EXPECT_EQ(found.samples, 0U);
  EXPECT_TRUE(found.spells.empty());
}

TEST(DisturbancesTest, SamplesNearInTimeAreOneSpellWithTheWorstOfThem) {
  const std::vector<CellResult> results = {
      ResultOf({SampleAt("09:00:00", 3, 0.5)}),
      ResultOf({SampleAt("07:00:00", 1, 0.3), SampleAt("07:05:00", 1, 1.2, "memory"),
                SampleAt("07:06:00", 1), SampleAt("07:14:59", 2, 0.4), SampleAt("07:20:00", 2)})};
  const Disturbances found = FindDisturbances(results);
  EXPECT_EQ(found.samples, 4U);
  EXPECT_EQ(found.not_replaced, 1U) << "the one at nine";
  ASSERT_EQ(found.spells.size(), 2U);
  EXPECT_EQ(found.spells[0].from, "2026-11-21T07:00:00+00:00");
  EXPECT_EQ(found.spells[0].to, "2026-11-21T07:14:59+00:00");
  EXPECT_EQ(found.spells[0].samples, 3U);
  EXPECT_EQ(found.spells[0].others_cpus, 1.2);
  EXPECT_EQ(found.spells[0].cause, "memory");
  EXPECT_EQ(found.spells[1].samples, 1U);
}

}  // namespace
}  // namespace ollama_bench
