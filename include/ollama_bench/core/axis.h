#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/core/cell.h"

namespace ollama_bench {

/// The values of one swept parameter, distinct, in the order they are visited.
struct Axis {
  std::vector<int> values;

  friend bool operator==(const Axis&, const Axis&) = default;
};

/// Both axes of a sweep.
struct Grid {
  Axis num_ctx;
  Axis num_batch;

  [[nodiscard]] std::size_t CellCount() const {
    return num_ctx.values.size() * num_batch.values.size();
  }
  /// Whether `cell` is one of the grid's.
  [[nodiscard]] bool Contains(const Cell& cell) const;
  friend bool operator==(const Grid&, const Grid&) = default;
};

/// "1024-3072:1024" for an evenly spaced ascending axis of two or more values (the old script's
/// spelling), otherwise the values joined by commas.
std::string DescribeAxis(const Axis& axis);

/// The axis that DescribeAxis wrote; empty where `text` is none (a hand-edited store).
std::optional<Axis> ParseAxis(std::string_view text);

}  // namespace ollama_bench
