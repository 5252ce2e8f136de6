#pragma once

#include <cstdint>
#include <optional>

#include "ollama_bench/core/cell_result.h"

namespace ollama_bench {

/// What a setting gives and takes beside its prefill rate: medians over its loads, empty where no
/// load reports.
struct CellServing {
  std::optional<double> decode_rate;         ///< tokens/s
  std::optional<double> gpu_share;           ///< of the loaded model, 0 to 1
  std::optional<std::int64_t> memory_bytes;  ///< of the loaded model, wherever it lies
};

CellServing ServingOf(const CellResult& result);

/// The share of the model that lay on GPUs while the sample ran; empty where it is not known.
std::optional<double> GpuShare(const Sample& sample);

}  // namespace ollama_bench
