#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/analysis/cell_estimate.h"
#include "ollama_bench/analysis/scaling_law.h"
#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/cell_result.h"

namespace ollama_bench {

/// What was measured at one length of the prompt. Intervals are of 95 %.
struct ScalePoint {
  Cell cell;
  double tokens = 0;  ///< of the prompt, as the server counted them, mean
  std::size_t loads = 0;
  std::optional<Bounded> prefill_s;     ///< of windows: the median time to the first token
  std::optional<Bounded> prefill_rate;  ///< tokens/s
  std::optional<Bounded> ttft_s;
  std::optional<Bounded> decode_rate;  ///< tokens/s of a request
  std::optional<Bounded> throughput;   ///< output tokens/s of a window
  CellServing serving;
};

/// How time grows with the prompt, where all else is equal.
struct ScaleSeries {
  Cell common;                        ///< without the length
  std::vector<ScalePoint> points;     ///< ascending by tokens, at least one
  std::optional<ScalingLaw> prefill;  ///< seconds by tokens of the prompt
  std::optional<ScalingLaw> decode;   ///< seconds a token by tokens of context, a straight line
  std::string why_no_law;             ///< empty where there is one
};

/// The series of the results: of every setting, request and traffic the lengths. Runs that do not
/// count are left out, and so are cells that do not say a length.
std::vector<ScaleSeries> ScaleOf(const std::vector<CellResult>& results);

/// One series against another one that uses fewer GPUs, at the same length and traffic. Only
/// end-to-end times are seen from outside: neither pipeline bubbles nor all-reduce times.
struct Placement {
  double tokens = 0;
  int gpus = 0;  ///< of the second; the first uses `base_gpus`
  int base_gpus = 1;
  std::optional<double> overhead;    ///< relative time above that of the first, with one request
  std::optional<double> efficiency;  ///< T_1 / (k T_k), of output throughput under parallel load
};

/// Of every pair of series that differ in `gpus` alone.
std::vector<Placement> PlacementsOf(const std::vector<ScaleSeries>& series);

}  // namespace ollama_bench
