#pragma once

#include <cstddef>

#include "ollama_bench/analysis/sweep_map.h"
#include "ollama_bench/render/font.h"
#include "ollama_bench/render/scene.h"
#include "ollama_bench/render/sweep_caption.h"

namespace ollama_bench {

/// More lines cannot be distinguished.
inline constexpr std::size_t kMostLines = 8;

/// The rows of the map, at most kMostLines, as lines over the values of its axis across: points
/// where a value was measured, the 95 % interval as a band, below the plot the cells without a
/// value; the answer above, a legend and the notes below. Every text lies within its place and no
/// two overlap. `map` has at least one cell.
Scene LayOutLines(const SweepMap& map, const SweepCaption& caption, const Font& font);

}  // namespace ollama_bench
