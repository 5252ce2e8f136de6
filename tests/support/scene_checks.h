#pragma once

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "ollama_bench/render/font.h"
#include "ollama_bench/render/scene.h"

namespace ollama_bench {

/// The room that a line of text takes, from its highest to its lowest reach.
inline Box BoundsOf(const TextShape& text, const Font& font) {
  const double along = text.anchor == Anchor::kStart ? 0
                       : text.anchor == Anchor::kEnd ? text.width
                                                     : text.width / 2;
  const double ascent = font.Ascent(text.size);
  const double height = ascent + font.Descent(text.size);
  return {text.position.x - along, text.position.y - ascent, text.width, height};
}

inline bool Overlap(const Box& a, const Box& b) {
  constexpr double kTouch = 1e-6;
  return a.x + kTouch < b.right() && b.x + kTouch < a.right() && a.y + kTouch < b.bottom() &&
         b.y + kTouch < a.bottom();
}

inline bool Contains(const Box& outer, const Box& inner) {
  constexpr double kRounding = 1e-6;
  return inner.x >= outer.x - kRounding && inner.right() <= outer.right() + kRounding &&
         inner.y >= outer.y - kRounding && inner.bottom() <= outer.bottom() + kRounding;
}

template <class T>
std::vector<T> ShapesOf(const Scene& scene) {
  std::vector<T> shapes;
  for (const Shape& shape : scene.shapes) {
    if (const auto* found = std::get_if<T>(&shape)) shapes.push_back(*found);
  }
  return shapes;
}

/// The rectangles that tell a cell's state when the pointer rests on them.
inline std::vector<RectangleShape> CellsOf(const Scene& scene) {
  std::vector<RectangleShape> cells;
  for (const RectangleShape& shape : ShapesOf<RectangleShape>(scene)) {
    if (!shape.title.empty()) cells.push_back(shape);
  }
  return cells;
}

/// Half a number is worse than none.
inline void ExpectWholeTextsInCells(const Scene& scene) {
  const std::vector<RectangleShape> cells = CellsOf(scene);
  for (const TextShape& text : ShapesOf<TextShape>(scene)) {
    if (text.text.find("\xE2\x80\xA6") == std::string::npos) continue;
    for (const RectangleShape& cell : cells) EXPECT_FALSE(cell.box == text.place) << text.text;
  }
}

/// Every text stays in its place and on the canvas, and no two overlap.
inline void ExpectTextsApart(const Scene& scene, const Box& canvas) {
  const auto font = Font::Load();
  std::vector<Box> taken;
  for (const TextShape& text : ShapesOf<TextShape>(scene)) {
    const Box bounds = BoundsOf(text, *font);
    EXPECT_NEAR(text.width, font->Width(text.text, text.size), 1e-9) << text.text;
    EXPECT_TRUE(Contains(text.place, bounds)) << text.text << " leaves its place";
    EXPECT_TRUE(Contains(canvas, bounds)) << text.text << " leaves the canvas";
    EXPECT_GE(text.size, 7) << text.text << " cannot be read";
    for (const Box& other : taken) ASSERT_FALSE(Overlap(other, bounds)) << text.text;
    taken.push_back(bounds);
  }
}

/// Texts as well as all that is drawn.
inline void ExpectSoundLayout(const Scene& scene) {
  ExpectWholeTextsInCells(scene);
  const Box canvas{0, 0, scene.width, scene.height};
  ExpectTextsApart(scene, canvas);
  for (const RectangleShape& shape : ShapesOf<RectangleShape>(scene)) {
    const double reach = shape.stroke ? shape.stroke->width / 2 : 0;
    EXPECT_TRUE(Contains(canvas, {shape.box.x - reach, shape.box.y - reach,
                                  shape.box.width + 2 * reach, shape.box.height + 2 * reach}))
        << shape.title;
  }
  for (const PathShape& path : ShapesOf<PathShape>(scene)) {
    for (const Polyline& line : path.lines) {
      for (const Point& point : line) EXPECT_TRUE(Contains(canvas, {point.x, point.y, 0, 0}));
    }
  }
  const std::vector<RectangleShape> cells = CellsOf(scene);
  for (std::size_t i = 1; i < cells.size(); ++i) {
    EXPECT_FALSE(Overlap(cells[i - 1].box, cells[i].box)) << cells[i].title;
  }
}

}  // namespace ollama_bench
