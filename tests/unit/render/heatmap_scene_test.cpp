#include "ollama_bench/render/heatmap_scene.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "color_bar.h"
#include "heatmap_palette.h"
#include "support/sample_maps.h"
#include "support/scene_checks.h"

namespace ollama_bench {
namespace {

using Kind = MapCell::Kind;

HeatmapStyle ClassicStyle() {
  return {CellColoring::kValue, DefaultColormap(), true};
}

Scene LayOut(const SweepMap& map, const HeatmapStyle& style = {},
             const SweepCaption& caption = LongCaption()) {
  const auto font = Font::Load();
  EXPECT_TRUE(font);
  return LayOutHeatmap(Only(map), caption, style, *font);
}

void ExpectSoundInEveryStyle(const SweepMap& map) {
  for (const CellColoring coloring : {CellColoring::kLoss, CellColoring::kValue}) {
    for (const bool has_numbers : {true, false}) {
      ExpectSoundLayout(LayOut(map, {coloring, DefaultColormap(), has_numbers}));
    }
  }
}

struct GridSize {
  int columns;
  int rows;
};

class HeatmapLayoutTest : public testing::TestWithParam<GridSize> {};

TEST_P(HeatmapLayoutTest, KeepsTextsApartAndInTheirPlaces) {
  const auto [columns, rows] = GetParam();
  const SweepMap map = MakeMap(columns, rows);
  ExpectSoundInEveryStyle(map);
  EXPECT_EQ(CellsOf(LayOut(map)).size(), map.cells.size());
}

TEST_P(HeatmapLayoutTest, HoldsForCellsOfEveryKindAndACurrentSettingOutsideTheGrid) {
  const auto [columns, rows] = GetParam();
  ExpectSoundInEveryStyle(WithCurrentOffGrid(MakeMap(columns, rows, true)));
}

TEST_P(HeatmapLayoutTest, HoldsForLongValuesAndLongAxisLabels) {
  const auto [columns, rows] = GetParam();
  SweepMap map = MakeMap(columns, rows, true, 1e6, 99999999);
  for (int& value : map.grid.across.values) value += 2'000'000'000;
  for (int& value : map.grid.down.values) value += 2'000'000'000;
  map.title = std::string(400, 'W') + " " + std::string(300, 'i');
  map.notes = {std::string(900, 'n'), "another note"};
  ExpectSoundInEveryStyle(map);
}

TEST_P(HeatmapLayoutTest, HoldsWhereNothingSucceeded) {
  const auto [columns, rows] = GetParam();
  SweepMap map = MakeMap(columns, rows);
  for (MapCell& cell : map.cells) cell = FailedCell(FailureKind::kOutOfMemory);
  map.recommended = map.current = {};
  map.rows.assign(map.row_count(), std::nullopt);
  map.columns.clear();
  ExpectSoundInEveryStyle(map);
}

TEST_P(HeatmapLayoutTest, HoldsForExtremeValuesAndMargins) {
  const auto [columns, rows] = GetParam();
  for (const auto& [low, high] :
       {std::pair{85.5, 85.5}, std::pair{1e-9, 1.7e308}, std::pair{1e-9, 2e-9}}) {
    SweepMap map = MakeMap(columns, rows, false, low, high);
    for (auto& effect : map.rows) effect = MarginEffect{-99.999, -100, 1e9};
    for (auto& effect : map.columns) effect = MarginEffect{0, 0, 0};
    ExpectSoundInEveryStyle(map);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, HeatmapLayoutTest,
                         testing::Values(GridSize{1, 1}, GridSize{2, 2}, GridSize{1, 5},
                                         GridSize{5, 1}, GridSize{3, 40}, GridSize{40, 3},
                                         GridSize{20, 6}, GridSize{47, 17}, GridSize{50, 50},
                                         GridSize{1, 90}, GridSize{300, 1}, GridSize{120, 70}),
                         [](const auto& size) {
                           return std::to_string(size.param.columns) + "x" +
                                  std::to_string(size.param.rows);
                         });

TEST(HeatmapSceneTest, DrawsTheLargestTableOnACanvasThatCanBeDrawn) {
  for (const auto& [columns, rows] :
       {GridSize{100'000, 1}, GridSize{1, 100'000}, GridSize{400, 250}}) {
    const Scene scene = LayOut(MakeMap(columns, rows, true));
    EXPECT_LE(scene.width, 10'000);
    EXPECT_LE(scene.height, 10'000);
  }
}

TEST(HeatmapSceneTest, MarginTicksDoNotRunTogetherWhateverTheRange) {
  for (double low = -100; low < -0.05; low *= 0.83) {
    for (const double high : {0.0, 0.3, 0.9 * -low, 180.0}) {
      SweepMap map = MakeMap(3, 3);
      map.rows[1] = MarginEffect{low / 2, low, high};
      map.columns[1] = MarginEffect{low / 2, low, high};
      ExpectSoundLayout(LayOut(map));
    }
  }
}

std::vector<std::string> TextsOf(const Scene& scene) {
  std::vector<std::string> texts;
  for (const TextShape& text : ShapesOf<TextShape>(scene)) texts.push_back(text.text);
  return texts;
}

bool Shows(const Scene& scene, const std::string& part) {
  for (const std::string& text : TextsOf(scene)) {
    if (text.find(part) != std::string::npos) return true;
  }
  return false;
}

std::string NumberIn(const Scene& scene, std::size_t cell) {
  const Box box = CellsOf(scene)[cell].box;
  for (const TextShape& text : ShapesOf<TextShape>(scene)) {
    if (Contains(box, text.place) && std::isdigit(static_cast<unsigned char>(text.text[0])) != 0) {
      return text.text;
    }
  }
  return {};
}

TEST(HeatmapSceneTest, ColorsALossByItsStepWhereItIsSignificantAndGreyWhereItIsNot) {
  const double losses[] = {0, 0.01, 0.019, 0.03, 0.07, 0.15, 0.3, 0.6};
  std::vector<MapCell> cells;
  for (const double loss : losses) cells.push_back(MeasuredCell(100 * (1 - loss)));
  SweepMap map = MapOfCells(8, 1, cells);
  map.cells[2].is_worse = true;
  const auto shown = CellsOf(LayOut(map));
  EXPECT_EQ(*shown[0].fill, palette::kNeutral);
  EXPECT_EQ(*shown[1].fill, palette::kNeutral) << "a loss that is not significant";
  for (std::size_t i = 2; i < 8; ++i) {
    EXPECT_EQ(*shown[i].fill, LossClasses()[i - 2].ink) << losses[i];
  }
}

TEST(HeatmapSceneTest, ShowsAFlatMachineAsAGreySheetWithOneLineAroundIt) {
  const SweepMap map = MapOfCells(20, 9, std::vector<MapCell>(180, MeasuredCell(1000)));
  const Scene scene = LayOut(map);
  std::set<std::string> fills;
  for (const RectangleShape& cell : CellsOf(scene)) EXPECT_EQ(*cell.fill, palette::kNeutral);
  int outlines = 0;
  for (const PathShape& path : ShapesOf<PathShape>(scene)) {
    if (!path.stroke || path.stroke->color != palette::kOutline) continue;
    ++outlines;
    ASSERT_EQ(path.lines.size(), 1U);
    EXPECT_EQ(path.lines[0].size(), 4U) << "a rectangle";
  }
  EXPECT_EQ(outlines, 1);
  EXPECT_FALSE(Shows(scene, "slower"));
}

TEST(HeatmapSceneTest, RoundsEachNumberToItsInterval) {
  SweepMap map = MapOfCells(4, 1,
                            {MeasuredCell(1213, 0.03), MeasuredCell(85.46, 0.006),
                             MeasuredCell(85.46, 0.07), MeasuredCell(85.46, 0.0008)});
  const Scene scene = LayOut(map);
  EXPECT_EQ(NumberIn(scene, 0), "1210");
  EXPECT_EQ(NumberIn(scene, 1), "85.5");
  EXPECT_EQ(NumberIn(scene, 2), "85");
  EXPECT_EQ(NumberIn(scene, 3), "85.46");
}

TEST(HeatmapSceneTest, WritesEveryNumberInAReadableColorInBothThemes) {
  for (const HeatmapStyle& style : {HeatmapStyle(), ClassicStyle()}) {
    const Scene scene = LayOut(MakeMap(9, 17), style);
    const auto texts = ShapesOf<TextShape>(scene);
    for (const RectangleShape& cell : CellsOf(scene)) {
      const auto text = std::find_if(texts.begin(), texts.end(), [&cell](const TextShape& t) {
        return Contains(cell.box, t.place) &&
               std::isdigit(static_cast<unsigned char>(t.text[0])) != 0;
      });
      ASSERT_NE(text, texts.end()) << cell.title;
      EXPECT_GE(ContrastRatio(text->color.light, cell.fill->light), 4.5) << cell.title;
      EXPECT_GE(ContrastRatio(text->color.dark, cell.fill->dark), 4.5) << cell.title;
    }
  }
}

TEST(HeatmapSceneTest, MarksTheRecommendedAndTheCurrentSettingAndNamesThem) {
  SweepMap map = MakeMap(3, 3);
  map.recommended = {Cell{4096, 256}};
  map.current = {Cell{6144, 128}};
  Scene scene = LayOut(map);
  EXPECT_TRUE(Shows(scene, "recommended: num_ctx=4096 num_batch=256"));
  EXPECT_TRUE(Shows(scene, "current setting: num_ctx=6144 num_batch=128"));
  const auto frames_in = [&scene](std::size_t index, const Ink& ink) {
    const Box cell = CellsOf(scene)[index].box;
    int frames = 0;
    for (const RectangleShape& shape : ShapesOf<RectangleShape>(scene)) {
      if (shape.stroke && shape.stroke->color == ink && Contains(cell, shape.box)) ++frames;
    }
    return frames;
  };
  EXPECT_EQ(frames_in(4, palette::kRecommended), 1);
  EXPECT_EQ(frames_in(2, palette::kOutline), 1);
  EXPECT_EQ(frames_in(0, palette::kRecommended) + frames_in(0, palette::kOutline), 0);
  map.current = map.recommended;
  scene = LayOut(map);
  EXPECT_TRUE(Shows(scene, "recommended and current setting: num_ctx=4096"));
  EXPECT_EQ(frames_in(4, palette::kRecommended), 1);
  EXPECT_EQ(frames_in(4, palette::kOutline), 1);
}

TEST(HeatmapSceneTest, ShowsACurrentSettingOutsideTheGridWithItsValueAndColor) {
  const Scene scene = LayOut(WithCurrentOffGrid(MakeMap(3, 3)));
  EXPECT_TRUE(
      Shows(scene, "current setting, outside the grid: num_ctx=1000 num_batch=100, 70 tokens/s"));
  int swatches = 0;
  for (const RectangleShape& shape : ShapesOf<RectangleShape>(scene)) {
    if (shape.title.empty() && shape.fill == LossClassOf(0.3).ink) ++swatches;
  }
  EXPECT_GE(swatches, 2) << "of the setting and of the step";
}

TEST(HeatmapSceneTest, ExplainsWhatThePictureHoldsAndNothingElse) {
  const SweepMap every = MakeMap(12, 12, true);
  const Scene scene = LayOut(every);
  const auto count = [&every](Kind kind) {
    return std::to_string(std::count_if(every.cells.begin(), every.cells.end(),
                                        [kind](const MapCell& c) { return c.kind == kind; }));
  };
  const std::vector<std::string> all = {
      "recommended",
      "current setting",
      "may be the best",
      "not significantly different",
      "not measured, expected to run out of memory: " + count(Kind::kExpectedToFail),
      "not counted: wrong context " + count(Kind::kExcluded),
      "~ estimated, not measured: " + count(Kind::kEstimated),
      "same as another cell: " + count(Kind::kAlias),
      "not measured (blank): " + count(Kind::kUntested),
      "out of memory: ",
      "failed: ",
      "95 % CI",
      "40 % or more slower"};
  for (const std::string& text : all) EXPECT_TRUE(Shows(scene, text)) << text;
  SweepMap one = MapOfCells(1, 1, {FailedCell(FailureKind::kOutOfMemory)});
  const Scene bare = LayOut(one);
  for (const std::string& text : all) {
    EXPECT_EQ(Shows(bare, text), text == "out of memory: ") << text;
  }
}

TEST(HeatmapSceneTest, DrawsOutOfMemoryAsOneAreaAndOtherFailuresWithTheirReason) {
  std::vector<MapCell> cells(12, MeasuredCell(100));
  for (const std::size_t i : {2U, 3U, 6U, 7U}) cells[i] = FailedCell(FailureKind::kOutOfMemory);
  cells[8] = FailedCell(FailureKind::kTimeout);
  const Scene scene = LayOut(MapOfCells(4, 3, cells));
  int areas = 0;
  for (const PathShape& path : ShapesOf<PathShape>(scene)) {
    if (path.fill != palette::kFailed || path.lines[0].size() != 4) continue;
    const double width = path.lines[0][1].x - path.lines[0][0].x;
    if (width > CellsOf(scene)[0].box.width * 1.5) ++areas;
  }
  EXPECT_EQ(areas, 1) << "of four cells";
  const auto texts = TextsOf(scene);
  EXPECT_EQ(std::count(texts.begin(), texts.end(), "timeout"), 1);
  EXPECT_EQ(std::count(texts.begin(), texts.end(), "OOM"), 0);
}

TEST(HeatmapSceneTest, MarksReasonsByLettersThatTheLegendExplainsWhereWordsDoNotFit) {
  SweepMap map = MakeMap(47, 17);
  map.cells[50] = FailedCell(FailureKind::kTimeout);
  map.cells[51] = FailedCell(FailureKind::kGpuResourceAllocation);
  const Scene scene = LayOut(map, {CellColoring::kLoss, DefaultColormap(), false});
  const auto texts = TextsOf(scene);
  EXPECT_EQ(std::count(texts.begin(), texts.end(), "A"), 2) << "in the cell and in the legend";
  EXPECT_EQ(std::count(texts.begin(), texts.end(), "B"), 2);
  EXPECT_TRUE(Shows(scene, "failed: timeout 1"));
}

TEST(HeatmapSceneTest, LabelsAxesAtRoundValuesWhereNotAllFit) {
  SweepMap map = MakeMap(47, 17);
  for (std::size_t i = 0; i < 47; ++i)
    map.grid.across.values[i] = 8192 + 2048 * static_cast<int>(i);
  map.recommended = map.current = {};
  const Scene scene = LayOut(map, {CellColoring::kLoss, DefaultColormap(), false});
  const auto texts = TextsOf(scene);
  int shown = 0;
  for (const int value : map.grid.across.values) {
    const bool is_shown = std::count(texts.begin(), texts.end(), std::to_string(value)) > 0;
    EXPECT_TRUE(!is_shown || value % 4096 == 0) << value;
    if (is_shown) ++shown;
  }
  EXPECT_GE(shown, 10);
  for (const int value : map.grid.down.values) {
    EXPECT_GE(std::count(texts.begin(), texts.end(), std::to_string(value)), 1) << value;
  }
}

TEST(HeatmapSceneTest, ShowsTheMeansOfRowsAndColumnsOnlyWhereThereAreSeveral) {
  EXPECT_TRUE(Shows(LayOut(MakeMap(4, 4)), "mean of each column"));
  EXPECT_TRUE(Shows(LayOut(MakeMap(4, 4)), "mean of each row"));
  EXPECT_FALSE(Shows(LayOut(MakeMap(4, 1)), "mean of each row"));
  EXPECT_FALSE(Shows(LayOut(MakeMap(1, 4)), "mean of each column"));
  EXPECT_FALSE(Shows(LayOut(MakeMap(4, 4), ClassicStyle()), "mean of each"));
}

TEST(HeatmapSceneTest, LeavesNumbersOutWhereTheyAreNotWanted) {
  const SweepMap map = MakeMap(6, 6);
  EXPECT_NE(NumberIn(LayOut(map), 7), "");
  EXPECT_EQ(NumberIn(LayOut(map, {CellColoring::kLoss, DefaultColormap(), false}), 7), "");
  EXPECT_NE(NumberIn(LayOut(MakeMap(50, 17)), 60), "") << "50 columns have room";
  EXPECT_TRUE(ShowsNumbers(NumberMode::kAuto, PictureFormat::kSvg, 20));
  EXPECT_FALSE(ShowsNumbers(NumberMode::kAuto, PictureFormat::kSvg, 21));
  EXPECT_TRUE(ShowsNumbers(NumberMode::kAuto, PictureFormat::kPng, 50));
  EXPECT_FALSE(ShowsNumbers(NumberMode::kAuto, PictureFormat::kPdf, 51));
  EXPECT_TRUE(ShowsNumbers(NumberMode::kAll, PictureFormat::kSvg, 99));
  EXPECT_FALSE(ShowsNumbers(NumberMode::kNone, PictureFormat::kPng, 1));
}

TEST(HeatmapSceneTest, TheClassicMapShowsPlainValuesTheBestInBlueAndFailuresCrossed) {
  std::vector<MapCell> cells = {MeasuredCell(10, 0.5), MeasuredCell(20, 0.5), MeasuredCell(15, 0.5),
                                FailedCell(FailureKind::kOutOfMemory)};
  cells[0].raw = 10.25;
  SweepMap map = MapOfCells(4, 1, cells);
  map.cells[1].raw = 20.5;
  const Scene scene = LayOut(map, ClassicStyle());
  const auto shown = CellsOf(scene);
  EXPECT_EQ(*shown[0].fill, DefaultColormap().At(0));
  EXPECT_EQ(*shown[1].fill, DefaultColormap().At(1));
  EXPECT_EQ(NumberIn(scene, 0), "10.25");
  EXPECT_TRUE(Shows(scene, "OOM"));
  int blue = 0;
  for (const RectangleShape& shape : ShapesOf<RectangleShape>(scene)) {
    if (shape.stroke && shape.stroke->color == palette::kRecommended &&
        Contains(shown[1].box, shape.box)) {
      ++blue;
    }
  }
  EXPECT_EQ(blue, 1);
  int crosses = 0;
  for (const PathShape& path : ShapesOf<PathShape>(scene)) {
    if (path.stroke && path.stroke->color == palette::kCross) ++crosses;
  }
  EXPECT_EQ(crosses, 2) << "in the cell and in the legend";
  EXPECT_TRUE(Shows(scene, "best value: num_ctx=4096 num_batch=128, 20.5"));
}

TEST(HeatmapSceneTest, DescribesEachCellWhenThePointerRestsOnIt) {
  SweepMap map = MapOfCells(
      7, 1,
      {MeasuredCell(84, 0.01), FailedCell(FailureKind::kOutOfMemory, "no\nroom"),
       CellOfKind(Kind::kExcluded), CellOfKind(Kind::kAlias), CellOfKind(Kind::kUntested),
       CellOfKind(Kind::kExpectedToFail), CellOfKind(Kind::kEstimated)});
  map.cells[0].loss = 0.021;
  map.cells[0].is_worse = true;
  const auto cells = CellsOf(LayOut(map));
  ASSERT_EQ(cells.size(), 7U);
  EXPECT_EQ(
      cells[0].title,
      "num_ctx 2048, num_batch 128: 84.00 tokens/s, 95 % CI [83.16, 84.84], 2.1 % slower than "
      "the best, median 84.00, 3 loads");
  EXPECT_EQ(cells[1].title, "num_ctx 4096, num_batch 128: CUDA OOM: no\\x0aroom");
  EXPECT_EQ(cells[2].title, "num_ctx 6144, num_batch 128: not counted, " +
                                std::string(Explain(Exclusion::kWrongContext)));
  EXPECT_EQ(cells[3].title, "num_ctx 8192, num_batch 128: the same as num_ctx 2048, num_batch 128");
  EXPECT_EQ(cells[4].title, "num_ctx 10240, num_batch 128: not measured");
  EXPECT_EQ(cells[5].title,
            "num_ctx 12288, num_batch 128: not measured, expected to run out of memory");
  EXPECT_EQ(cells[6].title.find("num_ctx 14336, num_batch 128: estimated, not measured: 100.00"),
            0U);
}

TEST(HeatmapSceneTest, MarksReplayedAndMixedNumbers) {
  SweepCaption caption;
  EXPECT_FALSE(Shows(LayOut(MakeMap(2, 2), {}, caption), "REPLAYED"));
  caption.replayed = true;
  EXPECT_TRUE(Shows(LayOut(MakeMap(2, 2), {}, caption), "REPLAYED"));
  EXPECT_FALSE(Shows(LayOut(MakeMap(2, 2), {}, caption), "MIXED"));
  caption.mixed = true;
  EXPECT_TRUE(Shows(LayOut(MakeMap(2, 2), {}, caption), "MIXED"));
}

TEST(HeatmapSceneTest, SaysTheAnswerFirstAndThenWhereTheNumbersComeFrom) {
  SweepCaption caption;
  caption.model = "qwen3:4b";
  caption.ollama_version = "0.11.4";
  caption.prompt_tokens = 2048;
  caption.hardware = "EPYC";
  caption.date = "2026-11-21";
  const Scene scene = LayOut(MakeMap(8, 2), {}, caption);
  EXPECT_EQ(TextsOf(scene).front(), "Recommended: this setting.");
  for (const char* part : {"qwen3:4b", "Ollama 0.11.4", "2048 prompt tokens", "EPYC", "2026-11-21",
                           "Prompt eval rate in tokens/s", "Noise: 0.9 %"}) {
    EXPECT_TRUE(Shows(scene, part)) << part;
  }
  EXPECT_NE(scene.title.find("qwen3:4b"), std::string::npos);
  EXPECT_NE(scene.title.find("Recommended: this setting."), std::string::npos);
}

TEST(HeatmapSceneTest, NamesTheSubstituteOfALetterThatNoFontHas) {
  const auto font = Font::Load(false);
  SweepCaption caption;
  caption.model = "\xE6\xA8\xA1\xE5\x9E\x8B:4b";
  const Scene scene = LayOutHeatmap(Only(MakeMap(3, 3)), caption, {}, *font);
  EXPECT_TRUE(Shows(scene, "[U+6A21 U+578B]:4b"));
  EXPECT_TRUE(Shows(scene, "[U+6A21] and the like are letters"));
  caption.model =
      "Gr\xC3\xB6\xC3\x9F"
      "e";
  const Scene known = LayOutHeatmap(Only(MakeMap(3, 3)), caption, {}, *font);
  EXPECT_TRUE(Shows(known, caption.model));
  EXPECT_FALSE(Shows(known, "and the like are letters"));
}

TEST(LossScaleTest, StepsAreAsPromisedAndTheirOrderNeedsNoHue) {
  const auto classes = LossClasses();
  ASSERT_EQ(classes.size(), 6U);
  for (const auto& [loss, index] : {std::pair{0.0, 0},
                                    {0.0199, 0},
                                    {0.02, 1},
                                    {0.05, 2},
                                    {0.1, 3},
                                    {0.2, 4},
                                    {0.4, 5},
                                    {0.99, 5},
                                    {12.0, 5}}) {
    EXPECT_EQ(&LossClassOf(loss), &classes[static_cast<std::size_t>(index)]) << loss;
  }
  for (std::size_t i = 1; i < classes.size(); ++i) {
    EXPECT_LT(ToOklab(classes[i].ink.light).lightness, ToOklab(classes[i - 1].ink.light).lightness);
    EXPECT_GT(ToOklab(classes[i].ink.dark).lightness, ToOklab(classes[i - 1].ink.dark).lightness);
  }
}

}  // namespace
}  // namespace ollama_bench
