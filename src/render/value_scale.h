#pragma once

#include <span>

#include "number_format.h"
#include "ollama_bench/analysis/sweep_map.h"
#include "ollama_bench/render/colormap.h"

namespace ollama_bench {

/// The range of the measured values and what belongs to it.
struct ValueScale {
  Colormap colormap;
  NumberFormat format;
  double low = 0;
  double high = 0;
  double best = 0;  ///< one of the two
  bool has_values = false;

  /// The middle of the colormap where all values are equal.
  [[nodiscard]] Color ColorOf(double value) const;
};

/// Of the medians of the measured cells of all maps, at least one.
ValueScale MakeValueScale(std::span<const SweepMap> maps, const Colormap& colormap);

}  // namespace ollama_bench
