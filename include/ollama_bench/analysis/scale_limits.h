#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/analysis/scale_report.h"
#include "ollama_bench/core/decode_cost.h"

namespace ollama_bench {

/// How fast the memory is that holds the model.
struct MemoryRate {
  double gb_per_s = 0;  ///< 1e9 bytes
  std::string source;   ///< "triad of 2 threads", "nvbandwidth, device_local_copy"
  bool of_gpu = false;
};

/// What decode takes of the memory's bandwidth: every generated token reads the active weights and
/// the cache of its context once.
struct DecodeLimit {
  double tokens = 0;           ///< of context
  double decode_rate = 0;      ///< tokens/s
  double bytes_per_token = 0;  ///< weights and cache
  double utilisation = 0;      ///< of the bandwidth, 0 to 1; above 1 the caches hold a part
};

/// What limits a series.
struct ScaleLimits {
  DecodeCost cost;
  MemoryRate memory;
  std::vector<DecodeLimit> decode;  ///< of each point that has a decode rate, as they are ordered
  std::optional<double> prefill_operations_per_s;  ///< at the fastest length, two a parameter
};

/// Empty where the model does not lie in that memory alone, or nothing was decoded. `cache_share`
/// is the size of a cached value against 16 bits.
std::optional<ScaleLimits> LimitsOf(const ScaleSeries& series, const DecodeCost& cost,
                                    const MemoryRate& memory, double cache_share = 1);

/// What the figures suggest, a sentence each, with the figures.
std::vector<std::string> AdviceOf(const ScaleSeries& series, const std::optional<DecodeCost>& cost,
                                  const std::optional<ScaleLimits>& limits);

}  // namespace ollama_bench
