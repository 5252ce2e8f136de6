#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "ollama_bench/analysis/scale_report.h"
#include "ollama_bench/core/random.h"

namespace ollama_bench {

/// A made-up server: what its prefill takes by the length of the prompt, and a token of its answer.
struct MadeScale {
  std::vector<double> lengths = {64, 128, 256, 512, 1024, 2048, 4096, 8192};
  std::function<double(double)> prefill_s = [](double n) { return 0.04 + 4e-4 * n + 3e-8 * n * n; };
  std::function<double(double)> token_s = [](double n) { return 0.01 + 1e-6 * n; };
  int loads = 3;
  double noise = 0.01;  ///< standard deviation of a run, relative
  bool has_decode = true;
  bool has_memory = true;
  double memory_bytes = 5e9;  ///< and 1 MB a token

  [[nodiscard]] ScaleSeries Make(const Cell& common = {}) const {
    Random random(7);
    ScaleSeries series;
    series.common = common;
    std::vector<LoadTime> prefill;
    std::vector<LoadTime> decode;
    for (const double length : lengths) {
      const auto value = static_cast<int>(length);
      ScalePoint& point = series.points.emplace_back();
      point.cell = common.With(Parameter::kPromptTokens, value);
      point.tokens = length;
      point.loads = static_cast<std::size_t>(loads);
      for (int load = 0; load < loads; ++load) {
        prefill.push_back({load, length, prefill_s(length) * std::exp(noise * random.Normal())});
        decode.push_back({load, length, token_s(length) * std::exp(noise * random.Normal())});
      }
      point.prefill_s = About(prefill_s(length), random);
      point.prefill_rate = About(length / prefill_s(length), random);
      if (has_decode) point.decode_rate = About(1 / token_s(length), random);
      if (has_memory) AddMemory(point);
    }
    auto law = FitScalingLaw(prefill);
    if (law) series.prefill = *law;
    if (!law) series.why_no_law = law.error();
    if (has_decode) {
      if (auto line = FitScalingLaw(decode, 2)) series.decode = *line;
    }
    return series;
  }

 private:
  [[nodiscard]] Bounded About(double value, Random& random) const {
    const double estimate = value * std::exp(noise * random.Normal() / std::sqrt(loads));
    const double reach = 2.5 * noise;
    return {estimate, estimate * (1 - reach), estimate * (1 + reach)};
  }

  void AddMemory(ScalePoint& point) const {
    constexpr double kOnGpu = 8e9;
    const double bytes = memory_bytes + 1e6 * point.tokens;
    point.serving.memory_bytes = static_cast<std::int64_t>(bytes);
    point.serving.gpu_share = bytes < kOnGpu ? 1 : kOnGpu / bytes;
  }
};

/// From `place` on each token costs half as much again.
inline MadeScale MakeBrokenScale(double place = 2048) {
  MadeScale scale;
  scale.lengths = {64, 128, 256, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192};
  scale.prefill_s = [place](double n) {
    return 0.04 + 4e-4 * n + (n > place ? 2e-4 * (n - place) : 0);
  };
  return scale;
}

}  // namespace ollama_bench
