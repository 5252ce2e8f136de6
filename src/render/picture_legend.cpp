#include "picture_legend.h"

#include <algorithm>
#include <cmath>

#include "heatmap_palette.h"

namespace ollama_bench {
namespace {

constexpr double kSwatchWidth = 28;
constexpr double kSwatchHeight = 18;
constexpr double kSwatchGap = 8;
constexpr double kEntryDistance = 26;
constexpr double kEntryLine = 26;
constexpr double kLabelSize = 12;

}  // namespace

void PlaceLegend(std::vector<LegendEntry>& legend, Point top_left, double width, const Font& font) {
  Point corner = top_left;
  for (LegendEntry& entry : legend) {
    const double text_width = font.Width(entry.text, kLabelSize);
    const double entry_width = std::min(width, kSwatchWidth + kSwatchGap + std::ceil(text_width));
    if (corner.x > top_left.x && corner.x + entry_width > top_left.x + width) {
      corner = {top_left.x, corner.y + kEntryLine};
    }
    entry.place = {corner.x, corner.y, entry_width, kEntryLine};
    corner.x += entry_width + kEntryDistance;
  }
}

void DrawLegend(SceneBuilder& scene, const std::vector<LegendEntry>& legend) {
  for (const LegendEntry& entry : legend) {
    const Box& place = entry.place;
    const Box swatch{place.x, place.y + (place.height - kSwatchHeight) / 2, kSwatchWidth,
                     kSwatchHeight};
    entry.draw(scene, swatch);
    scene.Text({swatch.right() + kSwatchGap, place.y, place.right() - swatch.right() - kSwatchGap,
                place.height},
               entry.text, {kLabelSize, palette::kText});
  }
}

}  // namespace ollama_bench
