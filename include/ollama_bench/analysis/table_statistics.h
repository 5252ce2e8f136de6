#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/core/failure.h"

namespace ollama_bench {

/// Of at least one measured value, in the metric's unit.
struct ValueSummary {
  double maximum = 0;
  double minimum = 0;
  double mean = 0;
  double median = 0;

  friend bool operator==(const ValueSummary&, const ValueSummary&) = default;
};

/// How many cells tables have, and of which state. The counts of the states add up to
/// `combinations`.
struct TableStatistics {
  std::size_t combinations = 0;
  std::size_t successful = 0;
  std::size_t failed = 0;
  std::size_t excluded = 0;
  std::size_t aliases = 0;
  std::size_t untested = 0;
  std::map<FailureKind, std::size_t> failed_by_kind;
  std::optional<ValueSummary> values;  ///< of comparable cells; empty where there are none

  friend bool operator==(const TableStatistics&, const TableStatistics&) = default;
};

TableStatistics ComputeStatistics(std::span<const ResultTable> tables);

}  // namespace ollama_bench
