#include "scene_builder.h"

#include <utility>

#include "ollama_bench/render/text_fit.h"

namespace ollama_bench {
namespace {

double Along(double start, double length, Anchor anchor) {
  if (anchor == Anchor::kStart) return start;
  return anchor == Anchor::kEnd ? start + length : start + length / 2;
}

}  // namespace

void SceneBuilder::Fill(const Box& box, Color color, std::string title) {
  scene_.shapes.emplace_back(RectangleShape{box, color, {}, std::move(title)});
}

void SceneBuilder::Outline(const Box& box, Stroke stroke) {
  scene_.shapes.emplace_back(RectangleShape{box, {}, stroke, {}});
}

void SceneBuilder::Line(Point from, Point to, Stroke stroke) {
  scene_.shapes.emplace_back(LineShape{from, to, stroke});
}

void SceneBuilder::Text(const Box& place, std::string_view text, const TextStyle& style) {
  TextShape shape;
  shape.text = Elide(font_, text, style.size, style.upwards ? place.height : place.width);
  if (shape.text.empty()) return;
  shape.size = style.size;
  shape.color = style.color;
  shape.anchor = style.anchor;
  shape.upwards = style.upwards;
  shape.width = font_.Width(shape.text, style.size);
  shape.place = place;
  const double to_baseline = font_.CapHeight(style.size) / 2;
  if (style.upwards) {
    shape.position = {place.x + place.width / 2 + to_baseline,
                      Along(place.bottom(), -place.height, style.anchor)};
  } else {
    shape.position = {Along(place.x, place.width, style.anchor),
                      place.y + place.height / 2 + to_baseline};
  }
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
