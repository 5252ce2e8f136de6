#include <gtest/gtest.h>

#include "ollama_bench/core/sample.h"
#include "ollama_bench/machine/machine_probe.h"

namespace ollama_bench {
namespace {

// Two GPUs in forty readings after the first; the server computes on the first one.
SampledTelemetry Quiet() {
  SampledTelemetry sampled;
  sampled.record.gpu_names = {"A", "B"};
  for (int i = 0; i <= 40; ++i) {
    TelemetryReading& reading = sampled.record.readings.emplace_back();
    reading.at_s = 0.2 * i;
    reading.gpus.resize(2);
    for (GpuReading& gpu : reading.gpus) gpu.is_slowed = false;
    sampled.gpu_shares.push_back({{0.9, 0.0}, {0.0, 0.0}});
  }
  return sampled;
}

std::string CauseOf(const SampledTelemetry& sampled) {
  const auto found = FindGpuDisturbance(sampled);
  return found ? found->cause : "";
}

TEST(GpuDisturbanceTest, NothingIsDisturbedWhereNothingHappensOrNothingIsSaid) {
  EXPECT_EQ(CauseOf(Quiet()), "");
  EXPECT_EQ(CauseOf({}), "");
  SampledTelemetry silent = Quiet();
  for (TelemetryReading& reading : silent.record.readings) reading.gpus = {{}, {}};
  for (auto& shares : silent.gpu_shares) shares = {{}, {}};
  EXPECT_EQ(CauseOf(silent), "");
}

TEST(GpuDisturbanceTest, AGpuThatIsSlowedDownForMoreThanAMomentDisturbs) {
  SampledTelemetry sampled = Quiet();
  for (TelemetryReading& reading : sampled.record.readings) reading.gpus[1].use = 0.5;
  sampled.record.readings[0].gpus[1].is_slowed = true;  // of the time before
  sampled.record.readings[5].gpus[1].is_slowed = true;
  EXPECT_EQ(CauseOf(sampled), "");
  sampled.record.readings[6].gpus[1].is_slowed = true;
  EXPECT_EQ(CauseOf(sampled), "gpu_slowed");
  EXPECT_EQ(Explain(*FindGpuDisturbance(sampled)),
            "a GPU was slowed down by its heat or its power supply");
}

TEST(GpuDisturbanceTest, AnIdleGpuMayBeSlowedDown) {
  SampledTelemetry sampled = Quiet();
  for (TelemetryReading& reading : sampled.record.readings) {
    reading.gpus[1].is_slowed = true;
    reading.gpus[1].use = 0.01;
  }
  EXPECT_EQ(CauseOf(sampled), "");
  for (auto& shares : sampled.gpu_shares) shares[1].server = 0.1;
  EXPECT_EQ(CauseOf(sampled), "gpu_slowed");
}

TEST(GpuDisturbanceTest, AnotherProgramDisturbsOnTheGpuOfTheServerAlone) {
  SampledTelemetry sampled = Quiet();
  for (auto& shares : sampled.gpu_shares) shares[1].others = 0.7;
  EXPECT_EQ(CauseOf(sampled), "") << "the server is not there";
  sampled.gpu_shares[0][0].others = 1;  // of the time before
  sampled.gpu_shares[1][0].others = 1;
  EXPECT_EQ(CauseOf(sampled), "") << "a fortieth of the time";
  for (auto& shares : sampled.gpu_shares) shares[0].others = 0.06;
  EXPECT_EQ(CauseOf(sampled), "gpu");
  EXPECT_EQ(Explain(*FindGpuDisturbance(sampled)), "another program computed on the server's GPU");
}

}  // namespace
}  // namespace ollama_bench
