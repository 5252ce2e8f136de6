#include "ollama_bench/core/telemetry.h"

#include <gtest/gtest.h>

#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/random.h"
#include "ollama_bench/core/sample.h"

namespace ollama_bench {
namespace {

// A reading each `step_s`; the GPU and the CPUs draw 100 and 10 W.
TelemetryRecord Steady(double length_s, double step_s = 0.2) {
  TelemetryRecord record;
  record.gpu_names = {"A"};
  for (double at_s = 0; at_s < length_s + step_s / 2; at_s += step_s) {
    TelemetryReading& reading = record.readings.emplace_back();
    reading.at_s = at_s;
    reading.cpu_energy_j = 10 * at_s;
    GpuReading& gpu = reading.gpus.emplace_back();
    gpu.power_w = 100;
    gpu.energy_j = 100 * at_s;
  }
  return record;
}

TEST(TelemetryTest, EnergyIsThatOfTheMeasuredStretchAlone) {
  const TelemetryRecord record = Steady(20);
  const Telemetry telemetry = SummarizeTelemetry(record, 3.07, 13.57);
  EXPECT_NEAR(telemetry.gpus.at(0).energy_j.value(), 1050, 0.01);
  EXPECT_NEAR(telemetry.cpu_energy_j.value(), 105, 0.01);
  EXPECT_NEAR(EnergyJoules(telemetry).value(), 1155, 0.02);
}

TEST(TelemetryTest, EnergiesOfPartsAddUpToThatOfTheWhole) {
  Random random(7);
  TelemetryRecord record = Steady(0, 1);
  double sum = 0;
  for (int i = 0; i < 100; ++i) {
    TelemetryReading next = record.readings.back();
    next.at_s += 0.1 + 0.2 * random.Uniform();
    sum += 30 * random.Uniform();
    next.gpus[0].energy_j = sum;
    record.readings.push_back(next);
  }
  const double end_s = record.readings.back().at_s;
  for (const double cut_s : {1.0, 2.345, end_s / 2}) {
    const auto energy = [&](double from_s, double to_s) {
      return SummarizeTelemetry(record, from_s, to_s).gpus.at(0).energy_j.value();
    };
    EXPECT_NEAR(energy(0, cut_s) + energy(cut_s, end_s), sum, 0.02);
  }
}

TEST(TelemetryTest, TheEnergyOfAMomentOrWithoutItsEndsIsNotKnown) {
  EXPECT_FALSE(SummarizeTelemetry(Steady(20), 1, 1.4).gpus.at(0).energy_j);
  TelemetryRecord record = Steady(20);
  for (std::size_t i = 0; i < 40; ++i) record.readings[i].gpus[0].energy_j.reset();
  EXPECT_FALSE(SummarizeTelemetry(record, 0, 20).gpus.at(0).energy_j);
  EXPECT_TRUE(SummarizeTelemetry(record, 9, 20).gpus.at(0).energy_j);
  EXPECT_TRUE(SummarizeTelemetry(record, 0, 20).cpu_energy_j);
}

TEST(TelemetryTest, MeansAreOverTheTimeAndExtremesOfTheReadings) {
  TelemetryRecord record;
  const auto add = [&record](double at_s, double cpus, std::int64_t bytes) {
    TelemetryReading& reading = record.readings.emplace_back();
    reading.at_s = at_s;
    reading.cpus = cpus;
    reading.available_bytes = bytes;
    reading.server_bytes = bytes;
  };
  add(0, 9, 1);  // of the time before
  add(1, 1, 500);
  add(4, 2, 300);
  add(5, 6, 700);
  const Telemetry whole = SummarizeTelemetry(record, 0, 5);
  EXPECT_EQ(whole.readings, 3);
  EXPECT_NEAR(whole.cpus_mean.value(), (1 + 3 * 2 + 6) / 5.0, 1e-9);
  EXPECT_EQ(whole.cpus_max, 6);
  EXPECT_EQ(whole.available_bytes_min, 300);
  EXPECT_EQ(whole.server_bytes_max, 700);
  const Telemetry part = SummarizeTelemetry(record, 0.9, 4);
  EXPECT_EQ(part.cpus_max, 2) << "the others are hardly of it";
  EXPECT_NEAR(part.cpus_mean.value(), (0.1 * 1 + 3 * 2) / 3.1, 1e-3);
  EXPECT_FALSE(part.server_cpus_mean);
}

TEST(TelemetryTest, OfAStretchBetweenTwoReadingsTheOneThatSpansItIsTaken) {
  const Telemetry telemetry = SummarizeTelemetry(Steady(20, 5), 6, 7);
  EXPECT_EQ(telemetry.readings, 1);
  EXPECT_EQ(telemetry.gpus.at(0).power_w_mean, 100);
  EXPECT_NEAR(telemetry.gpus.at(0).energy_j.value(), 100, 0.01);
  EXPECT_EQ(SummarizeTelemetry({}, 0, 1), Telemetry());
}

TEST(TelemetryTest, TheShareOfSlowedReadingsIsThatOfThoseThatSay) {
  TelemetryRecord record = Steady(2);
  for (std::size_t i = 1; i < 5; ++i) record.readings[i].gpus[0].is_slowed = i == 2;
  EXPECT_NEAR(SummarizeTelemetry(record, 0, 2).gpus.at(0).slowed_share.value(), 0.25, 1e-3);
}

TEST(TelemetryTest, EnergyPerTokenIsAMetric) {
  Sample sample;
  sample.metrics.prompt_eval_count = 900;
  sample.metrics.prompt_eval_cached = 100;
  sample.metrics.eval_count = 200;
  const auto value = Describe(*MetricFromKey("joules_per_token")).value;
  EXPECT_FALSE(value(sample));
  sample.telemetry.emplace(SummarizeTelemetry(Steady(20), 0, 10));
  EXPECT_NEAR(value(sample).value(), 1.1, 1e-3);
  sample.telemetry->cpu_energy_j = 0;
  sample.telemetry->gpus.clear();
  EXPECT_FALSE(value(sample)) << "a counter that does not move";
}

TEST(TelemetryTest, GpuMemoryIsThatOfAllGpus) {
  Sample sample;
  sample.telemetry.emplace();
  const auto value = Describe(*MetricFromKey("gpu_memory")).value;
  EXPECT_FALSE(value(sample));
  sample.telemetry->gpus.resize(2);
  sample.telemetry->gpus[0].memory_bytes_max = 3'000'000'000;
  EXPECT_FALSE(value(sample));
  sample.telemetry->gpus[1].memory_bytes_max = 4'500'000'000;
  EXPECT_NEAR(value(sample).value(), 7.5, 1e-9);
}

}  // namespace
}  // namespace ollama_bench
