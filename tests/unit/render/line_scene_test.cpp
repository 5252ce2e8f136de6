#include "ollama_bench/render/line_scene.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "heatmap_palette.h"
#include "line_marks.h"
#include "line_scales.h"
#include "support/sample_maps.h"
#include "support/scene_checks.h"

namespace ollama_bench {
namespace {

using Kind = MapCell::Kind;

Scene LayOut(const SweepMap& map, const SweepCaption& caption = LongCaption()) {
  return LayOutLines(map, caption, *Font::Load());
}

std::vector<std::string> TextsOf(const Scene& scene) {
  std::vector<std::string> texts;
  for (const TextShape& text : ShapesOf<TextShape>(scene)) texts.push_back(text.text);
  return texts;
}

bool Shows(const Scene& scene, const std::string& part) {
  const auto texts = TextsOf(scene);
  return std::any_of(texts.begin(), texts.end(), [&part](const std::string& text) {
    return text.find(part) != std::string::npos;
  });
}

// Intervals of neighbouring points may overlap, so that the check of cells does not fit.
void ExpectSound(const SweepMap& map) {
  const Scene scene = LayOut(map);
  const Box canvas{0, 0, scene.width, scene.height};
  ExpectTextsApart(scene, canvas);
  for (const PathShape& path : ShapesOf<PathShape>(scene)) {
    for (const Polyline& line : path.lines) {
      for (const Point& point : line) {
        EXPECT_TRUE(Contains(canvas, {point.x, point.y, 0, 0})) << point.x << " " << point.y;
      }
    }
  }
  for (const RectangleShape& shape : ShapesOf<RectangleShape>(scene)) {
    EXPECT_TRUE(Contains(canvas, shape.box)) << shape.title;
  }
}

// One row of cells with these values of num_thread.
SweepMap OneLine(const std::vector<int>& values, const std::vector<double>& rates) {
  std::vector<MapCell> cells;
  for (const double rate : rates) cells.push_back(MeasuredCell(rate, 0.01));
  SweepMap map = MapOfCells(static_cast<int>(values.size()), 1, cells);
  map.grid.across = {Parameter::kNumThread, values};
  map.grid.down.values = {kAutoValue};
  map.recommended.clear();
  return map;
}

class LineLayoutTest : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(LineLayoutTest, KeepsTextsApartAndInTheirPlaces) {
  const auto [columns, rows] = GetParam();
  ExpectSound(MakeMap(columns, rows));
  ExpectSound(WithCurrentOffGrid(MakeMap(columns, rows, true)));
}

TEST_P(LineLayoutTest, HoldsWhereTheFirstValuesAreAuto) {
  const auto [columns, rows] = GetParam();
  SweepMap map = MakeMap(columns, rows, true);
  map.grid.across.values.front() = kAutoValue;
  map.grid.down.values.front() = kAutoValue;
  ExpectSound(map);
}

TEST_P(LineLayoutTest, HoldsForLongValuesAndNames) {
  const auto [columns, rows] = GetParam();
  SweepMap map = MakeMap(columns, rows, true, 1e6, 99999999);
  for (int& value : map.grid.across.values) value += 1'900'000'000;
  for (int& value : map.grid.down.values) value += 1'900'000'000;
  map.title = std::string(400, 'W') + " " + std::string(300, 'i');
  map.notes = {std::string(900, 'n'), "another note"};
  ExpectSound(map);
}

TEST_P(LineLayoutTest, HoldsForExtremeValuesAndIntervals) {
  const auto [columns, rows] = GetParam();
  for (const auto& [low, high] :
       {std::pair{85.5, 85.5}, std::pair{1e-9, 1.7e308}, std::pair{1e-9, 2e-9}}) {
    SweepMap map = MakeMap(columns, rows, false, low, high);
    map.cells.front().low = 0;
    map.cells.back().high = HUGE_VAL;
    ExpectSound(map);
  }
}

TEST_P(LineLayoutTest, HoldsWhereNothingSucceeded) {
  const auto [columns, rows] = GetParam();
  SweepMap map = MakeMap(columns, rows);
  for (MapCell& cell : map.cells) cell = FailedCell(FailureKind::kTimeout);
  map.recommended = map.current = {};
  ExpectSound(map);
}

INSTANTIATE_TEST_SUITE_P(Sizes, LineLayoutTest,
                         testing::Values(std::pair{1, 1}, std::pair{2, 1}, std::pair{7, 1},
                                         std::pair{1, 8}, std::pair{2, 8}, std::pair{20, 5},
                                         std::pair{300, 1}, std::pair{120, 8},
                                         std::pair{100'000, 1}),
                         [](const auto& size) {
                           return std::to_string(size.param.first) + "x" +
                                  std::to_string(size.param.second);
                         });

TEST(LineSceneTest, MarksTheRecommendedAndTheCurrentSettingAndNamesThem) {
  SweepMap map = OneLine({1, 2, 4}, {10, 18, 25});
  map.recommended = {map.CellAt(0, 2)};
  map.current = {map.CellAt(0, 0)};
  const Scene scene = LayOut(map);
  EXPECT_TRUE(Shows(scene, "recommended: num_thread=4"));
  EXPECT_TRUE(Shows(scene, "current setting: num_thread=1"));
  int stars = 0;
  int diamonds = 0;
  for (const PathShape& path : ShapesOf<PathShape>(scene)) {
    if (path.fill == palette::kRecommended) ++stars;
    if (path.fill == palette::kOutline) ++diamonds;
  }
  EXPECT_EQ(stars, 2) << "in the plot and in the legend";
  EXPECT_EQ(diamonds, 2);
}

TEST(LineSceneTest, ShowsACurrentSettingOutsideTheGridAsALevel) {
  SweepMap map = OneLine({1, 2, 4}, {10, 18, 25});
  map.current = {Cell().With(Parameter::kNumThread, 3)};
  map.current_off_grid = MeasuredCell(21);
  const Scene scene = LayOut(map);
  EXPECT_TRUE(Shows(scene, "current setting, outside the grid: num_thread=3, 21 tokens/s"));
  const auto lines = ShapesOf<LineShape>(scene);
  const auto levels = std::count_if(lines.begin(), lines.end(), [](const LineShape& line) {
    return line.stroke.color == palette::kOutline && line.stroke.dash > 0;
  });
  EXPECT_EQ(levels, 2) << "in the plot and in the legend";
}

TEST(LineSceneTest, InterruptsALineWhereACellFailedAndSaysWhyBelow) {
  SweepMap map = OneLine({1, 2, 4, 8, 16}, {10, 18, 25, 30, 31});
  map.cells[2] = FailedCell(FailureKind::kTimeout);
  const Scene scene = LayOut(map);
  EXPECT_TRUE(Shows(scene, "failed: timeout 1"));
  EXPECT_TRUE(Shows(scene, "no value"));
  for (const PathShape& path : ShapesOf<PathShape>(scene)) {
    if (path.is_closed || path.stroke != Stroke{palette::kText, 2}) continue;
    ASSERT_EQ(path.lines.size(), 2U);
    EXPECT_EQ(path.lines[0].size(), 2U);
    EXPECT_EQ(path.lines[1].size(), 2U);
  }
  const auto cells = CellsOf(scene);
  ASSERT_EQ(cells.size(), 5U) << "each says what it is when the pointer rests on it";
  EXPECT_EQ(cells[4].title, "num_thread 4: Timeout");
  EXPECT_GT(cells[4].box.y, cells[0].box.y);
}

TEST(LineSceneTest, DrawsTheIntervalAsABandBetweenMeasuredNeighbours) {
  SweepMap map = OneLine({1, 2, 3}, {10, 20, 30});
  for (const PathShape& path : ShapesOf<PathShape>(LayOut(map))) {
    if (path.fill != palette::kNeutral || path.stroke) continue;
    ASSERT_EQ(path.lines.size(), 1U);
    const Polyline& band = path.lines[0];
    ASSERT_EQ(band.size(), 6U);
    EXPECT_LT(band[0].y, band[5].y) << "upper and lower bound of the first";
    EXPECT_NEAR((band[5].y - band[0].y) * 3, band[3].y - band[2].y, 1e-6)
        << "of three times the value";
    return;
  }
  FAIL() << "no band";
}

TEST(LineSceneTest, ConnectsNeitherAutoNorSwitches) {
  const auto connections = [](const SweepMap& map) {
    std::size_t count = 0;
    for (const PathShape& path : ShapesOf<PathShape>(LayOut(map))) {
      if (path.stroke != Stroke{palette::kText, 2}) continue;
      for (const Polyline& line : path.lines) count += line.size() - 1;
    }
    return count;
  };
  EXPECT_EQ(connections(OneLine({kAutoValue, 2, 4}, {10, 18, 25})), 1U);
  SweepMap map = OneLine({0, 1}, {10, 18});
  map.grid.across.parameter = Parameter::kUseMmap;
  EXPECT_EQ(connections(map), 0U);
  EXPECT_TRUE(Shows(LayOut(map), "false"));
}

TEST(LineSceneTest, NamesEachLineAtItsEnd) {
  const SweepMap map = MakeMap(5, 3);
  const Scene scene = LayOut(map);
  for (const int value : map.grid.down.values) EXPECT_TRUE(Shows(scene, std::to_string(value)));
  EXPECT_TRUE(Shows(scene, "num_batch"));
}

TEST(LineSceneTest, SaysWhereTheAxisStartsIfNotAtZero) {
  EXPECT_TRUE(Shows(LayOut(OneLine({1, 2, 3}, {100, 104, 120})), "the axis starts at"));
  EXPECT_FALSE(Shows(LayOut(OneLine({1, 2, 3}, {10, 50, 120})), "the axis starts at"));
}

TEST(LineSceneTest, SaysWhatTheCellsAreHeldAt) {
  SweepMap map = OneLine({1, 2}, {10, 20});
  map.grid.fixed.Set(Parameter::kNumGpu, 33);
  EXPECT_TRUE(Shows(LayOut(map, {}), "num_gpu 33"));
}

TEST(LineSceneTest, MarksReplayedAndMixedNumbers) {
  EXPECT_TRUE(Shows(LayOut(MakeMap(3, 2)), "REPLAYED"));
  EXPECT_TRUE(Shows(LayOut(MakeMap(3, 2)), "MIXED"));
  EXPECT_FALSE(Shows(LayOut(MakeMap(3, 2), {}), "REPLAYED"));
}

ParameterScale ScaleOf(Parameter parameter, const std::vector<int>& values) {
  return PlanParameterScale({parameter, values}, 800, *Font::Load());
}

TEST(LineScaleTest, ValuesThatDoubleLieAtEvenDistancesAndOthersWhereTheyBelong) {
  const auto log = ScaleOf(Parameter::kNumBatch, {128, 256, 512, 1024});
  EXPECT_NEAR(log.places[1] - log.places[0], log.places[3] - log.places[2], 1e-9);
  const auto linear = ScaleOf(Parameter::kNumThread, {1, 2, 3, 8});
  EXPECT_NEAR(5 * (linear.places[1] - linear.places[0]), linear.places[3] - linear.places[2], 1e-9);
}

TEST(LineScaleTest, LabelsMeasuredValuesWhereTheyFitAndRoundOnesElsewhere) {
  EXPECT_EQ(ScaleOf(Parameter::kNumThread, {1, 2, 3, 8}).ticks.size(), 4U);
  std::vector<int> many;
  for (int i = 1; i <= 60; ++i) many.push_back(2048 * i);
  const auto scale = ScaleOf(Parameter::kNumCtx, many);
  EXPECT_GE(scale.ticks.size(), 4U);
  for (const ScaleTick& tick : scale.ticks)
    EXPECT_EQ(std::stoi(tick.label) % 5000, 0) << tick.label;
}

TEST(LineScaleTest, AutoIsByItselfAtTheLeft) {
  const auto scale = ScaleOf(Parameter::kNumThread, {kAutoValue, 1, 2, 3});
  EXPECT_LT(scale.places[0], scale.auto_edge);
  EXPECT_GT(scale.places[1], scale.auto_edge);
  EXPECT_EQ(scale.ticks.front().label, "auto");
}

TEST(LineScaleTest, NoiseDoesNotFillTheHeight) {
  const auto scale = PlanMetricScale(OneLine({1, 2, 3}, {100, 100.1, 99.9}), *Font::Load());
  EXPECT_LT(scale.ShareOf(100.1) - scale.ShareOf(99.9), 0.05);
  EXPECT_GE(scale.ShareOf(99), 0.2) << "nor do the points lie at the foot";
}

TEST(LineLookTest, TheOrderOfLinesNeedsNoHueAndEachIsSeenOnBothPapers) {
  for (std::size_t count = 2; count <= kMostLines; ++count) {
    for (std::size_t i = 0; i < count; ++i) {
      const Ink ink = LookOf(i, count).ink;
      EXPECT_GE(ContrastRatio(ink.light, kPaperInk.light), 3) << i << " of " << count;
      EXPECT_GE(ContrastRatio(ink.dark, kPaperInk.dark), 3) << i << " of " << count;
      if (i == 0) continue;
      const Ink before = LookOf(i - 1, count).ink;
      EXPECT_GT(ToOklab(ink.light).lightness, ToOklab(before.light).lightness + 0.02);
      EXPECT_GT(ToOklab(ink.dark).lightness, ToOklab(before.dark).lightness + 0.02);
      EXPECT_NE(LookOf(i, count).shape, LookOf(i - 1, count).shape);
    }
  }
}

}  // namespace
}  // namespace ollama_bench
