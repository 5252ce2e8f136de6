#include "panel_grid.h"

#include <algorithm>
#include <cmath>

#include "heatmap_axes.h"
#include "heatmap_palette.h"
#include "heatmap_plot.h"

namespace ollama_bench {
namespace {

constexpr double kColumnGap = 34;
constexpr double kRowGap = 26;

double WithGap(double labels) {
  return labels > 0 ? labels + kScaleGap : 0;
}

}  // namespace

void PanelGrid::MoveDown(double by) {
  for (PanelPlace& place : places) place.plot.y += by;
}

PanelGrid PlacePanels(const std::vector<PanelRoom>& rooms, std::size_t columns) {
  std::vector<PanelRoom> widest(columns);
  for (std::size_t i = 0; i < rooms.size(); ++i) {
    PanelRoom& room = widest[i % columns];
    room = {std::max(room.left, rooms[i].left), std::max(room.right, rooms[i].right)};
  }
  PanelGrid grid;
  std::vector<double> lefts;
  grid.width = kMargin;
  for (std::size_t i = 0; i < columns; ++i) {
    lefts.push_back(grid.width);
    grid.width += widest[i].left + kScaleGap + kPanelWidth + WithGap(widest[i].right) +
                  (i + 1 < columns ? kColumnGap : kMargin);
  }
  grid.width = std::ceil(grid.width);
  for (std::size_t i = 0; i < rooms.size(); ++i) {
    const std::size_t column = i % columns;
    if (column == 0) grid.height += (i > 0 ? kRowGap : 0) + kAxisNameLine + kAxisNameGap;
    const Box plot{lefts[column] + widest[column].left + kScaleGap, grid.height, kPanelWidth,
                   kPanelHeight};
    grid.places.push_back({lefts[column], plot.right() + WithGap(rooms[i].right), plot});
    if (column + 1 == columns || i + 1 == rooms.size()) {
      grid.height += kPanelHeight + kScaleGap + kScaleLabelLine + kAxisNameBelow;
    }
  }
  return grid;
}

void DrawPanelScales(SceneBuilder& scene, const PanelPlace& place, const MetricScale& up,
                     const ParameterScale& across, std::string_view across_name) {
  DrawMetricScale(scene, up, place.plot, {});
  DrawParameterScale(scene, across, place.plot, place.plot.bottom(), across_name);
}

void DrawPanelName(SceneBuilder& scene, const PanelPlace& place, std::string_view name) {
  scene.Text({place.left, place.plot.y - kAxisNameGap - kAxisNameLine,
              place.plot.right() - place.left, kAxisNameLine},
             name, {kAxisNameSize, palette::kQuiet});
}

void DrawEmptyPanel(SceneBuilder& scene, const PanelPlace& place, std::string_view text) {
  const Box& plot = place.plot;
  scene.Text({plot.x, plot.y + plot.height / 2 - kAxisNameLine / 2, plot.width, kAxisNameLine},
             text, {kAxisNameSize, palette::kQuiet, Anchor::kMiddle});
}

}  // namespace ollama_bench
