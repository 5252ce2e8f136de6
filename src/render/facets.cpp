#include "facets.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "heatmap_axes.h"
#include "heatmap_palette.h"
#include "text_fit.h"

namespace ollama_bench {

std::set<int> HeldValues(std::span<const Grid> grids, Parameter parameter) {
  std::set<int> values;
  for (const Grid& grid : grids) values.insert(grid.fixed[parameter]);
  return values;
}

Cell HeldByAll(std::span<const Grid> grids) {
  Cell held;
  for (const ParameterInfo& info : AllParameters()) {
    const std::set<int> values = HeldValues(grids, info.parameter);
    if (values.size() == 1) held.Set(info.parameter, *values.begin());
  }
  return held;
}

std::vector<std::vector<std::string>> FacetPhrases(std::span<const Grid> grids) {
  std::vector<std::vector<std::string>> phrases(grids.size());
  for (const ParameterInfo& info : AllParameters()) {
    if (HeldValues(grids, info.parameter).size() < 2) continue;
    for (std::size_t i = 0; i < grids.size(); ++i) {
      phrases[i].push_back(fmt::format(
          "{} {}", info.key, FormatValue(info.parameter, grids[i].fixed[info.parameter])));
    }
  }
  return phrases;
}

namespace {

// A sheet that is read on a screen without much scrolling.
constexpr double kSheetWidth = 1400;
constexpr double kSheetHeight = 1200;
constexpr double kLargestSheet = 8000;
constexpr double kMostWithNumbers = 1.7;  // times the sheet

constexpr double kHeadingSize = 13;
constexpr double kHeadingLine = 18;
constexpr double kNarrowestHeading = 150;  // before its lines are broken
constexpr std::size_t kMostHeadingLines = 4;

// So many tables side by side put equal values below each other.
std::size_t AlignedColumns(std::span<const Grid> grids) {
  std::size_t last = 0;
  for (const ParameterInfo& info : AllParameters()) {
    const std::size_t count = HeldValues(grids, info.parameter).size();
    if (count > 1) last = count;
  }
  return last;
}

struct Candidate {
  FacetLayout layout;
  double overflow = 1;  // times the sheet
  double score = 0;     // the larger, the better
  bool is_wide = false;
  std::size_t empty_places = 0;

  [[nodiscard]] bool IsBetterThan(const Candidate& other) const {
    constexpr double kAbout = 1.02;
    if (score > other.score * kAbout) return true;
    if (other.score > score * kAbout) return false;
    if (is_wide != other.is_wide) return is_wide;
    if (empty_places != other.empty_places) return empty_places < other.empty_places;
    return layout.columns > other.layout.columns;
  }
};

Candidate Try(const Grid& grid, std::size_t count, std::size_t columns, double number_width,
              const FacetRoom& room) {
  Candidate candidate;
  FacetLayout& layout = candidate.layout;
  layout.columns = columns;
  layout.rows = (count + columns - 1) / columns;
  layout.has_numbers = number_width > 0;
  const auto across = static_cast<double>(layout.columns);
  const auto down = static_cast<double>(layout.rows);
  layout.cell = ChooseCellSize(grid, number_width,
                               {std::max(1.0, kSheetWidth / across - room.width),
                                std::max(1.0, kSheetHeight / down - room.height),
                                kLargestSheet / across, kLargestSheet / down});
  const double plot_width = layout.cell.width * static_cast<double>(grid.across.values.size());
  const double plot_height = layout.cell.height * static_cast<double>(grid.down.values.size());
  const double width = (std::max(plot_width, kNarrowestHeading / 2) + room.width) * across;
  const double height = (plot_height + room.height) * down;
  candidate.overflow = std::max({1.0, width / kSheetWidth, height / kSheetHeight});
  candidate.score = std::min(layout.cell.width * 0.48, layout.cell.height) /
                    (candidate.overflow * candidate.overflow);
  candidate.is_wide = columns >= layout.rows;
  candidate.empty_places = columns * layout.rows - count;
  return candidate;
}

Candidate Choose(std::span<const Grid> grids, double number_width, const FacetRoom& room) {
  constexpr double kAligned = 1.3;
  const std::size_t aligned = AlignedColumns(grids);
  Candidate best;
  for (std::size_t columns = 1; columns <= grids.size(); ++columns) {
    Candidate candidate = Try(grids.front(), grids.size(), columns, number_width, room);
    if (candidate.empty_places >= candidate.layout.rows && columns > 1) continue;
    if (columns == aligned) candidate.score *= kAligned;
    if (columns == 1 || candidate.IsBetterThan(best)) best = candidate;
  }
  return best;
}

}  // namespace

FacetLayout ChooseFacets(std::span<const Grid> grids, double number_width, const FacetRoom& room) {
  if (grids.size() == 1) {
    return {ChooseCellSize(grids.front(), number_width), 1, 1, number_width > 0};
  }
  const Candidate with_numbers = Choose(grids, number_width, room);
  if (number_width <= 0 || with_numbers.overflow <= kMostWithNumbers) return with_numbers.layout;
  return Choose(grids, 0, room).layout;
}

FacetHeadings::FacetHeadings(std::span<const Grid> grids, double plot_width, const Font& font) {
  const double room = std::max(plot_width, kNarrowestHeading);
  for (const auto& phrases : FacetPhrases(grids)) {
    lines_.push_back(WrapPhrases(font, phrases, ", ", kHeadingSize, room, kMostHeadingLines));
    most_lines_ = std::max(most_lines_, lines_.back().size());
    for (const std::string& line : lines_.back()) {
      width_ = std::max(width_, std::ceil(font.Width(line, kHeadingSize)));
    }
  }
}

double FacetHeadings::height() const {
  return most_lines_ == 0 ? 0 : kHeadingLine * static_cast<double>(most_lines_) + kAxisNameGap;
}

void FacetHeadings::Draw(SceneBuilder& scene, std::size_t i, const Box& plot) const {
  const std::vector<std::string>& lines = lines_[i];
  double y = plot.y - kAxisNameGap - kHeadingLine * static_cast<double>(lines.size());
  for (const std::string& line : lines) {
    scene.Text({plot.x, y, width_, kHeadingLine}, line, {kHeadingSize, palette::kTitle});
    y += kHeadingLine;
  }
}

FacetFrame PlanFacetsAcross(const FacetLayout& layout, const Axis& across, const AxisLabels& labels,
                            const FacetHeadings& headings, double left, double beside,
                            const Font& font) {
  FacetFrame frame;
  const double plot = layout.cell.width * static_cast<double>(across.values.size());
  frame.left = left;
  double slot = plot;
  if (headings.height() > 0) {
    const double name = std::ceil(font.Width(KeyOf(across.parameter), kAxisNameSize));
    slot = std::max({plot, headings.width(), name});
    // The name of the axis is in the middle of its plot.
    frame.left = std::max(left, kMargin + (slot - plot) / 2);
  }
  const double overhang = std::max(0.0, labels.width - layout.cell.width);
  frame.pitch_x = std::ceil(slot + beside + kFacetGap + overhang);
  frame.right = frame.left + frame.pitch_x * static_cast<double>(layout.columns - 1) + slot;
  return frame;
}

}  // namespace ollama_bench
