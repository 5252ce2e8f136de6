#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "ollama_bench/analysis/sweep_map.h"
#include "ollama_bench/render/color.h"
#include "ollama_bench/render/font.h"
#include "ollama_bench/render/picture.h"
#include "ollama_bench/render/scene.h"
#include "ollama_bench/render/sweep_caption.h"

namespace ollama_bench {

enum class CellColoring {
  kLoss,   ///< what is known: the significant losses in fixed steps, the rest in grey
  kValue,  ///< the classic map: plain values on a palette
};

enum class NumberMode { kAuto, kAll, kNone };
/// "auto", "all" or "none".
std::optional<NumberMode> NumberModeFromKey(std::string_view key);

/// Whether the cells of a picture with so many columns hold numbers. By itself an SVG, which shows
/// them when the pointer rests on a cell, leaves them out above 20 columns, the others above 50.
bool ShowsNumbers(NumberMode mode, PictureFormat format, std::size_t columns);

struct HeatmapStyle {
  CellColoring coloring = CellColoring::kLoss;
  Colormap colormap = DefaultColormap();  ///< of kValue
  bool has_numbers = true;                ///< as far as they fit into their cells
};

/// The map as a picture: num_ctx across, num_batch ascending downwards, one rectangle per cell with
/// a title, the answer above, the means of the rows and columns beside, below a legend of what the
/// picture holds and the notes. Every text lies within its place and no two overlap. `map` has at
/// least one cell.
Scene LayOutHeatmap(std::span<const SweepMap> maps, const SweepCaption& caption,
                    const HeatmapStyle& style, const Font& font);

}  // namespace ollama_bench
