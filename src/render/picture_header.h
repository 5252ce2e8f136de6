#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/analysis/sweep_map.h"
#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/render/sweep_caption.h"
#include "scene_builder.h"

namespace ollama_bench {

/// The lines above the plot: the answer, of what, where the numbers come from.
struct PictureHeader {
  std::vector<std::string> title;
  std::vector<std::string> details;
  std::vector<std::string> badges;  ///< warnings that must not be overlooked
};

/// What a header says beside the caption.
struct HeaderTexts {
  std::string title;             ///< the answer
  std::optional<Metric> metric;  ///< empty: the picture names what it shows itself
  Cell held;                     ///< what every cell of the picture has in common
};

/// Wraps the header to `width`.
PictureHeader PlanHeader(const HeaderTexts& texts, const SweepCaption& caption, const Font& font,
                         double width);
double HeaderHeight(const PictureHeader& header);
/// `place` is as wide as planned and as high as HeaderHeight says.
void DrawHeader(SceneBuilder& scene, const PictureHeader& header, const Box& place);

/// What a picture of the map, and of others of its axes, shows: one line.
std::string SceneName(const SweepMap& map, const SweepCaption& caption);

/// The notes of a map, and what to know of letters that no font has.
std::vector<std::string> NoteTexts(const SweepMap& map, const SweepCaption& caption,
                                   const Font& font);

/// Sentences broken into the lines at the foot of a picture.
std::vector<std::string> WrapNotes(const std::vector<std::string>& sentences, double width,
                                   const Font& font);
double NotesHeight(const std::vector<std::string>& lines);
void DrawNotes(SceneBuilder& scene, const std::vector<std::string>& lines, Point top_left,
               double width);

/// One thing that a picture holds.
struct LegendEntry {
  std::function<void(SceneBuilder&, const Box&)> draw;  ///< an example
  std::string text;
  Box place;
};

/// Gives the entries their places, wrapped to the width from `top_left` on.
void PlaceLegend(std::vector<LegendEntry>& legend, Point top_left, double width, const Font& font);
void DrawLegend(SceneBuilder& scene, const std::vector<LegendEntry>& legend);

}  // namespace ollama_bench
