#pragma once

#include <span>
#include <string>
#include <vector>

#include "heatmap_cell.h"
#include "picture_header.h"

namespace ollama_bench {

/// What there is to say of the cells of one mark.
struct MarkText {
  CellMark mark = CellMark::kNone;
  Cell cell;  ///< one of them
  std::string text;
};
/// "recommended: num_ctx=4096 num_batch=512" and the like, for the marks that there are.
std::vector<MarkText> MarkTexts(std::span<const SweepMap> maps, const CellFaces& faces,
                                const CellMarks& marks);

/// Explains the cells without a measured value, as far as there are any.
void AddGapEntries(std::vector<LegendEntry>& legend, std::span<const SweepMap> maps,
                   const CellFaces& faces, const ReasonLabels& reasons);

/// Of which tables the means beside them are.
enum class MarginScope { kNone, kEach, kAll };

/// What there is to explain of a heatmap, and nothing else.
std::vector<LegendEntry> HeatmapLegend(std::span<const SweepMap> maps, const CellFaces& faces,
                                       const CellMarks& marks, const ReasonLabels& reasons,
                                       MarginScope margins);

}  // namespace ollama_bench
