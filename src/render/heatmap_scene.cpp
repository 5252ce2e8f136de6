#include "ollama_bench/render/heatmap_scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "heatmap_axes.h"
#include "heatmap_cell.h"
#include "heatmap_header.h"
#include "heatmap_legend.h"
#include "heatmap_notes.h"
#include "heatmap_plot.h"
#include "ollama_bench/analysis/table_statistics.h"

namespace ollama_bench {
namespace {

struct Layout {
  CellSize cell;
  HeatmapHeader header;
  AxisLabels num_ctx;
  AxisLabels num_batch;
  std::optional<ColorBar> color_bar;
  std::vector<LegendEntry> legend;
  std::vector<std::string> notes;
  Point notes_corner;
  Box header_place;
  Box plot;
  double width = 0;
  double height = 0;
};

Layout Plan(const ResultTable& table, const std::optional<SweepAnswer>& answer,
            const SweepCaption& caption, const ValueScale& scale, const Font& font) {
  Layout layout;
  layout.cell = ChooseCellSize(table.grid);
  layout.num_ctx = PlanNumCtxLabels(table.grid.num_ctx, layout.cell.width, font);
  layout.num_batch = PlanNumBatchLabels(table.grid.num_batch, layout.cell.height, font);
  layout.plot = {kMargin + layout.num_batch.extent, 0,
                 layout.cell.width * static_cast<double>(table.columns()),
                 layout.cell.height * static_cast<double>(table.rows())};
  layout.color_bar =
      PlanColorBar(scale, std::string(Describe(table.metric).unit), layout.plot.height, font);
  double right = layout.plot.right();
  if (layout.color_bar) right += kColorBarGap + layout.color_bar->width(font);
  layout.width = std::ceil(std::max(right + kMargin, kNarrowest));

  const double inner_width = layout.width - 2 * kMargin;
  layout.header = PlanHeader(table, caption, answer, font, inner_width);
  layout.header_place = {kMargin, kMargin - 8, inner_width, HeaderHeight(layout.header)};
  layout.plot.y = layout.header_place.bottom() + kHeaderGap + kAxisNameLine + kAxisNameGap;

  double bottom = layout.plot.bottom() + layout.num_ctx.extent + kAxisNameBelow;
  if (layout.color_bar) bottom = std::max(bottom, layout.plot.y + layout.color_bar->height + 8);
  layout.legend = PlanLegend(ComputeStatistics(table), AnswerMarks(answer),
                             {kMargin, bottom + kLegendGap}, inner_width, font);
  if (!layout.legend.empty()) bottom = layout.legend.back().place.bottom();
  layout.notes = PlanNotes(answer, inner_width, font);
  layout.notes_corner = {kMargin, bottom};
  bottom += NotesHeight(layout.notes);
  layout.height = std::ceil(bottom + kMargin - 8);
  return layout;
}

void DrawCells(SceneBuilder& scene, const ResultTable& table, const Layout& layout,
               const ValueScale& scale, const AnswerMarks& marks) {
  const double value_size = ValueTextSize(table, scale.format, layout.cell, scene.font());
  std::optional<Box> recommended;  // drawn last, over its neighbours
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t column = 0; column < table.columns(); ++column) {
      const Box box = CellBox({layout.plot.x, layout.plot.y}, layout.cell, row, column);
      const Cell cell = table.CellAt(row, column);
      const CellState& state = table.At(row, column);
      DrawCellBackground(scene, box, state, scale, CellTitle(table, cell, state));
      DrawCellText(scene, box, state, scale, value_size);
      if (marks.Of(cell) == AnswerMark::kRecommended) {
        recommended = box;
      } else {
        DrawMark(scene, box, marks.Of(cell));
      }
    }
  }
  if (recommended) DrawMark(scene, *recommended, AnswerMark::kRecommended);
}

}  // namespace

Scene LayOutHeatmap(const ResultTable& table, const std::optional<SweepAnswer>& answer,
                    const SweepCaption& caption, const Colormap& colormap, const Font& font) {
  const ValueScale scale = MakeValueScale(table, colormap);
  const Layout layout = Plan(table, answer, caption, scale, font);

  SceneBuilder scene(font);
  DrawHeader(scene, layout.header, layout.header_place);
  DrawNumBatchAxis(scene, table.grid.num_batch, layout.num_batch, layout.plot);
  DrawNumCtxAxis(scene, table.grid.num_ctx, layout.num_ctx, layout.plot);
  if (layout.color_bar) {
    DrawColorBar(scene, *layout.color_bar, scale,
                 {layout.plot.right() + kColorBarGap, layout.plot.y});
  }
  DrawLegend(scene, layout.legend, scale);
  DrawNotes(scene, layout.notes, layout.notes_corner, layout.width - 2 * kMargin);
  DrawCells(scene, table, layout, scale, AnswerMarks(answer));
  return scene.Finish(layout.width, layout.height,
                      fmt::format("{}: {} by num_ctx and num_batch", layout.header.title,
                                  Describe(table.metric).label));
}

}  // namespace ollama_bench
