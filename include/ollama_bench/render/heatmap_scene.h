#pragma once

#include <optional>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/analysis/sweep_answer.h"
#include "ollama_bench/render/colormap.h"
#include "ollama_bench/render/font.h"
#include "ollama_bench/render/scene.h"
#include "ollama_bench/render/sweep_caption.h"

namespace ollama_bench {

/// The table as a picture: num_ctx across, num_batch ascending downwards, one rectangle per cell
/// with a title, a colour bar, the best set outlined and the recommended cell most of all, the
/// answer in words above, a legend of what else is there and the notes on noise and drift below.
/// Every text lies within its place and no two overlap. `table` has at least one cell.
Scene LayOutHeatmap(const ResultTable& table, const std::optional<SweepAnswer>& answer,
                    const SweepCaption& caption, const Colormap& colormap, const Font& font);

}  // namespace ollama_bench
