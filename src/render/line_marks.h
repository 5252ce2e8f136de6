#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "heatmap_cell.h"
#include "scene_builder.h"

namespace ollama_bench {

/// How one line of several looks: the higher its value, the further from the paper's opposite in
/// lightness, so that the order needs no hue; its points differ in shape.
struct LineLook {
  Ink ink;
  Ink band;               ///< the ink thinned, for the interval
  std::size_t shape = 0;  ///< of its points
};

inline constexpr double kLineWidth = 2;  ///< of a line that is the answer of its plot
inline constexpr double kDash = 5;       ///< of the second kind of line of a series

/// The same with open points, for the second kind of line of a series.
LineLook WithOpenPoints(LineLook look);

/// Of the i-th of `count` lines, at most kMostLines; one alone is plain.
LineLook LookOf(std::size_t i, std::size_t count);

/// A measured value.
void DrawPoint(SceneBuilder& scene, Point middle, const LineLook& look);
/// A value from `low` to `high`, places up and down, and what it says when the pointer rests on it.
void DrawInterval(SceneBuilder& scene, Point middle, double low, double high, const LineLook& look,
                  std::string title);
/// Draws an example of a line with its band and its points.
std::function<void(SceneBuilder&, const Box&)> SampleOf(const LineLook& look, double dash);
/// A ring around the point of a cell that may be the best.
void DrawRing(SceneBuilder& scene, Point middle);
/// In place of a point: a star for the recommended cell, a diamond for the current one.
void DrawPointMark(SceneBuilder& scene, Point middle, CellMark mark);

}  // namespace ollama_bench
