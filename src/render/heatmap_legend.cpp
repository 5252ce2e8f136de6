#include "heatmap_legend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "cell_label.h"
#include "estimate_text.h"
#include "heatmap_palette.h"
#include "loss_scale.h"

namespace ollama_bench {
namespace {

using Kind = MapCell::Kind;

constexpr double kSwatchWidth = 28;
constexpr double kSwatchHeight = 18;
constexpr double kSwatchGap = 8;
constexpr double kEntryDistance = 26;
constexpr double kEntryLine = 26;
constexpr double kLabelSize = 12;
constexpr double kSignSize = 11;

std::string ClassText(const LossClass& step) {
  const double from = std::round(100 * step.from);
  if (!std::isfinite(step.to)) return fmt::format("{:.0f} % or more slower", from);
  return fmt::format("{:.0f}\xE2\x80\x93{:.0f} % slower", from, 100 * step.to);
}

void DrawSwatchArea(SceneBuilder& scene, const Box& box, Pattern pattern) {
  DrawArea(scene, {{box.x, box.y}, box.width, box.height, 1, 1, {true}}, pattern);
}

class LegendPlanner {
 public:
  LegendPlanner(const SweepMap& map, const CellFaces& faces, const CellMarks& marks,
                const ReasonLabels& reasons)
      : map_(map), faces_(faces), marks_(marks), reasons_(reasons) {
    for (const MapCell& cell : map.cells) Count(cell);
  }

  std::vector<LegendEntry> Plan(bool has_margins) {
    AddMarks();
    if (faces_.ShowsLoss()) AddLosses();
    AddFailures();
    AddGaps();
    if (has_margins) AddMargins();
    return std::move(entries_);
  }

 private:
  void Count(const MapCell& cell) {
    const CellFace face = faces_.Of(cell);
    ++patterns_[face.pattern];
    if (!face.reason.empty()) ++reason_counts_[face.pattern][face.reason];
    if (cell.is_contender) ++contenders_;
    if (cell.kind == Kind::kUntested) ++untested_;
    if (!cell.HasValue()) return;
    ++(cell.is_worse ? classes_[&LossClassOf(cell.loss)] : neutral_);
  }

  void Add(std::string text, std::function<void(SceneBuilder&, const Box&)> draw) {
    entries_.push_back({std::move(draw), std::move(text), {}});
  }

  void AddMark(std::string text, CellMark mark, const Ink& fill) {
    Add(std::move(text), [mark, fill](SceneBuilder& scene, const Box& box) {
      scene.Fill(box, fill);
      DrawMark(scene, box, mark);
      DrawNumber(scene, box, {fill, {}, Pattern::kPlain, {}, {}}, 0, mark);
    });
  }

  void AddMarks() {
    const auto off_grid = [this](const Cell& cell) {
      return map_.grid.Contains(cell) ? "" : ", outside the grid";
    };
    if (const auto& best = marks_.best_value()) {
      AddMark(fmt::format("best value: {}, {} {}", NameOf(*best),
                          faces_.scale().format(faces_.scale().best), Describe(map_.metric).unit),
              CellMark::kBestValue, faces_.scale().ColorOf(faces_.scale().best));
    }
    const auto& recommended = marks_.recommended();
    const auto& current = marks_.current();
    const bool is_same = recommended && recommended == current;
    if (recommended) {
      AddMark(fmt::format("{}{}: {}", is_same ? "recommended and current setting" : "recommended",
                          off_grid(*recommended), NameOf(*recommended)),
              is_same ? CellMark::kRecommendedAndCurrent : CellMark::kRecommended,
              FillOf(*recommended));
    }
    if (current && !is_same) {
      std::string text = fmt::format("current setting{}: {}", off_grid(*current), NameOf(*current));
      if (map_.current_off_grid) {
        text += ", " + CellDescriptionOf(*map_.current_off_grid);
      }
      AddMark(std::move(text), CellMark::kCurrent, FillOf(*current));
    }
  }

  // "83.1 tokens/s", or why there is no value.
  [[nodiscard]] std::string CellDescriptionOf(const MapCell& cell) const {
    if (!cell.HasValue()) return CellDescription(map_.metric, cell);
    return fmt::format("{} {}", faces_.Of(cell).number, Describe(map_.metric).unit);
  }

  // As the cell has it in the plot.
  [[nodiscard]] Ink FillOf(const Cell& cell) const {
    if (!map_.grid.Contains(cell)) {
      return map_.current_off_grid ? faces_.Of(*map_.current_off_grid).fill : palette::kNeutral;
    }
    for (std::size_t i = 0; i < map_.cells.size(); ++i) {
      if (map_.CellAt(i / map_.column_count(), i % map_.column_count()) == cell) {
        return faces_.Of(map_.cells[i]).fill;
      }
    }
    return palette::kNeutral;
  }

  void AddLosses() {
    if (contenders_ > 0) {
      Add(fmt::format("may be the best (95 %): {}", contenders_),
          [](SceneBuilder& scene, const Box& box) {
            scene.Fill(box, palette::kNeutral);
            scene.Outline(box, {palette::kOutline, 2});
          });
    }
    if (neutral_ > 0) {
      Add(fmt::format("not significantly different from the best: {}", neutral_),
          [](SceneBuilder& scene, const Box& box) { scene.Fill(box, palette::kNeutral); });
    }
    for (const LossClass& step : LossClasses()) {
      const auto found = classes_.find(&step);
      if (found == classes_.end()) continue;
      Add(fmt::format("{}: {}", ClassText(step), found->second),
          [ink = step.ink](SceneBuilder& scene, const Box& box) { scene.Fill(box, ink); });
    }
  }

  void AddFailures() {
    const auto area = [this](Pattern pattern, std::string_view text) {
      if (patterns_[pattern] == 0) return;
      Add(fmt::format("{}: {}", text, patterns_[pattern]),
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
    Add(std::move(text), [=](SceneBuilder& scene, const Box& box) {
      scene.Fill(box, face.fill);
      DrawPattern(scene, box, pattern, is_loud);
      DrawReason(scene, box, face, letter, kSignSize);
    });
  }

  void AddGaps() {
    if (patterns_[Pattern::kEstimated] > 0) {
      const Ink fill =
          faces_.ShowsLoss() ? palette::kNeutral : Ink(faces_.scale().ColorOf(faces_.scale().best));
      Add(fmt::format("{} estimated, not measured: {}, {}", kEstimateSign,
                      patterns_[Pattern::kEstimated], EstimateMargins(map_)),
          [fill](SceneBuilder& scene, const Box& box) {
            scene.Fill(box, fill);
            DrawSwatchArea(scene, box, Pattern::kEstimated);
          });
    }
    if (patterns_[Pattern::kAlias] > 0) {
      Add(fmt::format("same as another cell: {}", patterns_[Pattern::kAlias]),
          [](SceneBuilder& scene, const Box& box) {
            scene.Fill(box, palette::kAlias);
            DrawPattern(scene, box, Pattern::kAlias, false);
          });
    }
    if (untested_ > 0) {
      Add(fmt::format("not measured (blank): {}", untested_),
          [](SceneBuilder& scene, const Box& box) {
            scene.Outline({box.x + 0.5, box.y + 0.5, box.width - 1, box.height - 1},
                          {palette::kUntestedLine, 1});
          });
    }
  }

  void AddMargins() {
    Add("mean with its 95 % CI", [](SceneBuilder& scene, const Box& box) {
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
    });
  }

  const SweepMap& map_;
  const CellFaces& faces_;
  const CellMarks& marks_;
  const ReasonLabels& reasons_;
  std::map<Pattern, int> patterns_;
  std::map<Pattern, std::map<std::string, int>> reason_counts_;
  std::map<const LossClass*, int> classes_;
  int neutral_ = 0;
  int contenders_ = 0;
  int untested_ = 0;
  std::vector<LegendEntry> entries_;
};

}  // namespace

std::vector<LegendEntry> PlanLegend(const SweepMap& map, const CellFaces& faces,
                                    const CellMarks& marks, const ReasonLabels& reasons,
                                    bool has_margins, Point top_left, double width,
                                    const Font& font) {
  std::vector<LegendEntry> entries = LegendPlanner(map, faces, marks, reasons).Plan(has_margins);
  Point corner = top_left;
  for (LegendEntry& entry : entries) {
    const double text_width = font.Width(entry.text, kLabelSize);
    const double entry_width = std::min(width, kSwatchWidth + kSwatchGap + std::ceil(text_width));
    if (corner.x > top_left.x && corner.x + entry_width > top_left.x + width) {
      corner = {top_left.x, corner.y + kEntryLine};
    }
    entry.place = {corner.x, corner.y, entry_width, kEntryLine};
    corner.x += entry_width + kEntryDistance;
  }
  return entries;
}

void DrawLegend(SceneBuilder& scene, const std::vector<LegendEntry>& legend) {
  for (const LegendEntry& entry : legend) {
    const Box& place = entry.place;
    const Box swatch{place.x, place.y + (place.height - kSwatchHeight) / 2, kSwatchWidth,
                     kSwatchHeight};
    entry.draw(scene, swatch);
    scene.Text({swatch.right() + kSwatchGap, place.y, place.right() - swatch.right() - kSwatchGap,
                place.height},
               entry.text, {kLabelSize, palette::kText});
  }
}

}  // namespace ollama_bench
