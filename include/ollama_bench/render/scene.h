#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ollama_bench/render/ink.h"

namespace ollama_bench {

// A picture as values. One unit is one pixel, x grows to the right and y downwards.

struct Point {
  double x = 0;
  double y = 0;

  friend bool operator==(const Point&, const Point&) = default;
};

struct Box {
  double x = 0;  ///< left edge
  double y = 0;  ///< upper edge
  double width = 0;
  double height = 0;

  [[nodiscard]] double right() const { return x + width; }
  [[nodiscard]] double bottom() const { return y + height; }
  friend bool operator==(const Box&, const Box&) = default;
};

struct Stroke {
  Ink color;
  double width = 1;
  double dash = 0;  ///< length of the dashes and of the gaps between them; 0: a solid line

  friend bool operator==(const Stroke&, const Stroke&) = default;
};

struct RectangleShape {
  Box box;
  std::optional<Ink> fill;
  std::optional<Stroke> stroke;  ///< centred on the box's edge
  std::string title;             ///< shown when the pointer rests on it, where the format can
};

struct LineShape {
  Point from;
  Point to;
  Stroke stroke;
};

using Polyline = std::vector<Point>;

/// Lines through points, drawn as one.
struct PathShape {
  std::vector<Polyline> lines;
  bool is_closed = false;   ///< each line returns to its first point
  std::optional<Ink> fill;  ///< even-odd
  std::optional<Stroke> stroke;
};

enum class Anchor { kStart, kMiddle, kEnd };

/// One line of text in the embedded font, and in a font of the system where that has no such
/// letter.
struct TextShape {
  Point position;  ///< on the baseline, where `anchor` says
  std::string text;
  double size = 12;  ///< of the font
  Ink color;
  Anchor anchor = Anchor::kStart;
  double width = 0;  ///< of the line
  Box place;         ///< where the text has to stay
};

using Shape = std::variant<RectangleShape, LineShape, PathShape, TextShape>;

/// White, or nearly black.
inline constexpr Ink kPaperInk{Rgb(0xFFFFFF), Rgb(0x15181D)};

/// Shapes, those behind before those in front, on paper.
struct Scene {
  double width = 0;
  double height = 0;
  std::string title;  ///< one line that says what the picture shows
  std::vector<Shape> shapes;
};

}  // namespace ollama_bench
