#include "facets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "heatmap_palette.h"
#include "ollama_bench/render/heatmap_scene.h"
#include "support/sample_maps.h"
#include "support/scene_checks.h"

namespace ollama_bench {
namespace {

Scene LayOut(std::span<const SweepMap> maps, const HeatmapStyle& style = {},
             const SweepCaption& caption = LongCaption()) {
  return LayOutHeatmap(maps, caption, style, *Font::Load());
}

int CountTexts(const Scene& scene, const std::string& part) {
  const auto texts = ShapesOf<TextShape>(scene);
  return static_cast<int>(std::count_if(texts.begin(), texts.end(), [&part](const TextShape& t) {
    return t.text.find(part) != std::string::npos;
  }));
}

struct FacetCase {
  int count;
  int columns;
  int rows;
};

class FacetLayoutTest : public testing::TestWithParam<FacetCase> {
 protected:
  static void ExpectSoundInEveryStyle(std::span<const SweepMap> maps) {
    std::size_t cells = 0;
    for (const SweepMap& map : maps) cells += map.cells.size();
    for (const CellColoring coloring : {CellColoring::kLoss, CellColoring::kValue}) {
      for (const bool has_numbers : {true, false}) {
        const Scene scene = LayOut(maps, {coloring, DefaultColormap(), has_numbers});
        ExpectSoundLayout(scene);
        EXPECT_EQ(CellsOf(scene).size(), cells);
        EXPECT_LE(scene.width, 10'000);
        EXPECT_LE(scene.height, 10'000);
      }
    }
  }
};

TEST_P(FacetLayoutTest, KeepsTextsApartAndInTheirPlaces) {
  const auto [count, columns, rows] = GetParam();
  for (const int names : {1, 3}) {
    ExpectSoundInEveryStyle(MakeFacets(count, MakeMap(columns, rows), names));
  }
}

TEST_P(FacetLayoutTest, HoldsForCellsOfEveryKindAndMeansOfEachTable) {
  const auto [count, columns, rows] = GetParam();
  auto maps = MakeFacets(count, WithCurrentOffGrid(MakeMap(columns, rows, true)));
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const double percent = -0.1 * static_cast<double>(i);
    for (auto& effect : maps[i].rows) effect = MarginEffect{percent, -100, 90};
    for (auto& effect : maps[i].columns) effect = MarginEffect{percent, percent, percent};
  }
  ExpectSoundInEveryStyle(maps);
}

TEST_P(FacetLayoutTest, HoldsForLongValuesAndLongAxisLabels) {
  const auto [count, columns, rows] = GetParam();
  SweepMap map = MakeMap(columns, rows, true, 1e6, 99999999);
  map.grid.across.parameter = Parameter::kPromptTokens;
  for (int& value : map.grid.across.values) value += 2'000'000'000;
  for (int& value : map.grid.down.values) value += 2'000'000'000;
  ExpectSoundInEveryStyle(MakeFacets(count, map, 3));
}

INSTANTIATE_TEST_SUITE_P(Sizes, FacetLayoutTest,
                         testing::Values(FacetCase{2, 1, 1}, FacetCase{64, 1, 1},
                                         FacetCase{5, 3, 3}, FacetCase{64, 3, 3},
                                         FacetCase{3, 20, 14}, FacetCase{7, 1, 40},
                                         FacetCase{7, 40, 1}, FacetCase{64, 12, 12},
                                         FacetCase{2, 120, 70}),
                         [](const auto& of) {
                           return std::to_string(of.param.count) + "of" +
                                  std::to_string(of.param.columns) + "x" +
                                  std::to_string(of.param.rows);
                         });

TEST(FacetsTest, HoldTheLargestExperimentOnACanvasThatCanBeDrawn) {
  for (const auto& [count, columns, rows] :
       {FacetCase{64, 39, 40}, FacetCase{64, 1500, 1}, FacetCase{64, 1, 1500},
        FacetCase{2, 50'000, 1}, FacetCase{2, 1, 50'000}}) {
    const Scene scene = LayOut(MakeFacets(count, MakeMap(columns, rows, true)));
    EXPECT_LE(scene.width, 10'000) << count << " of " << columns << "x" << rows;
    EXPECT_LE(scene.height, 10'000) << count << " of " << columns << "x" << rows;
  }
}

TEST(FacetsTest, NameWhatSetsEachTableApartAndSayTheRestOnce) {
  auto maps = MakeFacets(4, MakeMap(3, 3));
  for (SweepMap& map : maps) map.grid.fixed.Set(Parameter::kUseMmap, 1);
  SweepCaption caption;
  const Scene scene = LayOut(maps, {}, caption);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(CountTexts(scene, "num_gpu " + std::to_string(i)), 1) << i;
  }
  EXPECT_EQ(CountTexts(scene, "use_mmap true"), 1);
  EXPECT_EQ(CountTexts(scene, "Recommended: this setting."), 1) << "the title";
  EXPECT_EQ(CountTexts(scene, "Noise: 0.9 %"), 1) << "the notes";
  EXPECT_EQ(CountTexts(scene, "mean of each row"), 1) << "means that all tables share";
}

TEST(FacetsTest, SayAutoWhereATableSetsNothing) {
  auto maps = MakeFacets(2, MakeMap(2, 2));
  maps[0].grid.fixed = Cell();
  EXPECT_EQ(CountTexts(LayOut(maps), "num_gpu auto"), 1);
}

TEST(FacetsTest, MarkEachCellInItsOwnTableAndCountAllInOneLegend) {
  const auto maps = MakeFacets(3, MakeMap(3, 3, true));
  const Scene scene = LayOut(maps);
  const auto cells = CellsOf(scene);
  ASSERT_EQ(cells.size(), 27U);
  std::set<std::size_t> tables;
  for (const RectangleShape& shape : ShapesOf<RectangleShape>(scene)) {
    if (!shape.stroke || shape.stroke->color != palette::kRecommended) continue;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (Contains(cells[i].box, shape.box)) tables.insert(i / 9);
    }
  }
  EXPECT_EQ(tables, std::set<std::size_t>{2}) << "the one that holds the recommended cell";
  EXPECT_EQ(CountTexts(scene, "recommended: "), 1);
  EXPECT_EQ(CountTexts(scene, "current setting: "), 1) << "it is in the grid of another table";
  const auto untested = std::count_if(maps[0].cells.begin(), maps[0].cells.end(),
                                      [](auto& c) { return c.kind == MapCell::Kind::kUntested; });
  EXPECT_EQ(CountTexts(scene, "not measured (blank): " + std::to_string(3 * untested)), 1);
}

TEST(FacetsTest, ShareOneScaleOfColors) {
  auto maps = MakeFacets(2, MapOfCells(2, 1, {MeasuredCell(10), MeasuredCell(20)}));
  maps[1].cells = {MeasuredCell(20), MeasuredCell(40)};
  const auto cells = CellsOf(LayOut(maps, {CellColoring::kValue, DefaultColormap(), true}));
  ASSERT_EQ(cells.size(), 4U);
  EXPECT_EQ(*cells[0].fill, DefaultColormap().At(0));
  EXPECT_EQ(*cells[3].fill, DefaultColormap().At(1));
  EXPECT_EQ(cells[1].fill, cells[2].fill) << "20 in both";
}

TEST(FacetsTest, NameOneSettingOnceThatIsRecommendedForSeveralRequests) {
  auto maps = MakeFacets(4, MakeMap(2, 2));
  for (std::size_t i = 0; i < maps.size(); ++i) {
    SweepMap& map = maps[i];
    map.grid.fixed = Cell().With(Parameter::kPromptTokens, 256 << i);
    map.current.clear();
    map.recommended = {map.CellAt(1, 1)};
  }
  EXPECT_EQ(CountTexts(LayOut(maps), "recommended: num_ctx=4096 num_batch=256 for each request"),
            1);
}

TEST(FacetsTest, LieSideBySideAsLongAsTheirCellsStayLarge) {
  const auto layout_of = [](int count, int columns, int rows) {
    std::vector<Grid> grids;
    for (const SweepMap& map : MakeFacets(count, MakeMap(columns, rows))) {
      grids.push_back(map.grid);
    }
    return ChooseFacets(grids, 2.5, {24, 90});
  };
  EXPECT_EQ(layout_of(3, 3, 3).columns, 3U);
  EXPECT_EQ(layout_of(2, 20, 10).columns, 1U) << "wide tables";
  EXPECT_EQ(layout_of(2, 2, 20).columns, 2U) << "high tables";
  EXPECT_TRUE(layout_of(64, 3, 3).has_numbers);
  EXPECT_FALSE(layout_of(64, 20, 20).has_numbers);
}

TEST(FacetsTest, ATableOfOneParameterHasNoRowsToName) {
  SweepMap map = MakeMap(4, 1);
  map.grid.down = {Parameter::kNumThread, {kAutoValue}};
  const Scene scene = LayOut(Only(map));
  ExpectSoundLayout(scene);
  EXPECT_EQ(CountTexts(scene, "num_thread"), 0);
  EXPECT_EQ(CountTexts(scene, "auto"), 0);
}

}  // namespace
}  // namespace ollama_bench
