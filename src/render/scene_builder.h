#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/render/font.h"
#include "ollama_bench/render/scene.h"

namespace ollama_bench {

/// How a text lies in its place: on the middle line of the place, at `anchor` along it.
struct TextStyle {
  double size = 12;
  Ink color;
  Anchor anchor = Anchor::kStart;
};

/// Adds shapes to a scene. `font` must outlive it.
class SceneBuilder {
 public:
  explicit SceneBuilder(const Font& font) : font_(font) {}

  [[nodiscard]] const Font& font() const { return font_; }
  void Fill(const Box& box, const Ink& color, std::string title = {});
  void Outline(const Box& box, const Stroke& stroke);
  void Line(Point from, Point to, const Stroke& stroke);
  /// Nothing where there is no line.
  void Path(PathShape shape);
  /// Elided where it is longer than its place; letters that no font has are replaced.
  void Text(const Box& place, std::string_view text, const TextStyle& style);
  [[nodiscard]] Scene Finish(double width, double height, std::string title);

 private:
  const Font& font_;
  Scene scene_;
};

}  // namespace ollama_bench
