#pragma once

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

}  // namespace ollama_bench
