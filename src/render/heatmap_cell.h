#pragma once

#include <string>

#include "answer_marks.h"
#include "ollama_bench/analysis/result_table.h"
#include "scene_builder.h"
#include "value_scale.h"

namespace ollama_bench {

/// Draws one cell's colour, or the pattern of its state. `title` goes with the cell's rectangle.
void DrawCellBackground(SceneBuilder& scene, const Box& box, const CellState& state,
                        const ValueScale& scale, std::string title);

/// Draws the cell's value at the font size `value_size`, or the reason why it has none; nothing
/// where that would be too small to read.
void DrawCellText(SceneBuilder& scene, const Box& box, const CellState& state,
                  const ValueScale& scale, double value_size);

/// The outline of a marked cell, to be seen on every colour: a thick one around the recommended
/// cell, a thin one inside the box of another of the best set.
void DrawMark(SceneBuilder& scene, const Box& box, AnswerMark mark);

/// "num_ctx 8192, num_batch 128: 84.0 tokens/s (3 samples)".
std::string CellTitle(const ResultTable& table, const Cell& cell, const CellState& state);

}  // namespace ollama_bench
