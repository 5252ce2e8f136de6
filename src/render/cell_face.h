#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "color_bar.h"
#include "heatmap_plot.h"
#include "ollama_bench/render/heatmap_scene.h"

namespace ollama_bench {

enum class Pattern {
  kPlain,
  kOutOfMemory,     ///< one area, hatched both ways
  kExpectedToFail,  ///< one area, hatched one way
  kEstimated,       ///< level lines
  kFailed,          ///< a cross
  kExcluded,        ///< a stroke
  kAlias,           ///< an equal sign
};

/// How one cell looks.
struct CellFace {
  Ink fill;
  Ink text_ink;
  Pattern pattern = Pattern::kPlain;
  std::string number;  ///< empty without a value
  std::string reason;  ///< why it has none, where that is not the pattern's meaning: "timeout"
};

/// Decides how the cells of the maps of one picture look. `maps`, at least one, must outlive it.
class CellFaces {
 public:
  CellFaces(std::span<const SweepMap> maps, const HeatmapStyle& style);

  [[nodiscard]] CellFace Of(const MapCell& cell) const;
  [[nodiscard]] bool ShowsLoss() const { return style_.coloring == CellColoring::kLoss; }
  [[nodiscard]] const ValueScale& scale() const { return scale_; }
  /// Of the widest number at size 1; 0 where there is none to show.
  [[nodiscard]] double NumberWidth(const Font& font) const;

 private:
  [[nodiscard]] CellFace OfValue(const MapCell& cell) const;

  std::span<const SweepMap> maps_;
  HeatmapStyle style_;
  ValueScale scale_;
};

/// What is written into cells for the reasons why they have no value: the words where all of them
/// fit, else one letter each, which the legend explains.
class ReasonLabels {
 public:
  ReasonLabels(std::span<const SweepMap> maps, const CellFaces& faces, const CellSize& size,
               const Font& font);

  /// Empty where there is no room.
  [[nodiscard]] std::string Of(const std::string& reason) const;
  /// Whether the legend has to explain it.
  [[nodiscard]] bool AreLetters() const { return are_letters_; }
  [[nodiscard]] double text_size() const { return text_size_; }

 private:
  std::map<std::string, std::string> labels_;
  bool are_letters_ = false;
  double text_size_ = 0;
};

}  // namespace ollama_bench
