#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "ollama_bench/analysis/load_units.h"
#include "ollama_bench/analysis/noise_model.h"
#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/metric.h"

namespace ollama_bench {

/// One cell's value of `metric` in the metric's unit: the median over the counted samples. A load
/// time is a property of a load, not of a run: there it is the median over the loads of the longest
/// load time that any run of the load reported, warm-ups included, runs with a bad clock left out.
/// Empty where no sample has a finite value.
std::optional<double> CellValue(const CellResult& result, Metric metric);

/// The load times in seconds that CellValue takes the median of, one per load; samples of an
/// unknown load count as loads of their own.
std::vector<double> LoadTimes(const CellResult& result);
/// Those of known loads, by load_id.
std::map<std::int64_t, double> LoadTimesById(const CellResult& result);

/// The lower and the upper end of an interval.
struct Interval {
  double low = 0;
  double high = 0;

  friend bool operator==(const Interval&, const Interval&) = default;
};

/// A quantity on the log scale with what is not known of it.
struct LogEstimate {
  double value = 0;  ///< natural log, or a difference of two
  NoiseShares shares;
  StandardError error;

  /// On the log scale.
  [[nodiscard]] Interval LogInterval(double level) const;
  /// Of exp(value): a rate's interval in its own unit, or a ratio's.
  [[nodiscard]] Interval RatioInterval(double level) const;
};

/// What is known of one cell's true value: the mean over its loads.
struct CellEstimate {
  Cell cell;
  LogEstimate log;
  int loads = 0;
  int runs = 0;
  int confirming = 0;  ///< of the loads; where there are some, those of the pass do not count

  [[nodiscard]] double value() const;  ///< exp(log.value), in the metric's unit
};

/// One estimate for each cell that has a unit, ordered by cell. Loads are weighted by the inverse
/// of their variances at the noise's posterior mean.
std::vector<CellEstimate> EstimateCells(const std::vector<LoadUnit>& units,
                                        const NoiseModel& noise);

/// b - a, where both are independent.
LogEstimate Difference(const LogEstimate& a, const LogEstimate& b, const NoiseModel& noise);

/// What a setting gives and takes beside its prefill rate: medians over its loads, empty where no
/// load reports.
struct CellServing {
  std::optional<double> decode_rate;                      ///< tokens/s
  std::optional<double> gpu_share;                        ///< of the loaded model, 0 to 1
  std::optional<std::int64_t> memory_bytes;               ///< of the loaded model, wherever it lies
  std::optional<double> joules_per_token = std::nullopt;  ///< median of the samples that count
};

CellServing ServingOf(const CellResult& result);

/// The share of the model that lay on GPUs while the sample ran; empty where it is not known.
std::optional<double> GpuShare(const Sample& sample);

}  // namespace ollama_bench
