#include "scene_builder.h"

#include <utility>

#include "text_fit.h"

namespace ollama_bench {
namespace {

double Along(double start, double length, Anchor anchor) {
  if (anchor == Anchor::kStart) return start;
  return anchor == Anchor::kEnd ? start + length : start + length / 2;
}

}  // namespace

void SceneBuilder::Fill(const Box& box, const Ink& color, std::string title) {
  scene_.shapes.emplace_back(RectangleShape{box, color, {}, std::move(title)});
}

void SceneBuilder::Outline(const Box& box, const Stroke& stroke) {
  scene_.shapes.emplace_back(RectangleShape{box, {}, stroke, {}});
}

void SceneBuilder::Line(Point from, Point to, const Stroke& stroke) {
  scene_.shapes.emplace_back(LineShape{from, to, stroke});
}

void SceneBuilder::Path(PathShape shape) {
  if (!shape.lines.empty()) scene_.shapes.emplace_back(std::move(shape));
}

void SceneBuilder::Text(const Box& place, std::string_view text, const TextStyle& style) {
  TextShape shape;
  shape.text = Elide(font_, font_.Drawable(text), style.size, place.width);
  if (shape.text.empty()) return;
  shape.size = style.size;
  shape.color = style.color;
  shape.anchor = style.anchor;
  shape.width = font_.Width(shape.text, style.size);
  shape.place = place;
  shape.position = {Along(place.x, place.width, style.anchor),
                    place.y + place.height / 2 + font_.CapHeight(style.size) / 2};
  scene_.shapes.emplace_back(std::move(shape));
}

Scene SceneBuilder::Finish(double width, double height, std::string title) {
  Scene scene = std::move(scene_);
  scene.width = width;
  scene.height = height;
  scene.title = std::move(title);
  return scene;
}

}  // namespace ollama_bench
