#pragma once

#include <cstdint>
#include <optional>

namespace ollama_bench {

/// What one generated token makes a model read and compute, by its own metadata.
struct DecodeCost {
  std::int64_t weight_bytes = 0;       ///< of mixtures the active experts' share alone
  std::int64_t active_parameters = 0;  ///< that enter a token's product, each twice an operation
  std::optional<double> kv_bytes_per_token;  ///< of context, with a cache of 16 bits a value
  bool is_mixture = false;                   ///< of experts

  friend bool operator==(const DecodeCost&, const DecodeCost&) = default;
};

}  // namespace ollama_bench
