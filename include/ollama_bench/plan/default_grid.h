#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/axis.h"

namespace ollama_bench {

/// What bounds the context of a model on a machine. Empty: not known.
struct GridFacts {
  std::optional<std::int64_t> trained_context;     ///< tokens
  std::optional<std::int64_t> gpu_bytes;           ///< free memory of the GPUs; empty: none is seen
  std::optional<std::int64_t> ram_bytes;           ///< other memory that the model may take
  std::optional<std::int64_t> weights_bytes;       ///< of the model
  std::optional<std::int64_t> kv_bytes_per_token;  ///< of the KV cache, at 16 bits a value
};

/// Tokens whose KV cache fits beside the weights and a tenth of them. Empty: not known.
struct FittingContexts {
  std::optional<std::int64_t> on_gpu;  ///< wholly; empty also without a GPU
  std::optional<std::int64_t> in_all;  ///< with layers on the CPU
};
FittingContexts ContextsThatFit(const GridFacts& facts);

/// The largest context that is worth a cell, in tokens; 8192 where the facts say nothing. What
/// stays on the GPUs; where that is less than people use, contexts up to 8192 with some layers on
/// the CPU, and where the model is partly there in any case all that fits. Memory makes it no
/// smaller than 4096, which may fail or be slow (GridNotes says so), only the model does.
std::int64_t LargestSensibleContext(const GridFacts& facts);

enum class GridSize {
  kSweep,    ///< at most 4 x 4 cells, doubling: a first look within a quarter of an hour or so
  kLengths,  ///< of the prompt alone: one setting (CompleteLengths)
  kSearch,   ///< evenly spaced and fine, up to 24 x 16: for a search that measures few of them
};

/// `given` with num_ctx and num_batch added where it lacks them, fitting the facts and each other.
/// The built-in prompt of such a space holds at least two of the largest batch. A space that sweeps
/// another parameter is complete as it is.
Space CompleteSpace(Space given, const GridFacts& facts, GridSize size);

/// `given` with lengths of the prompt where it lacks them, doubling from 64 to at most 4096 tokens,
/// and with one context that holds the longest of them and `num_predict` tokens more.
Space CompleteLengths(Space given, const GridFacts& facts, int num_predict);

/// What to know of the axes that CompleteSpace added to `given`, one line each, mostly none: what
/// fits where memory or a small context bound them, and why.
std::vector<std::string> GridNotes(const Space& given, const Space& chosen, const GridFacts& facts);

}  // namespace ollama_bench
