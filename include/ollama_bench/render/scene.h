#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ollama_bench/render/color.h"

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
  Color color;
  double width = 1;

  friend bool operator==(const Stroke&, const Stroke&) = default;
};

struct RectangleShape {
  Box box;
  std::optional<Color> fill;
  std::optional<Stroke> stroke;  ///< centred on the box's edge
  std::string title;             ///< shown when the pointer rests on it, where the format can
};

struct LineShape {
  Point from;
  Point to;
  Stroke stroke;
};

enum class Anchor { kStart, kMiddle, kEnd };

/// One line of text in the embedded font.
struct TextShape {
  Point position;  ///< on the baseline, where `anchor` says
  std::string text;
  double size = 12;  ///< of the font
  Color color;
  Anchor anchor = Anchor::kStart;
  bool upwards = false;  ///< turned by 90 degrees, read from below to above
  double width = 0;      ///< of the line in the embedded font
  Box place;             ///< where the text has to stay
};

using Shape = std::variant<RectangleShape, LineShape, TextShape>;

/// Shapes, those behind before those in front. The background is white where nothing is drawn.
struct Scene {
  double width = 0;
  double height = 0;
  std::string title;  ///< one line that says what the picture shows
  std::vector<Shape> shapes;
};

}  // namespace ollama_bench
