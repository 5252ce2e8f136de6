#include "heatmap_cell.h"

#include <algorithm>
#include <utility>

#include "heatmap_palette.h"

namespace ollama_bench {
namespace {

constexpr double kSmallestPattern = 6;  // a smaller cell shows its fill alone
constexpr double kHatchDistance = 8;
constexpr double kLevelDistance = 6;
constexpr std::string_view kStar = "\xE2\x98\x85";
constexpr std::string_view kDiamond = "\xE2\x97\x86";

struct Sign {
  std::string_view text;
  Ink ink;
};

std::optional<Sign> SignOf(CellMark mark) {
  switch (mark) {
    case CellMark::kRecommended:
    case CellMark::kRecommendedAndCurrent:
      return Sign{kStar, palette::kRecommended};
    case CellMark::kCurrent:
      return Sign{kDiamond, palette::kOutline};
    case CellMark::kNone:
    case CellMark::kBestValue:
      break;
  }
  return std::nullopt;
}

// Lines over an area would make its numbers hard to read.
void DrawPatch(SceneBuilder& scene, const Box& box, const Ink& ink, double text_width,
               double size) {
  const double width = std::min(box.width, text_width + 6);
  const double height = std::min(box.height, size * 1.3);
  scene.Fill({box.x + (box.width - width) / 2, box.y + (box.height - height) / 2, width, height},
             ink);
}

void DrawFrame(SceneBuilder& scene, const Box& box, const Stroke& stroke) {
  const double smallest = std::min(box.width, box.height);
  const double width = std::min(stroke.width, smallest / 4);
  const auto inside = [&box](double distance) {
    return Box{box.x + distance, box.y + distance, box.width - 2 * distance,
               box.height - 2 * distance};
  };
  scene.Outline(inside(width / 2 + 1), {palette::kPaper, width + 2});
  scene.Outline(inside(width / 2 + 1), {stroke.color, width, stroke.dash});
}

}  // namespace

CellMarks::CellMarks(std::span<const SweepMap> maps, const CellFaces& faces) {
  for (const SweepMap& map : maps) {
    if (faces.ShowsLoss()) {
      recommended_.insert(map.recommended.begin(), map.recommended.end());
      current_.insert(map.current.begin(), map.current.end());
      continue;
    }
    for (std::size_t i = 0; i < map.cells.size() && !best_value_; ++i) {
      if (map.cells[i].kind != MapCell::Kind::kMeasured) continue;
      if (map.cells[i].raw != faces.scale().best) continue;
      best_value_ = map.CellAt(i / map.column_count(), i % map.column_count());
    }
  }
}

CellMark CellMarks::Of(const Cell& cell) const {
  if (best_value_ == cell) return CellMark::kBestValue;
  const bool is_current = current_.count(cell) > 0;
  if (recommended_.count(cell) > 0) {
    return is_current ? CellMark::kRecommendedAndCurrent : CellMark::kRecommended;
  }
  return is_current ? CellMark::kCurrent : CellMark::kNone;
}

void DrawArea(SceneBuilder& scene, const GridRegion& region, Pattern pattern) {
  if (region.IsEmpty()) return;
  const auto hatch = [&](Slant slant, double distance, const Stroke& stroke) {
    if (std::min(region.cell_width, region.cell_height) < kSmallestPattern) return;
    scene.Path({HatchOf(region, slant, distance), false, std::nullopt, stroke});
  };
  if (pattern == Pattern::kOutOfMemory) {
    const std::vector<Polyline> outline = OutlineOf(region);
    scene.Path({outline, true, palette::kFailed, std::nullopt});
    hatch(Slant::kRising, kHatchDistance, {palette::kFailedLine, 1});
    hatch(Slant::kFalling, kHatchDistance, {palette::kFailedLine, 1});
    scene.Path({outline, true, std::nullopt, Stroke{palette::kFailedLine, 1}});
  } else if (pattern == Pattern::kExpectedToFail) {
    hatch(Slant::kRising, kHatchDistance, {palette::kFailedLine, 1});
    scene.Path({OutlineOf(region), true, std::nullopt, Stroke{palette::kFailedLine, 1, 3}});
  } else if (pattern == Pattern::kEstimated) {
    hatch(Slant::kLevel, kLevelDistance, {palette::kPaper, 1});
  }
}

void DrawPattern(SceneBuilder& scene, const Box& box, Pattern pattern, bool is_loud) {
  if (std::min(box.width, box.height) < kSmallestPattern) return;
  const Stroke red = is_loud ? Stroke{palette::kCross, 1.5} : Stroke{palette::kFailedLine, 1};
  const Point middle{box.x + box.width / 2, box.y + box.height / 2};
  if (pattern == Pattern::kFailed) {
    scene.Path({{{{box.x, box.y}, {box.right(), box.bottom()}},
                 {{box.x, box.bottom()}, {box.right(), box.y}}},
                false,
                std::nullopt,
                red});
  } else if (pattern == Pattern::kExcluded) {
    scene.Line({box.x, box.bottom()}, {box.right(), box.y}, {palette::kAliasLine, 1});
  } else if (pattern == Pattern::kAlias) {
    const double half = std::min(box.width, box.height) / 5;
    for (const double y : {middle.y - half / 2, middle.y + half / 2}) {
      scene.Line({middle.x - half, y}, {middle.x + half, y}, {palette::kAliasLine, 1.5});
    }
  }
}

void DrawContenders(SceneBuilder& scene, const GridRegion& region) {
  const double width = std::min({2.0, region.cell_width / 4, region.cell_height / 4});
  scene.Path({OutlineOf(region), true, std::nullopt, Stroke{palette::kOutline, width}});
}

void DrawMark(SceneBuilder& scene, const Box& box, CellMark mark) {
  const bool is_current = mark == CellMark::kCurrent || mark == CellMark::kRecommendedAndCurrent;
  const bool is_blue = mark != CellMark::kNone && mark != CellMark::kCurrent;
  if (is_blue) DrawFrame(scene, box, {palette::kRecommended, 2.5});
  if (!is_current) return;
  // Dashes: over the blue frame where both marks meet.
  if (is_blue) {
    scene.Outline({box.x + 2.25, box.y + 2.25, box.width - 4.5, box.height - 4.5},
                  {palette::kOutline, 2, 4});
  } else {
    DrawFrame(scene, box, {palette::kOutline, 2, 4});
  }
}

void DrawNumber(SceneBuilder& scene, const Box& box, const CellFace& face, double size,
                CellMark mark) {
  constexpr double kGap = 2;
  constexpr double kFrame = 5;
  const Font& font = scene.font();
  const std::optional<Sign> sign = SignOf(mark);
  if (face.number.empty() || size <= 0) {
    const double alone = std::min({13.0, box.height - 8, box.width - 8});
    if (sign && face.reason.empty() && alone >= kSmallestText) {
      scene.Text(box, sign->text, {alone, sign->ink, Anchor::kMiddle});
    }
    return;
  }
  const double number_width = font.Width(face.number, size);
  if (face.pattern == Pattern::kEstimated) DrawPatch(scene, box, face.fill, number_width, size);
  // Blue on blue or black on black would hide the sign; the frame is seen on everything.
  const bool is_seen = sign && ContrastRatio(sign->ink.light, face.fill.light) >= 3 &&
                       ContrastRatio(sign->ink.dark, face.fill.dark) >= 3;
  const double sign_width = is_seen ? font.Width(sign->text, size) : 0;
  const double all = sign_width + kGap + number_width;
  if (!is_seen || all + 2 * kFrame > box.width) {
    scene.Text(box, face.number, {size, face.text_ink, Anchor::kMiddle});
    return;
  }
  const double left = box.x + (box.width - all) / 2;
  scene.Text({left, box.y, sign_width, box.height}, sign->text, {size, sign->ink});
  scene.Text({left + sign_width + kGap, box.y, number_width + 0.01, box.height}, face.number,
             {size, face.text_ink});
}

void DrawReason(SceneBuilder& scene, const Box& box, const CellFace& face, std::string_view label,
                double size) {
  if (label.empty()) return;
  DrawPatch(scene, box, face.fill, scene.font().Width(label, size), size);
  scene.Text(box, label, {size, face.text_ink, Anchor::kMiddle});
}

}  // namespace ollama_bench
