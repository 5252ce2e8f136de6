#include "ollama_bench/render/heatmap_scene.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "ollama_bench/render/color.h"
#include "support/sample_tables.h"
#include "support/scene_checks.h"

namespace ollama_bench {
namespace {

SweepCaption LongCaption() {
  SweepCaption caption;
  caption.model = "hf.co/" + std::string(180, 'm') + "/name:q8_0";
  caption.ollama_version = "0.11.4";
  caption.hardware = "5 x " + std::string(150, 'G') + ", NVIDIA RTX A4000";
  caption.date = "2026-11-21";
  caption.prompt_tokens = 123456;
  caption.replayed = true;
  caption.mixed = true;
  return caption;
}

Scene LayOut(const ResultTable& table, const SweepCaption& caption = LongCaption()) {
  const auto font = Font::Load();
  EXPECT_TRUE(font);
  return LayOutHeatmap(table, AnswerOf(table), caption, DefaultColormap(), *font);
}

// Half a number is worse than none.
void ExpectWholeTextsInCells(const Scene& scene) {
  const std::vector<RectangleShape> cells = CellsOf(scene);
  for (const TextShape& text : ShapesOf<TextShape>(scene)) {
    const bool is_cut = text.text.find("\xE2\x80\xA6") != std::string::npos;
    EXPECT_FALSE(is_cut && std::any_of(cells.begin(), cells.end(),
                                       [&text](const RectangleShape& cell) {
                                         return cell.box == text.place;
                                       }))
        << text.text;
  }
}

void ExpectSoundLayout(const Scene& scene) {
  ExpectWholeTextsInCells(scene);
  const auto font = Font::Load();
  const Box canvas{0, 0, scene.width, scene.height};
  std::vector<Box> taken;
  for (const TextShape& text : ShapesOf<TextShape>(scene)) {
    const Box bounds = BoundsOf(text, *font);
    EXPECT_NEAR(text.width, font->Width(text.text, text.size), 1e-9) << text.text;
    EXPECT_TRUE(Contains(text.place, bounds)) << text.text << " leaves its place";
    EXPECT_TRUE(Contains(canvas, bounds)) << text.text << " leaves the canvas";
    EXPECT_GE(text.size, 7) << text.text << " cannot be read";
    for (const Box& other : taken) ASSERT_FALSE(Overlap(other, bounds)) << text.text;
    taken.push_back(bounds);
  }
  for (const RectangleShape& shape : ShapesOf<RectangleShape>(scene)) {
    const double reach = shape.stroke ? shape.stroke->width / 2 : 0;
    EXPECT_TRUE(Contains(canvas, {shape.box.x - reach, shape.box.y - reach,
                                  shape.box.width + 2 * reach, shape.box.height + 2 * reach}))
        << shape.title;
  }
  const std::vector<RectangleShape> cells = CellsOf(scene);
  for (std::size_t i = 1; i < cells.size(); ++i) {
    EXPECT_FALSE(Overlap(cells[i - 1].box, cells[i].box)) << cells[i].title;
  }
}

struct GridSize {
  int columns;
  int rows;
};

class HeatmapLayoutTest : public testing::TestWithParam<GridSize> {};

TEST_P(HeatmapLayoutTest, KeepsTextsApartAndInTheirPlaces) {
  const auto [columns, rows] = GetParam();
  const ResultTable table = MakeTable(columns, rows);
  const Scene scene = LayOut(table);
  ExpectSoundLayout(scene);
  EXPECT_EQ(CellsOf(scene).size(), table.states.size());
}

TEST_P(HeatmapLayoutTest, HoldsForFailuresOfEveryKindAndForGaps) {
  const auto [columns, rows] = GetParam();
  ExpectSoundLayout(LayOut(MakeTable(columns, rows, true)));
}

TEST_P(HeatmapLayoutTest, HoldsForLongValuesAndLongAxisLabels) {
  const auto [columns, rows] = GetParam();
  ResultTable table = MakeTable(columns, rows, true, 1e6, 99999999);
  for (int& value : table.grid.num_ctx.values) value += 2'000'000'000;
  for (int& value : table.grid.num_batch.values) value += 2'000'000'000;
  ExpectSoundLayout(LayOut(table));
}

TEST_P(HeatmapLayoutTest, HoldsWhereNothingSucceeded) {
  const auto [columns, rows] = GetParam();
  ResultTable table = MakeTable(columns, rows);
  for (CellState& state : table.states) state = Failed{FailureKind::kOutOfMemory, ""};
  ExpectSoundLayout(LayOut(table));
}

TEST_P(HeatmapLayoutTest, HoldsWhereAllValuesAreEqual) {
  const auto [columns, rows] = GetParam();
  ExpectSoundLayout(LayOut(MakeTable(columns, rows, false, 85.5, 85.5)));
}

TEST_P(HeatmapLayoutTest, HoldsForHugeAndForTinyValues) {
  const auto [columns, rows] = GetParam();
  ExpectSoundLayout(LayOut(MakeTable(columns, rows, false, 1e-9, 1.7e308)));
  ExpectSoundLayout(LayOut(MakeTable(columns, rows, false, 1e-9, 2e-9)));
}

INSTANTIATE_TEST_SUITE_P(Sizes, HeatmapLayoutTest,
                         testing::Values(GridSize{1, 1}, GridSize{2, 2}, GridSize{3, 40},
                                         GridSize{40, 3}, GridSize{47, 17}, GridSize{1, 90},
                                         GridSize{300, 1}, GridSize{120, 70}),
                         [](const auto& size) {
                           return std::to_string(size.param.columns) + "x" +
                                  std::to_string(size.param.rows);
                         });

TEST(HeatmapSceneTest, DrawsTheLargestTableOnACanvasThatCanBeDrawn) {
  for (const auto& [columns, rows] :
       {GridSize{100'000, 1}, GridSize{1, 100'000}, GridSize{400, 250}}) {
    const auto font = Font::Load();
    const Scene scene = LayOutHeatmap(MakeTable(columns, rows), std::nullopt, LongCaption(),
                                      DefaultColormap(), *font);
    EXPECT_LE(scene.width, 10'000);
    EXPECT_LE(scene.height, 10'000);
  }
}

std::vector<std::string> TextsOf(const Scene& scene) {
  std::vector<std::string> texts;
  for (const TextShape& text : ShapesOf<TextShape>(scene)) texts.push_back(text.text);
  return texts;
}

bool Shows(const Scene& scene, const std::string& text) {
  const auto texts = TextsOf(scene);
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

TEST(HeatmapSceneTest, WritesEveryValueIntoItsCellInAReadableColor) {
  const ResultTable table = MakeTable(6, 17);
  const Scene scene = LayOut(table);
  const std::vector<TextShape> texts = ShapesOf<TextShape>(scene);
  for (const RectangleShape& cell : CellsOf(scene)) {
    const auto text = std::find_if(texts.begin(), texts.end(),
                                   [&cell](const TextShape& t) { return t.place == cell.box; });
    ASSERT_NE(text, texts.end()) << cell.title;
    EXPECT_GE(ContrastRatio(text->color, *cell.fill), 4.5);
    const double shown = std::stod(text->text);
    const double told = std::stod(cell.title.substr(cell.title.find(": ") + 2));
    EXPECT_NEAR(shown, told, 0.051) << cell.title;
  }
}

TEST(HeatmapSceneTest, ColorsTheEndsOfTheRangeWithTheEndsOfTheColormap) {
  ResultTable table{Metric::kPromptEvalRate, MakeGrid(3, 1), {}};
  table.states = {Measured{10, 1}, Measured{20, 1}, Measured{15, 1}};
  const auto cells = CellsOf(LayOut(table));
  EXPECT_EQ(*cells[0].fill, DefaultColormap().At(0));
  EXPECT_EQ(*cells[1].fill, DefaultColormap().At(1));
  EXPECT_EQ(*cells[2].fill, DefaultColormap().At(0.5));
}

TEST(HeatmapSceneTest, OutlinesTheBestCellInBlackAndWhite) {
  const ResultTable table = MakeTable(3, 3);
  const Scene scene = LayOut(table);
  const auto cells = CellsOf(scene);
  const auto best = std::find_if(cells.begin(), cells.end(), [](const RectangleShape& cell) {
    return cell.title.find(": 323.10 ") != std::string::npos;
  });
  ASSERT_NE(best, cells.end());
  std::vector<Color> outline;
  for (const RectangleShape& shape : ShapesOf<RectangleShape>(scene)) {
    if (shape.stroke && shape.box == best->box) outline.push_back(shape.stroke->color);
  }
  EXPECT_EQ(outline, (std::vector<Color>{Rgb(0xFFFFFF), Rgb(0x000000)}));
}

TEST(HeatmapSceneTest, TellsEachStateWhenThePointerRestsOnIt) {
  ResultTable table{Metric::kPromptEvalRate, MakeGrid(5, 1), {}};
  table.states = {Measured{84, 1}, Failed{FailureKind::kOutOfMemory, "no\nroom"},
                  Excluded{Exclusion::kTruncated}, AliasOf{{2048, 128}}, Untested{}};
  const auto cells = CellsOf(LayOut(table));
  ASSERT_EQ(cells.size(), 5U);
  EXPECT_EQ(cells[0].title, "num_ctx 2048, num_batch 128: 84.00 tokens/s (1 sample)");
  EXPECT_EQ(cells[1].title, "num_ctx 4096, num_batch 128: CUDA OOM: no\\x0aroom");
  EXPECT_EQ(cells[2].title, "num_ctx 6144, num_batch 128: not counted, " +
                                std::string(Explain(Exclusion::kTruncated)));
  EXPECT_EQ(cells[3].title, "num_ctx 8192, num_batch 128: the same as num_ctx 2048, num_batch 128");
  EXPECT_EQ(cells[4].title, "num_ctx 10240, num_batch 128: untested");
}

TEST(HeatmapSceneTest, ShowsInItsLegendWhatThePictureHoldsAndNothingElse) {
  ResultTable table{Metric::kPromptEvalRate, MakeGrid(3, 1), {}};
  table.states = {Measured{84, 1}, Failed{FailureKind::kOutOfMemory, ""}, Untested{}};
  Scene scene = LayOut(table);
  EXPECT_TRUE(Shows(scene, "recommended"));
  EXPECT_TRUE(Shows(scene, "failed: 1 (OOM 1)"));
  EXPECT_TRUE(Shows(scene, "untested: 1"));
  scene = LayOut(MakeTable(3, 3));
  EXPECT_FALSE(Shows(scene, "untested: 0"));
  table.states = {Untested{}, Untested{}, Untested{}};
  scene = LayOut(table);
  EXPECT_FALSE(Shows(scene, "recommended"));
  EXPECT_TRUE(Shows(scene, "No cell has a value."));
}

TEST(HeatmapSceneTest, MarksReplayedAndMixedNumbers) {
  SweepCaption caption;
  EXPECT_FALSE(Shows(LayOut(MakeTable(2, 2), caption), "REPLAYED"));
  caption.replayed = true;
  EXPECT_TRUE(Shows(LayOut(MakeTable(2, 2), caption), "REPLAYED"));
  EXPECT_FALSE(Shows(LayOut(MakeTable(2, 2), caption), "MIXED"));
  caption.mixed = true;
  EXPECT_TRUE(Shows(LayOut(MakeTable(2, 2), caption), "MIXED"));
}

TEST(HeatmapSceneTest, NamesWhereTheNumbersComeFrom) {
  SweepCaption caption;
  caption.model = "qwen3:4b";
  caption.ollama_version = "0.11.4";
  caption.prompt_tokens = 2048;
  caption.hardware = "EPYC";
  caption.date = "2026-11-21";
  const Scene scene = LayOut(MakeTable(8, 2), caption);
  EXPECT_TRUE(Shows(scene, "qwen3:4b"));
  std::string all;
  for (const std::string& text : TextsOf(scene)) all += text + "\n";
  for (const char* part : {"Ollama 0.11.4", "2048 prompt tokens", "EPYC", "2026-11-21",
                           "Prompt eval rate in tokens/s"}) {
    EXPECT_NE(all.find(part), std::string::npos) << part;
  }
}

TEST(HeatmapSceneTest, LabelsEveryColumnAndRowWhereThereIsRoom) {
  const ResultTable table = MakeTable(47, 17);
  const Scene scene = LayOut(table);
  for (const int value : table.grid.num_ctx.values)
    EXPECT_TRUE(Shows(scene, std::to_string(value)));
  for (const int value : table.grid.num_batch.values) {
    EXPECT_TRUE(Shows(scene, std::to_string(value)));
  }
}

}  // namespace
}  // namespace ollama_bench
