#include "line_marks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "heatmap_palette.h"
#include "ollama_bench/render/color.h"

namespace ollama_bench {
namespace {

constexpr double kRadius = 4;
constexpr std::size_t kShapes = 4;

constexpr std::array<Color, 5> kOnLight = {Rgb(0x1B0C6B), Rgb(0x5B02A3), Rgb(0x9A179B),
                                           Rgb(0xC2356B), Rgb(0xD95B2B)};
constexpr std::array<Color, 5> kOnDark = {Rgb(0x8C76E8), Rgb(0xC07BDC), Rgb(0xE88FB4),
                                          Rgb(0xF7B58A), Rgb(0xFBE58C)};

std::uint8_t Between(std::uint8_t a, std::uint8_t b, double share) {
  return static_cast<std::uint8_t>(std::lround(a + (b - a) * share));
}

Color Between(Color a, Color b, double share) {
  return {Between(a.red, b.red, share), Between(a.green, b.green, share),
          Between(a.blue, b.blue, share)};
}

Ink Thinned(const Ink& ink) {
  constexpr double kPaperShare = 0.82;
  return {Between(ink.light, palette::kPaper.light, kPaperShare),
          Between(ink.dark, palette::kPaper.dark, kPaperShare)};
}

// Corners at even angles, the first at `start` (radians, 0: to the right, clockwise), every second
// one at `inner` times the radius.
Polyline Polygon(Point middle, int corners, double start, double radius, double inner = 1) {
  Polyline line;
  for (int i = 0; i < corners; ++i) {
    const double angle = start + 2 * std::numbers::pi * i / corners;
    const double r = i % 2 == 0 ? radius : radius * inner;
    line.push_back({middle.x + r * std::cos(angle), middle.y + r * std::sin(angle)});
  }
  return line;
}

Polyline ShapeOf(std::size_t shape, Point middle) {
  constexpr double kUp = -std::numbers::pi / 2;
  switch (shape % kShapes) {
    case 1:
      return Polygon(middle, 4, std::numbers::pi / 4, kRadius * 1.3);
    case 2:
      return Polygon(middle, 3, kUp, kRadius * 1.4);
    case 3:
      return Polygon(middle, 3, -kUp, kRadius * 1.4);
    default:
      return Polygon(middle, 16, 0, kRadius);
  }
}

void DrawHalo(SceneBuilder& scene, const Polyline& line) {
  scene.Path({{line}, true, std::nullopt, Stroke{palette::kPaper, 3}});
}

}  // namespace

LineLook WithOpenPoints(LineLook look) {
  look.shape += kShapes;
  return look;
}

LineLook LookOf(std::size_t i, std::size_t count) {
  if (count == 1) return {palette::kText, palette::kNeutral, 0};
  const double share = static_cast<double>(i) / static_cast<double>(count - 1);
  const Ink ink{Colormap{"", kOnLight}.At(share), Colormap{"", kOnDark}.At(share)};
  return {ink, Thinned(ink), i};
}

void DrawPoint(SceneBuilder& scene, Point middle, const LineLook& look) {
  const Polyline line = ShapeOf(look.shape, middle);
  const bool is_open = look.shape >= kShapes;
  DrawHalo(scene, line);
  scene.Path({{line}, true, is_open ? palette::kPaper : look.ink, Stroke{look.ink, 1.5}});
}

void DrawInterval(SceneBuilder& scene, Point middle, double low, double high, const LineLook& look,
                  std::string title) {
  constexpr double kShortest = 10;
  const double top = std::min(high, middle.y - kShortest / 2);
  const double bottom = std::max(low, middle.y + kShortest / 2);
  scene.Fill({middle.x - 0.75, top, 1.5, bottom - top}, look.ink, std::move(title));
}

std::function<void(SceneBuilder&, const Box&)> SampleOf(const LineLook& look, double dash) {
  return [look, dash](SceneBuilder& scene, const Box& box) {
    const double y = box.y + box.height / 2;
    scene.Fill({box.x, y - 7, box.width, 14}, look.band);
    scene.Line({box.x, y}, {box.right(), y}, {look.ink, kLineWidth, dash});
    DrawPoint(scene, {box.x + box.width / 2, y}, look);
  };
}

void DrawRing(SceneBuilder& scene, Point middle) {
  scene.Path({{Polygon(middle, 24, 0, kRadius + 4.5)},
              true,
              std::nullopt,
              Stroke{palette::kOutline, 1.4}});
}

void DrawPointMark(SceneBuilder& scene, Point middle, CellMark mark) {
  constexpr double kUp = -std::numbers::pi / 2;
  const Polyline diamond = Polygon(middle, 4, kUp, 9);
  if (mark == CellMark::kCurrent) {
    DrawHalo(scene, diamond);
    scene.Path({{diamond}, true, palette::kOutline, std::nullopt});
    return;
  }
  if (mark != CellMark::kRecommended && mark != CellMark::kRecommendedAndCurrent) return;
  if (mark == CellMark::kRecommendedAndCurrent) {
    const Polyline around = Polygon(middle, 4, kUp, 13);
    DrawHalo(scene, around);
    scene.Path({{around}, true, palette::kPaper, Stroke{palette::kOutline, 1.6}});
  }
  const Polyline star = Polygon(middle, 10, kUp, 9, 0.42);
  DrawHalo(scene, star);
  scene.Path({{star}, true, palette::kRecommended, std::nullopt});
}

}  // namespace ollama_bench
