#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "heatmap_axes.h"
#include "heatmap_plot.h"
#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell.h"
#include "scene_builder.h"

// What tables of the same axes, each held at other values, are called.
// Several tables of the same axes in one picture.

namespace ollama_bench {

/// What the tables are held at.
std::set<int> HeldValues(std::span<const Grid> grids, Parameter parameter);
/// What all of them are held at.
Cell HeldByAll(std::span<const Grid> grids);
/// "num_thread 4", "use_mmap auto": what sets each apart from the others; none for one alone.
std::vector<std::vector<std::string>> FacetPhrases(std::span<const Grid> grids);

/// What a table takes beside its cells.
struct FacetRoom {
  double width = 0;
  double height = 0;
};

/// How the tables lie, row after row.
struct FacetLayout {
  CellSize cell;
  std::size_t columns = 1;   ///< tables side by side
  std::size_t rows = 1;      ///< tables one below the other
  bool has_numbers = false;  ///< else the cells are too small for that
};

/// The layout with the largest cells on a sheet of the usual size. `number_width`: as
/// ChooseCellSize has it.
FacetLayout ChooseFacets(std::span<const Grid> grids, double number_width, const FacetRoom& room);

inline constexpr double kFacetGap = 24;     ///< between tables side by side
inline constexpr double kFacetRowGap = 14;  ///< below the names of a row of tables

/// The names of the tables above them.
class FacetHeadings {
 public:
  FacetHeadings(std::span<const Grid> grids, double plot_width, const Font& font);

  /// Of the widest line; 0 for one table alone.
  [[nodiscard]] double width() const { return width_; }
  /// Of all lines and the gap below; 0 for one table alone.
  [[nodiscard]] double height() const;
  /// Above `plot`, of the i-th table.
  void Draw(SceneBuilder& scene, std::size_t i, const Box& plot) const;

 private:
  std::vector<std::vector<std::string>> lines_;
  std::size_t most_lines_ = 0;
  double width_ = 0;
};

/// Where the tables lie.
struct FacetFrame {
  double left = 0;     ///< of the first plot
  double top = 0;      ///< of the first plot
  double pitch_x = 0;  ///< from one plot to the next
  double pitch_y = 0;
  double right = 0;  ///< of the widest row with its headings

  /// Of the i-th of tables in so many columns; without its size.
  [[nodiscard]] Point Corner(std::size_t i, std::size_t columns) const {
    return {left + pitch_x * static_cast<double>(i % columns),
            top + pitch_y * static_cast<double>(i / columns)};
  }
};

/// The frame's x. `left` is the least that is left of the first plot, `beside` what each takes
/// beside its cells and labels.
FacetFrame PlanFacetsAcross(const FacetLayout& layout, const Axis& across, const AxisLabels& labels,
                            const FacetHeadings& headings, double left, double beside,
                            const Font& font);

}  // namespace ollama_bench
