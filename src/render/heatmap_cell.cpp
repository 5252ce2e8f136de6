#include "heatmap_cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "heatmap_palette.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/render/cell_label.h"

namespace ollama_bench {
namespace {

constexpr double kSmallestPattern = 6;  // a smaller cell shows its fill alone
constexpr double kSmallestText = 7;
constexpr double kLargestLabel = 11;
constexpr double kTextMargin = 3.5;

void DrawCross(SceneBuilder& scene, const Box& box, bool both_ways) {
  const Stroke stroke{palette::kFailedLine, 1};
  scene.Line({box.x, box.y}, {box.right(), box.bottom()}, stroke);
  if (both_ways) scene.Line({box.x, box.bottom()}, {box.right(), box.y}, stroke);
}

// Lines that rise to the right, 8 units apart, cut at the box.
void DrawHatch(SceneBuilder& scene, const Box& box) {
  constexpr double kDistance = 8;
  const int lines = static_cast<int>(std::ceil((box.width + box.height) / kDistance - 0.5));
  for (int line = 0; line < lines; ++line) {
    const double offset = kDistance * (line + 0.5);
    const double into_corner = std::max(0.0, offset - box.height);
    const double past_right = std::max(0.0, offset - box.width);
    scene.Line({box.x + into_corner, box.y + offset - into_corner},
               {box.x + offset - past_right, box.y + past_right}, {palette::kUntestedLine, 1});
  }
}

void DrawEqualSign(SceneBuilder& scene, const Box& box) {
  const double half = std::min(box.width, box.height) / 5;
  const Point middle{box.x + box.width / 2, box.y + box.height / 2};
  for (const double y : {middle.y - half / 2, middle.y + half / 2}) {
    scene.Line({middle.x - half, y}, {middle.x + half, y}, {palette::kAliasLine, 1.5});
  }
}

// A short word in the middle, on a patch that keeps the pattern away from it.
void DrawLabel(SceneBuilder& scene, const Box& box, std::string_view label) {
  const double width_per_size = scene.font().Width(label, 1);
  const double size =
      std::min({kLargestLabel, box.height * 0.42, (box.width - 2 * kTextMargin) / width_per_size});
  if (size < kSmallestText) return;
  const double width = width_per_size * size + 6;
  const double height = size * 1.3;
  scene.Fill({box.x + (box.width - width) / 2, box.y + (box.height - height) / 2, width, height},
             palette::kFailed);
  scene.Text(box, label, {size, palette::kFailedText, Anchor::kMiddle});
}

Color BackgroundOf(const CellState& state, const ValueScale& scale) {
  if (const auto* measured = std::get_if<Measured>(&state)) return scale.ColorOf(measured->value);
  if (std::holds_alternative<AliasOf>(state)) return palette::kAlias;
  const auto* untested = std::get_if<Untested>(&state);
  if (untested == nullptr) return palette::kFailed;
  return untested->estimate ? scale.ColorOf(untested->estimate->value) : palette::kUntested;
}

void DrawRecommendedOutline(SceneBuilder& scene, const Box& box) {
  scene.Outline(box, {palette::kBestHalo, 6});
  scene.Outline(box, {palette::kBest, 3});
}

void DrawBestSetOutline(SceneBuilder& scene, const Box& box) {
  constexpr double kLine = 1.5;
  constexpr double kHalo = 1.5;
  const auto inside = [&box](double distance) {
    return Box{box.x + distance, box.y + distance, box.width - 2 * distance,
               box.height - 2 * distance};
  };
  const double smallest = std::min(box.width, box.height);
  if (smallest < 6) return scene.Outline(inside(smallest / 4), {palette::kBest, smallest / 4});
  scene.Outline(inside(kLine + kHalo / 2), {palette::kBestHalo, kHalo});
  scene.Outline(inside(kLine / 2), {palette::kBest, kLine});
}

}  // namespace

void DrawCellBackground(SceneBuilder& scene, const Box& box, const CellState& state,
                        const ValueScale& scale, std::string title) {
  scene.Fill(box, BackgroundOf(state, scale), std::move(title));
  if (box.width < kSmallestPattern || box.height < kSmallestPattern) return;
  if (std::holds_alternative<Failed>(state)) DrawCross(scene, box, true);
  if (std::holds_alternative<Excluded>(state)) DrawCross(scene, box, false);
  if (std::holds_alternative<AliasOf>(state)) DrawEqualSign(scene, box);
  if (std::holds_alternative<Untested>(state)) DrawHatch(scene, box);
}

void DrawCellText(SceneBuilder& scene, const Box& box, const CellState& state,
                  const ValueScale& scale, double value_size) {
  const auto* untested = std::get_if<Untested>(&state);
  if (untested != nullptr && untested->estimate && value_size >= kSmallestText) {
    scene.Text(box, kEstimateSign + scale.format(untested->estimate->value),
               {value_size * 0.8, ReadableOn(BackgroundOf(state, scale)), Anchor::kMiddle});
  } else if (const auto* measured = std::get_if<Measured>(&state)) {
    if (value_size < kSmallestText) return;
    scene.Text(box, scale.format(measured->value),
               {value_size, ReadableOn(BackgroundOf(state, scale)), Anchor::kMiddle});
  } else if (const auto* failed = std::get_if<Failed>(&state)) {
    DrawLabel(scene, box, ShortLabel(failed->kind));
  } else if (const auto* excluded = std::get_if<Excluded>(&state)) {
    DrawLabel(scene, box, ShortLabel(excluded->reason));
  }
}

void DrawMark(SceneBuilder& scene, const Box& box, AnswerMark mark) {
  if (mark == AnswerMark::kRecommended) DrawRecommendedOutline(scene, box);
  if (mark == AnswerMark::kBestSet) DrawBestSetOutline(scene, box);
}

std::string CellTitle(const ResultTable& table, const Cell& cell, const CellState& state) {
  std::string title = fmt::format("num_ctx {}, num_batch {}: ", cell.num_ctx, cell.num_batch);
  const MetricInfo& metric = Describe(table.metric);
  if (const auto* measured = std::get_if<Measured>(&state)) {
    const NumberFormat format{metric.decimals};
    title += fmt::format("{} {} ({} sample{})", format(measured->value), metric.unit,
                         measured->samples, measured->samples == 1 ? "" : "s");
    if (measured->unverified) title += ", not known to be comparable";
  } else if (const auto* failed = std::get_if<Failed>(&state)) {
    title += Describe(failed->kind).sentence;
    if (!failed->message.empty()) title += ": " + Printable(failed->message, false);
  } else if (const auto* excluded = std::get_if<Excluded>(&state)) {
    title += fmt::format("not counted, {}", Explain(excluded->reason));
  } else if (const auto* alias = std::get_if<AliasOf>(&state)) {
    title += fmt::format("the same as num_ctx {}, num_batch {}", alias->cell.num_ctx,
                         alias->cell.num_batch);
  } else if (const auto& estimate = std::get<Untested>(state).estimate) {
    title += fmt::format("estimated, not measured: {} {} +/- {:.1f} %",
                         NumberFormat{metric.decimals}(estimate->value), metric.unit,
                         100.0 * estimate->margin);
  } else {
    title += "untested";
  }
  return title;
}

}  // namespace ollama_bench
