#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "ollama_bench/core/cell_result.h"

namespace ollama_bench {

/// Adds a load with these rates in tokens/s to a cell; `minute` of the sweep it began in.
inline void AddLoad(CellResult& result, std::int64_t load_id, const std::vector<double>& rates,
                    SampleRole role = SampleRole::kMeasure, int minute = 0) {
  for (const double rate : rates) {
    Sample sample;
    sample.id = std::to_string(load_id) + "-" + std::to_string(result.samples.size());
    sample.load_id = load_id;
    sample.role = role;
    sample.metrics.printed_prompt_eval_rate = rate;
    const std::string digits = std::to_string(100 + minute % 60).substr(1);
    sample.started = "2026-11-21T" + std::to_string(10 + minute / 60) + ":" + digits + ":00+00:00";
    result.samples.push_back(sample);
  }
}

/// A noisy machine: log-normal deviations between loads and between runs.
class NoisyMachine {
 public:
  NoisyMachine(unsigned seed, double load_deviation, double run_deviation)
      : engine_(seed), load_deviation_(load_deviation), run_deviation_(run_deviation) {}

  void Measure(CellResult& result, double rate, int loads, int runs,
               SampleRole role = SampleRole::kMeasure) {
    for (int i = 0; i < loads; ++i) {
      const double of_load = rate * std::exp(load_deviation_ * load_(engine_));
      std::vector<double> rates;
      for (int j = 0; j < runs; ++j)
        rates.push_back(of_load * std::exp(run_deviation_ * run_(engine_)));
      ++loads_;
      AddLoad(result, loads_, rates, role, static_cast<int>(loads_));
    }
  }

  /// A cell for each rate, num_ctx ascending by 2048.
  std::vector<CellResult> Sweep(const std::vector<double>& rates, int loads, int runs) {
    std::vector<CellResult> results(rates.size());
    for (std::size_t i = 0; i < rates.size(); ++i) {
      results[i].cell = {2048 * static_cast<int>(i + 1), 512};
      Measure(results[i], rates[i], loads, runs);
    }
    return results;
  }

 private:
  std::mt19937_64 engine_;
  double load_deviation_;
  double run_deviation_;
  std::normal_distribution<double> load_;  // standard, for a machine may be without noise
  std::normal_distribution<double> run_;
  std::int64_t loads_ = 0;
};

}  // namespace ollama_bench
