#pragma once

#include <cstdint>
#include <optional>

#include "ollama_bench/core/axis.h"

namespace ollama_bench {

/// What bounds the context of a model on a machine. Empty: not known.
struct GridFacts {
  std::optional<std::int64_t> trained_context;     ///< tokens
  std::optional<std::int64_t> free_bytes;          ///< memory that the model may take
  std::optional<std::int64_t> weights_bytes;       ///< of the model
  std::optional<std::int64_t> kv_bytes_per_token;  ///< of the KV cache, at 16 bits a value
};

/// The largest context that these facts allow, in tokens; 8192 where they say nothing, never below
/// 256. The KV cache may take what the weights and a tenth of them leave.
std::int64_t LargestSensibleContext(const GridFacts& facts);

enum class GridSize {
  kSweep,   ///< at most 4 x 4 cells, doubling: a first look within a quarter of an hour or so
  kSearch,  ///< evenly spaced and fine, up to 24 x 16: for a search that measures few of them
};

/// `given` with num_ctx and num_batch added where it lacks them, fitting the facts and each other.
/// The built-in prompt of such a space holds at least two of the largest batch. A space that sweeps
/// another parameter is complete as it is.
Space CompleteSpace(Space given, const GridFacts& facts, GridSize size);

}  // namespace ollama_bench
