#include "ollama_bench/render/scale_scene.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "heatmap_palette.h"
#include "ollama_bench/render/line_scene.h"
#include "support/sample_maps.h"
#include "support/scale_series.h"
#include "support/scene_checks.h"

namespace ollama_bench {
namespace {

constexpr double kEndless = std::numeric_limits<double>::infinity();

Scene LayOut(const std::vector<ScaleSeries>& series, const std::vector<std::string>& notes = {}) {
  return LayOutScale(series, LongCaption(), notes, *Font::Load());
}

std::string AllTexts(const Scene& scene) {
  std::string all;
  for (const TextShape& text : ShapesOf<TextShape>(scene)) all += text.text + "\n";
  return all;
}

std::ptrdiff_t CountTexts(const Scene& scene, const std::string& wanted) {
  const auto texts = ShapesOf<TextShape>(scene);
  return std::count_if(texts.begin(), texts.end(),
                       [&wanted](const TextShape& text) { return text.text == wanted; });
}

bool Shows(const Scene& scene, const std::string& part) {
  return AllTexts(scene).find(part) != std::string::npos;
}

std::ptrdiff_t CountTitles(const Scene& scene, const std::string& part) {
  const auto cells = CellsOf(scene);
  return std::count_if(cells.begin(), cells.end(), [&part](const RectangleShape& cell) {
    return cell.title.find(part) != std::string::npos;
  });
}

// The polylines that are `width` wide; `is_dashed` ones or the others.
std::vector<Polyline> LinesOf(const Scene& scene, double width, bool is_dashed) {
  std::vector<Polyline> lines;
  for (const PathShape& path : ShapesOf<PathShape>(scene)) {
    const bool fits = path.stroke && !path.is_closed && path.stroke->width == width &&
                      (path.stroke->dash > 0) == is_dashed;
    if (fits) lines.insert(lines.end(), path.lines.begin(), path.lines.end());
  }
  return lines;
}

// Intervals of neighbouring points may overlap, so that the check of cells does not fit.
void ExpectSound(const Scene& scene) {
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
  for (const LineShape& line : ShapesOf<LineShape>(scene)) {
    EXPECT_TRUE(Contains(canvas, {line.from.x, line.from.y, 0, 0}));
    EXPECT_TRUE(Contains(canvas, {line.to.x, line.to.y, 0, 0}));
  }
}

MadeScale ScaleOf(const std::vector<double>& lengths) {
  MadeScale scale;
  scale.lengths = lengths;
  return scale;
}

Cell Batch(int size) {
  return Cell(16384, size);
}

TEST(ScaleSceneTest, EveryTextIsInItsPlaceWhateverLengthsAndSeriesThereAre) {
  ExpectSound(LayOut({ScaleOf({1}).Make()}));
  ExpectSound(LayOut({ScaleOf({100, 200}).Make()}));
  ExpectSound(LayOut({MadeScale().Make(Batch(512))}, {std::string(700, 'n'), "a second note"}));
  ExpectSound(LayOut({MakeBrokenScale().Make()}));
  std::vector<double> many;
  for (int i = 1; i <= 80; ++i) many.push_back(100.0 * i);
  ExpectSound(LayOut({ScaleOf(many).Make()}));
  std::vector<ScaleSeries> most;
  for (std::size_t i = 0; i < kMostLines; ++i) {
    most.push_back(MakeBrokenScale(1500).Make(Batch(1 << i)));
  }
  ExpectSound(LayOut(most));
}

TEST(ScaleSceneTest, ExtremeValuesStayOnThePaper) {
  MadeScale fast;
  fast.prefill_s = [](double n) { return 1e-9 * n; };
  fast.token_s = [](double) { return 1e-9; };
  fast.memory_bytes = 1;
  ExpectSound(LayOut({fast.Make()}));
  MadeScale slow = ScaleOf({1e6, 2e6, 4e6, 8e6, 1.6e7, 3.2e7});
  slow.prefill_s = [](double n) { return 1e3 * n; };
  slow.token_s = [](double n) { return n; };
  slow.memory_bytes = 8e18;
  ExpectSound(LayOut({slow.Make()}));
  ExpectSound(LayOut({fast.Make(Batch(1)), slow.Make(Batch(2))}));
  MadeScale noisy = ScaleOf({100, 110, 120, 130, 140});
  noisy.noise = 0.6;
  ExpectSound(LayOut({noisy.Make()}));
}

TEST(ScaleSceneTest, IntervalsAndValuesThatAreNoNumbersStayOnThePaper) {
  ScaleSeries series = MadeScale().Make();
  const double none = std::nan("");
  series.points[0].prefill_s = Bounded{none, none, none};
  series.points[1].prefill_s = Bounded{0.1, -kEndless, kEndless};
  series.points[2].prefill_rate = Bounded{kEndless, kEndless, kEndless};
  series.points[3].decode_rate = Bounded{90, none, none};
  series.points[4].tokens = 1025;
  const Scene scene = LayOut({series});
  ExpectSound(scene);
  EXPECT_EQ(CountTitles(scene, ": time of the prefill "), 7);
  EXPECT_EQ(CountTitles(scene, ": prefill rate "), 7);
  EXPECT_EQ(CountTitles(scene, "nan") + CountTitles(scene, "inf"), 0);
}

TEST(ScaleSceneTest, EachFigureOfEachPointSaysItsValueAndInterval) {
  const Scene scene = LayOut({MadeScale().Make(Batch(256)), MadeScale().Make(Batch(512))});
  constexpr std::ptrdiff_t kPoints = 16;
  for (const char* figure : {"time of the prefill", "prefill rate", "decode rate",
                             "memory of the loaded model", "share of it on the GPU"}) {
    EXPECT_EQ(CountTitles(scene, std::string(": ") + figure + " "), kPoints) << figure;
  }
  EXPECT_EQ(CountTitles(scene, "95 % CI ["), 3 * kPoints);
  EXPECT_EQ(CountTitles(scene, "num_batch 512, prompt_tokens 8192: decode rate"), 1);
  EXPECT_EQ(CountTexts(scene, "num_batch 256"), 1);
  EXPECT_EQ(CountTexts(scene, "num_batch 512"), 1);
}

TEST(ScaleSceneTest, ALawIsDashedBeyondWhatWasMeasuredAndEndsAQuarterAfterIt) {
  const Scene scene = LayOut({MadeScale().Make()});
  const auto solid = LinesOf(scene, 2, false);
  const auto dashed = LinesOf(scene, 2, true);
  ASSERT_EQ(solid.size(), 3U) << "prefill time, its rate, decode rate";
  ASSERT_EQ(dashed.size(), 6U) << "before and after each";
  const auto points = CellsOf(scene);
  const auto longest = std::find_if(points.begin(), points.end(), [](const auto& cell) {
    return cell.title.find("prompt_tokens 8192: time of the prefill") != std::string::npos;
  });
  ASSERT_NE(longest, points.end());
  const double x = longest->box.x + longest->box.width / 2;
  EXPECT_NEAR(solid.front().back().x, x, 1e-6);
  EXPECT_NEAR(dashed[1].front().x, x, 1e-6);
  // Every panel is as wide, and the first one begins at the tick of 0.
  const auto texts = ShapesOf<TextShape>(scene);
  const auto zero = std::find_if(texts.begin(), texts.end(), [](const TextShape& text) {
    return text.text == "0" && text.anchor == Anchor::kMiddle;
  });
  ASSERT_NE(zero, texts.end());
  const double foot = zero->position.x;
  EXPECT_NEAR(dashed[1].back().x - foot, 1.25 * (x - foot), 1e-6);
}

TEST(ScaleSceneTest, WithoutALawThePointsAreJoinedAndANoteSaysWhy) {
  const Scene scene = LayOut({ScaleOf({100, 200}).Make()});
  EXPECT_TRUE(LinesOf(scene, 2, false).empty());
  EXPECT_EQ(LinesOf(scene, 1, false).size(), 4U) << "three figures, and memory";
  EXPECT_TRUE(Shows(scene, "No law: "));
  EXPECT_TRUE(Shows(scene, "joins the points, no law"));
  EXPECT_FALSE(Shows(scene, "extrapolated"));
}

TEST(ScaleSceneTest, ABreakpointIsADashedLineInItsIntervalWhereThereIsOne) {
  const Scene scene = LayOut({MakeBrokenScale().Make()});
  EXPECT_EQ(CountTitles(scene, "breakpoint at "), 1);
  EXPECT_TRUE(Shows(scene, "breakpoint, with its 95 % CI"));
  const auto lines = ShapesOf<LineShape>(scene);
  const auto is_break = [](const LineShape& line) {
    return line.from.x == line.to.x && line.stroke.dash > 0 &&
           line.stroke.color == palette::kRecommended;
  };
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(), is_break), 2) << "the legend's is one";
  const auto line = std::find_if(lines.begin(), lines.end(), is_break);
  const auto cells = CellsOf(scene);
  const auto band = std::find_if(cells.begin(), cells.end(), [](const RectangleShape& cell) {
    return cell.title.starts_with("breakpoint");
  });
  ASSERT_NE(band, cells.end());
  EXPECT_GE(line->from.x, band->box.x);
  EXPECT_LE(line->from.x, band->box.right());

  const Scene smooth = LayOut({MadeScale().Make()});
  EXPECT_EQ(CountTitles(smooth, "breakpoint"), 0);
  EXPECT_FALSE(Shows(smooth, "reakpoint"));
}

TEST(ScaleSceneTest, SeveralSeriesSayWhoseBreakpointItIs) {
  const Scene scene = LayOut({MadeScale().Make(Batch(256)), MakeBrokenScale().Make(Batch(512))});
  EXPECT_TRUE(Shows(scene, "Breakpoint of the prefill at 20"));
  EXPECT_TRUE(Shows(scene, "for num_batch 512."));
  EXPECT_EQ(CountTitles(scene, "num_batch 512: breakpoint at 20"), 1);
}

TEST(ScaleSceneTest, MoreBreakpointsThanCanBeNamedAreCountedWithTheirRange) {
  std::vector<ScaleSeries> series = {MadeScale().Make(Batch(64))};
  for (const int size : {128, 256, 512}) {
    series.push_back(MakeBrokenScale(8.0 * size).Make(Batch(size)));
  }
  const Scene scene = LayOut(series);
  ExpectSound(scene);
  EXPECT_TRUE(Shows(scene, "Breakpoints of the prefill in 3 of 4 series, from 10"))
      << AllTexts(scene);
  EXPECT_EQ(CountTitles(scene, ": breakpoint at "), 3);
}

TEST(ScaleSceneTest, ASeriesWithoutADecodeIsNamedAndItsOtherFiguresAreDrawn) {
  MadeScale without;
  without.has_decode = false;
  const Scene scene = LayOut({MadeScale().Make(Batch(256)), without.Make(Batch(512))});
  ExpectSound(scene);
  EXPECT_EQ(CountTitles(scene, ": decode rate "), 8);
  EXPECT_EQ(CountTitles(scene, ": prefill rate "), 16);
  EXPECT_TRUE(Shows(scene, "No decode rate was measured for num_batch 512."));
  EXPECT_EQ(CountTexts(LayOut({without.Make()}), "not measured"), 1);
}

TEST(ScaleSceneTest, MemoryThatNoOneReportsIsSaidToBeSoAndOfSomePointsIsCounted) {
  MadeScale without;
  without.has_memory = false;
  const Scene none = LayOut({without.Make()});
  EXPECT_EQ(CountTexts(none, "not reported"), 1);
  EXPECT_FALSE(Shows(none, "share on the GPU"));
  ScaleSeries some = MadeScale().Make();
  some.points[2].serving = {};
  const Scene scene = LayOut({some});
  EXPECT_EQ(CountTitles(scene, ": memory of the loaded model "), 7);
  EXPECT_TRUE(Shows(scene, "Memory is reported at 7 of 8 points."));
}

TEST(ScaleSceneTest, TimesBelowASecondAreInMilliseconds) {
  EXPECT_TRUE(Shows(LayOut({MadeScale().Make()}), "time of the prefill (s)"));
  EXPECT_TRUE(Shows(LayOut({ScaleOf({64, 128, 256, 512}).Make()}), "time of the prefill (ms)"));
}

TEST(ScaleSceneTest, TimesOfWindowsAreNamedAsThoseToTheFirstToken) {
  ScaleSeries series = MadeScale().Make();
  for (ScalePoint& point : series.points) point.throughput = Bounded{100, 90, 110};
  const Scene scene = LayOut({series});
  EXPECT_TRUE(Shows(scene, "time to the first token, p50 (s)"));
  EXPECT_TRUE(Shows(scene, "waiting included"));
  EXPECT_EQ(LinesOf(scene, 2, false).size(), 2U) << "the law is none of the prefill rate";
}

TEST(ScaleSceneTest, NamesWithOddLettersAreShownOnOneLineInTheirPlace) {
  std::vector<ScaleSeries> series;
  for (const char* name : {"<b>&\"\n\x1b[31m", "\xE6\xA8\xA1\xE5\x9E\x8B:7b", "\xFF\xFE"}) {
    series.push_back(MadeScale().Make(Cell().With(Parameter::kModel, ValueOfName(name))));
  }
  series.push_back(MadeScale().Make(
      Cell().With(Parameter::kModel, ValueOfName(std::string(400, 'w') + ":q8_0"))));
  const Scene scene = LayOut(series);
  ExpectSound(scene);
  const std::string texts = AllTexts(scene);
  EXPECT_EQ(texts.find('\x1b'), std::string::npos);
  EXPECT_NE(texts.find("\\x0a"), std::string::npos);
  EXPECT_EQ(CountTitles(scene, "\n"), 0);
}

TEST(ScaleSceneTest, ReplayedAndMixedResultsAreMarkedAndOneNumberOfPromptTokensIsNotClaimed) {
  const Scene scene = LayOut({MadeScale().Make()});
  EXPECT_EQ(CountTexts(scene, "REPLAYED"), 1);
  EXPECT_EQ(CountTexts(scene, "MIXED"), 1);
  EXPECT_FALSE(Shows(scene, "prompt tokens"));
}

}  // namespace
}  // namespace ollama_bench
