#include "heatmap_legend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>

#include "cell_label.h"
#include "color_bar.h"
#include "heatmap_palette.h"
#include "number_format.h"
#include "ollama_bench/core/stratum.h"
#include "ollama_bench/render/cell_text.h"

namespace ollama_bench {
namespace {

using Kind = MapCell::Kind;

constexpr double kSignSize = 11;
constexpr std::size_t kMostNamed = 3;  // cells of one mark

std::string ClassText(const LossClass& step) {
  const double from = std::round(100 * step.from);
  if (!std::isfinite(step.to)) return fmt::format("{:.0f} % or more slower", from);
  return fmt::format("{:.0f}\xE2\x80\x93{:.0f} % slower", from, 100 * step.to);
}

void DrawSwatchArea(SceneBuilder& scene, const Box& box, Pattern pattern) {
  DrawArea(scene, {{box.x, box.y}, box.width, box.height, 1, 1, {true}}, pattern);
}

const MapCell* Find(std::span<const SweepMap> maps, const Cell& cell) {
  for (const SweepMap& map : maps) {
    if (const auto place = map.grid.PlaceOf(cell)) return &map.cells[*place];
  }
  return nullptr;
}

// Of a current setting that is in none of the maps.
const MapCell* FindOffGrid(std::span<const SweepMap> maps, const Cell& cell) {
  for (const SweepMap& map : maps) {
    if (map.current.count(cell) > 0 && map.current_off_grid) return &*map.current_off_grid;
  }
  return nullptr;
}

template <class Use>
void ForEachState(std::span<const SweepMap> maps, const Use& use) {
  for (const SweepMap& map : maps) {
    for (const MapCell& cell : map.cells) use(cell);
  }
}

// Writes the marks' texts.
class MarkNamer {
 public:
  MarkNamer(std::span<const SweepMap> maps, const CellFaces& faces, const CellMarks& marks)
      : maps_(maps), faces_(faces), marks_(marks) {}

  std::vector<MarkText> Write() {
    AddBestValue();
    Add(CellMark::kRecommendedAndCurrent, "recommended and current setting", marks_.recommended());
    Add(CellMark::kRecommended, "recommended", marks_.recommended());
    Add(CellMark::kCurrent, "current setting", marks_.current());
    return std::move(texts_);
  }

 private:
  void AddBestValue() {
    const auto& best = marks_.best_value();
    if (!best) return;
    texts_.push_back({CellMark::kBestValue, *best,
                      fmt::format("best value: {}, {} {}", NameOf(*best),
                                  faces_.scale().format(faces_.scale().best), Unit())});
  }

  void Add(CellMark mark, std::string_view lead, const std::set<Cell>& candidates) {
    std::vector<Cell> cells;
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(cells),
                 [&](const Cell& cell) { return marks_.Of(cell) == mark; });
    if (cells.empty()) return;
    texts_.push_back(
        {mark, cells.front(), fmt::format("{}{}: {}", lead, Whereabouts(cells), Named(cells))});
  }

  [[nodiscard]] std::string_view Whereabouts(const std::vector<Cell>& cells) const {
    const auto is_shown = [this](const Cell& cell) { return Find(maps_, cell) != nullptr; };
    const auto is_off_grid = [this](const Cell& cell) {
      return FindOffGrid(maps_, cell) != nullptr;
    };
    if (std::any_of(cells.begin(), cells.end(), is_shown)) return "";
    return std::any_of(cells.begin(), cells.end(), is_off_grid) ? ", outside the grid"
                                                                : ", not shown";
  }

  // Cells of different requests that have one setting are named by that.
  [[nodiscard]] std::string Named(const std::vector<Cell>& cells) const {
    const Cell setting = SettingOf(cells.front());
    if (cells.size() > 1 && std::all_of(cells.begin(), cells.end(), [&](const Cell& cell) {
          return SettingOf(cell) == setting;
        })) {
      return NameOf(setting) + " for each request";
    }
    if (cells.size() > kMostNamed) return fmt::format("{} cells", cells.size());
    std::vector<std::string> names;
    for (const Cell& cell : cells) names.push_back(Named(cell));
    return fmt::format("{}", fmt::join(names, "; "));
  }

  [[nodiscard]] std::string Named(const Cell& cell) const {
    const MapCell* off_grid = Find(maps_, cell) == nullptr ? FindOffGrid(maps_, cell) : nullptr;
    if (off_grid == nullptr) return NameOf(cell);
    return NameOf(cell) + ", " + CellDescriptionOf(*off_grid);
  }

  // "83.1 tokens/s", or why there is no value.
  [[nodiscard]] std::string CellDescriptionOf(const MapCell& cell) const {
    if (!cell.HasValue()) return CellDescription(maps_.front().metric, cell);
    return fmt::format("{} {}", faces_.Of(cell).number, Unit());
  }

  [[nodiscard]] std::string_view Unit() const { return Describe(maps_.front().metric).unit; }

  std::span<const SweepMap> maps_;
  const CellFaces& faces_;
  const CellMarks& marks_;
  std::vector<MarkText> texts_;
};

class GapPlanner {
 public:
  GapPlanner(std::vector<LegendEntry>& entries, std::span<const SweepMap> maps,
             const CellFaces& faces, const ReasonLabels& reasons)
      : entries_(entries), maps_(maps), faces_(faces), reasons_(reasons) {
    ForEachState(maps, [this](const MapCell& cell) { Count(cell); });
  }

  void Add() {
    AddFailures();
    AddGaps();
  }

 private:
  void Count(const MapCell& cell) {
    const CellFace face = faces_.Of(cell);
    ++patterns_[face.pattern];
    if (!face.reason.empty()) ++reason_counts_[face.pattern][face.reason];
    if (cell.kind == Kind::kUntested) ++untested_;
  }

  void AddEntry(std::string text, std::function<void(SceneBuilder&, const Box&)> draw) {
    entries_.push_back({std::move(draw), std::move(text), {}});
  }

  void AddFailures() {
    const auto area = [this](Pattern pattern, std::string_view text) {
      if (patterns_[pattern] == 0) return;
      AddEntry(
          fmt::format("{}: {}", text, patterns_[pattern]),
          [pattern](SceneBuilder& scene, const Box& box) { DrawSwatchArea(scene, box, pattern); });
    };
    area(Pattern::kOutOfMemory, "out of memory");
    area(Pattern::kExpectedToFail, "not measured, expected to run out of memory");
    AddReasons(Pattern::kFailed, "failed: ");
    AddReasons(Pattern::kExcluded, "not counted: ");
  }

  // One entry for all where the cells themselves say why, else one for each letter.
  void AddReasons(Pattern pattern, std::string_view lead) {
    const auto& counts = reason_counts_[pattern];
    if (counts.empty()) return;
    std::string all;
    for (const auto& [reason, count] : counts) {
      const std::string text = fmt::format("{} {}", reason, count);
      if (!reasons_.AreLetters()) {
        all += (all.empty() ? "" : ", ") + text;
        continue;
      }
      AddReason(pattern, fmt::format("{}{}", lead, text), reasons_.Of(reason));
    }
    if (!all.empty()) AddReason(pattern, fmt::format("{}{}", lead, all), {});
  }

  void AddReason(Pattern pattern, std::string text, std::string letter) {
    const bool is_loud = !faces_.ShowsLoss();
    const CellFace face = pattern == Pattern::kFailed
                              ? CellFace{palette::kFailed, palette::kFailedText, pattern, {}, {}}
                              : CellFace{palette::kAlias, palette::kText, pattern, {}, {}};
    AddEntry(std::move(text), [=](SceneBuilder& scene, const Box& box) {
      scene.Fill(box, face.fill);
      DrawPattern(scene, box, pattern, is_loud);
      DrawReason(scene, box, face, letter, kSignSize);
    });
  }

  void AddGaps() {
    if (patterns_[Pattern::kEstimated] > 0) {
      const Ink fill =
          faces_.ShowsLoss() ? palette::kNeutral : Ink(faces_.scale().ColorOf(faces_.scale().best));
      AddEntry(fmt::format("{} estimated, not measured: {}, {}", kEstimateSign,
                           patterns_[Pattern::kEstimated], EstimateMargins(maps_)),
               [fill](SceneBuilder& scene, const Box& box) {
                 scene.Fill(box, fill);
                 DrawSwatchArea(scene, box, Pattern::kEstimated);
               });
    }
    if (patterns_[Pattern::kAlias] > 0) {
      AddEntry(fmt::format("same as another cell: {}", patterns_[Pattern::kAlias]),
               [](SceneBuilder& scene, const Box& box) {
                 scene.Fill(box, palette::kAlias);
                 DrawPattern(scene, box, Pattern::kAlias, false);
               });
    }
    if (untested_ > 0) {
      AddEntry(fmt::format("not measured (blank): {}", untested_),
               [](SceneBuilder& scene, const Box& box) {
                 scene.Outline({box.x + 0.5, box.y + 0.5, box.width - 1, box.height - 1},
                               {palette::kUntestedLine, 1});
               });
    }
  }

  std::vector<LegendEntry>& entries_;
  std::span<const SweepMap> maps_;
  const CellFaces& faces_;
  const ReasonLabels& reasons_;
  std::map<Pattern, int> patterns_;
  std::map<Pattern, std::map<std::string, int>> reason_counts_;
  int untested_ = 0;
};

// As the cell has it in the plot.
Ink FillOf(const Cell& cell, std::span<const SweepMap> maps, const CellFaces& faces) {
  const MapCell* state = Find(maps, cell);
  if (state == nullptr) state = FindOffGrid(maps, cell);
  return state != nullptr ? faces.Of(*state).fill : palette::kNeutral;
}

void AddMark(std::vector<LegendEntry>& legend, const MarkText& text, const Ink& fill) {
  legend.push_back({[mark = text.mark, fill](SceneBuilder& scene, const Box& box) {
                      scene.Fill(box, fill);
                      DrawMark(scene, box, mark);
                      DrawNumber(scene, box, {fill, {}, Pattern::kPlain, {}, {}}, 0, mark);
                    },
                    text.text,
                    {}});
}

// How good the cells with a value are.
void AddLosses(std::vector<LegendEntry>& legend, std::span<const SweepMap> maps) {
  std::map<const LossClass*, int> classes;
  int neutral = 0;
  int contenders = 0;
  ForEachState(maps, [&](const MapCell& cell) {
    if (cell.is_contender) ++contenders;
    if (cell.HasValue()) ++(cell.is_worse ? classes[&LossClassOf(cell.loss)] : neutral);
  });
  if (contenders > 0) {
    legend.push_back({[](SceneBuilder& scene, const Box& box) {
                        scene.Fill(box, palette::kNeutral);
                        scene.Outline(box, {palette::kOutline, 2});
                      },
                      fmt::format("may be the best (95 %): {}", contenders),
                      {}});
  }
  const auto add_fill = [&legend](std::string text, const Ink& ink) {
    legend.push_back({[ink](SceneBuilder& scene, const Box& box) { scene.Fill(box, ink); },
                      std::move(text),
                      {}});
  };
  if (neutral > 0) {
    add_fill(fmt::format("not significantly different from the best: {}", neutral),
             palette::kNeutral);
  }
  for (const LossClass& step : LossClasses()) {
    const auto found = classes.find(&step);
    if (found == classes.end()) continue;
    add_fill(fmt::format("{}: {}", ClassText(step), found->second), step.ink);
  }
}

void AddMargins(std::vector<LegendEntry>& legend, std::string text) {
  legend.push_back(
      {[](SceneBuilder& scene, const Box& box) {
         const Point middle{box.x + box.width / 2, box.y + box.height / 2};
         scene.Line({box.x + 3, middle.y}, {box.right() - 3, middle.y}, {palette::kText, 1.4});
         constexpr double kHalf = 2.6;
         scene.Path({{{{middle.x - kHalf, middle.y},
                       {middle.x, middle.y - kHalf},
                       {middle.x + kHalf, middle.y},
                       {middle.x, middle.y + kHalf}}},
                     true,
                     palette::kText,
                     std::nullopt});
       },
       std::move(text),
       {}});
}

}  // namespace

std::vector<MarkText> MarkTexts(std::span<const SweepMap> maps, const CellFaces& faces,
                                const CellMarks& marks) {
  return MarkNamer(maps, faces, marks).Write();
}

void AddGapEntries(std::vector<LegendEntry>& legend, std::span<const SweepMap> maps,
                   const CellFaces& faces, const ReasonLabels& reasons) {
  GapPlanner(legend, maps, faces, reasons).Add();
}

std::vector<LegendEntry> HeatmapLegend(std::span<const SweepMap> maps, const CellFaces& faces,
                                       const CellMarks& marks, const ReasonLabels& reasons,
                                       MarginScope margins) {
  std::vector<LegendEntry> legend;
  for (const MarkText& text : MarkTexts(maps, faces, marks)) {
    const Ink fill = text.mark == CellMark::kBestValue
                         ? Ink(faces.scale().ColorOf(faces.scale().best))
                         : FillOf(text.cell, maps, faces);
    AddMark(legend, text, fill);
  }
  if (faces.ShowsLoss()) AddLosses(legend, maps);
  AddGapEntries(legend, maps, faces, reasons);
  if (margins == MarginScope::kEach) AddMargins(legend, "mean with its 95 % CI");
  if (margins == MarginScope::kAll) AddMargins(legend, "mean over all tables with its 95 % CI");
  return legend;
}

}  // namespace ollama_bench
