#pragma once

#include <optional>
#include <set>
#include <span>
#include <string_view>

#include "cell_face.h"
#include "heatmap_region.h"
#include "scene_builder.h"

namespace ollama_bench {

/// What is marked of a cell, beside its state.
enum class CellMark { kNone, kRecommended, kCurrent, kRecommendedAndCurrent, kBestValue };

/// Which cells of a picture have which mark: the recommended and the current ones where losses are
/// shown, else the one with the best value (of equals the first).
class CellMarks {
 public:
  CellMarks(std::span<const SweepMap> maps, const CellFaces& faces);

  [[nodiscard]] CellMark Of(const Cell& cell) const;
  /// One, or one for each request; they may lie outside the maps.
  [[nodiscard]] const std::set<Cell>& recommended() const { return recommended_; }
  [[nodiscard]] const std::set<Cell>& current() const { return current_; }
  [[nodiscard]] const std::optional<Cell>& best_value() const { return best_value_; }

 private:
  std::set<Cell> recommended_;
  std::set<Cell> current_;
  std::optional<Cell> best_value_;
};

/// Draws all cells of `region` as one area of the pattern, over their fills.
void DrawArea(SceneBuilder& scene, const GridRegion& region, Pattern pattern);
/// The pattern of a cell that is none of an area.
void DrawPattern(SceneBuilder& scene, const Box& box, Pattern pattern, bool is_loud);
/// One line around the contenders.
void DrawContenders(SceneBuilder& scene, const GridRegion& region);

/// The frame of a marked cell, within its box.
void DrawMark(SceneBuilder& scene, const Box& box, CellMark mark);
/// The number of a cell, with the mark's sign where there is room; the sign alone in a cell without
/// a number.
void DrawNumber(SceneBuilder& scene, const Box& box, const CellFace& face, double size,
                CellMark mark);
/// A short reason on a patch that keeps the pattern away from it.
void DrawReason(SceneBuilder& scene, const Box& box, const CellFace& face, std::string_view label,
                double size);

}  // namespace ollama_bench
