#include "ollama_bench/render/difference_scene.h"

#include <gtest/gtest.h>

#include "support/failed_visit.h"
#include "support/load_results.h"
#include "support/scene_checks.h"

namespace ollama_bench {
namespace {

SweepComparison Compare(const std::vector<double>& before, const std::vector<double>& after) {
  return CompareSweeps(NoisyMachine(1, 0.003, 0.003).Sweep(before, 3, 2),
                       NoisyMachine(2, 0.003, 0.003).Sweep(after, 3, 2), Metric::kPromptEvalRate);
}

Scene LayOut(const SweepComparison& comparison) {
  auto scene = LayOutDifference(comparison, {"a.json", "b.json", {}}, *Font::Load());
  EXPECT_TRUE(scene) << scene.error();
  return std::move(*scene);
}

TEST(DifferenceSceneTest, ColorsOnlySignificantDifferences) {
  const auto comparison = Compare({300, 300, 300, 300}, {300, 270, 330, 300});
  const auto cells = CellsOf(LayOut(comparison));
  ASSERT_EQ(cells.size(), 4U);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool is_white = *cells[i].fill == kPaperInk;
    EXPECT_EQ(is_white, !comparison.cells[i].change.is_called) << cells[i].title;
  }
  EXPECT_GT(cells[1].fill->light.red, cells[1].fill->light.blue) << "slower is red";
  EXPECT_GT(cells[2].fill->light.blue, cells[2].fill->light.red) << "faster is blue";
}

TEST(DifferenceSceneTest, KeepsTextsInTheirPlacesAndApart) {
  for (const std::size_t size : {1U, 6U, 60U}) {
    std::vector<double> rates(size, 300.0);
    const auto before = rates;
    for (double& rate : rates) rate *= 0.9;
    rates.resize(std::max<std::size_t>(1, size - 1));
    const Scene scene = LayOut(Compare(before, rates));
    ExpectSoundLayout(scene);
  }
}

TEST(DifferenceSceneTest, ShowsWhichCellsNowFailAndWhichNoLongerDo) {
  auto before = NoisyMachine(1, 0.003, 0.003).Sweep({300, 300, 300}, 3, 2);
  auto after = NoisyMachine(2, 0.003, 0.003).Sweep({300, 300, 300}, 3, 2);
  before[2].samples.clear();
  AddFailure(before[2], {FailureKind::kTimeout, "", {}, 2});
  after[1].samples.clear();
  AddFailure(after[1], {FailureKind::kOutOfMemory, "no room", {}, 2});
  const Scene scene = LayOut(CompareSweeps(before, after, Metric::kPromptEvalRate));
  const auto cells = CellsOf(scene);
  ASSERT_EQ(cells.size(), 3U);
  EXPECT_NE(cells[1].title.find("before, fails now (CUDA OOM: no room)"), std::string::npos)
      << cells[1].title;
  EXPECT_NE(cells[2].title.find("now, failed before (Timeout)"), std::string::npos)
      << cells[2].title;
  std::string texts;
  for (const TextShape& text : ShapesOf<TextShape>(scene)) texts += text.text + " ";
  for (const char* word : {"OOM", "new", "which is worse", "Crossed"}) {
    EXPECT_NE(texts.find(word), std::string::npos) << word << " in " << texts;
  }
}

TEST(DifferenceSceneTest, ShowsCellsOfOneSweepAloneAsUntested) {
  const auto cells = CellsOf(LayOut(Compare({300, 300, 300}, {300, 300})));
  ASSERT_EQ(cells.size(), 3U);
  EXPECT_NE(cells[2].title.find("not measured in both"), std::string::npos);
}

// The sweep's cells are spread over several values of num_gpu and num_thread.
std::vector<CellResult> Spread(std::vector<CellResult> results, int gpus) {
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto number = static_cast<int>(i);
    results[i].cell = Cell(1024 * (1 + number % 2), 128 * (1 + number / 2 % 2))
                          .With(Parameter::kNumGpu, number / 4 % gpus)
                          .With(Parameter::kNumThread, 1 + number / 4 / gpus);
  }
  return results;
}

TEST(DifferenceSceneTest, DrawsFurtherParametersAsTablesSideBySide) {
  for (const int gpus : {2, 5, 30}) {
    const std::vector<double> rates(static_cast<std::size_t>(8 * gpus), 300.0);
    const auto before = Spread(NoisyMachine(1, 0.003, 0.003).Sweep(rates, 2, 2), gpus);
    const auto after = Spread(NoisyMachine(2, 0.003, 0.003).Sweep(rates, 2, 2), gpus);
    const Scene scene = LayOut(CompareSweeps(before, after, Metric::kPromptEvalRate));
    ExpectSoundLayout(scene);
    EXPECT_EQ(CellsOf(scene).size(), rates.size());
    int named = 0;
    for (const TextShape& text : ShapesOf<TextShape>(scene)) {
      if (text.text.find("num_gpu 1") == 0) ++named;
    }
    EXPECT_GE(named, 2) << "one for each num_thread";
  }
}

TEST(DifferenceSceneTest, NamesTheWayOutOfMoreTablesThanAPictureHolds) {
  const std::vector<double> rates(8 * 40, 300.0);
  const auto results = Spread(NoisyMachine(1, 0.003, 0.003).Sweep(rates, 1, 1), 40);
  const auto comparison = CompareSweeps(results, results, Metric::kPromptEvalRate);
  const auto scene = LayOutDifference(comparison, {"a.json", "b.json", {}}, *Font::Load());
  ASSERT_FALSE(scene);
  EXPECT_NE(scene.error().find("--where"), std::string::npos) << scene.error();
  Slice slice;
  slice.where = {{Parameter::kNumThread, {2}}};
  const auto cut = LayOutDifference(comparison, {"a.json", "b.json", {}}, *Font::Load(), slice);
  ASSERT_TRUE(cut) << cut.error();
  EXPECT_EQ(CellsOf(*cut).size(), 160U);
  EXPECT_NE(cut->title.find("num_thread 2"), std::string::npos) << "it says what is held";
}

}  // namespace
}  // namespace ollama_bench
