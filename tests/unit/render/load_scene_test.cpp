#include "ollama_bench/render/load_scene.h"

#include <gtest/gtest.h>

#include <fmt/format.h>
#include <algorithm>

#include <cmath>

#include "heatmap_palette.h"
#include "ollama_bench/render/line_scene.h"
#include "support/load_series.h"
#include "support/sample_maps.h"
#include "support/scene_checks.h"

namespace ollama_bench {
namespace {

Cell Users(int users) {
  return Cell().With(Parameter::kConcurrency, users);
}

MadeLoad LoadOf(const std::vector<int>& users, const std::vector<int>& lengths, int requests = 72) {
  MadeLoad load;
  for (const int length : lengths) {
    for (const int count : users) {
      load.AddLevel(Users(count).With(Parameter::kNumPredict, length), requests);
    }
  }
  return load;
}

Scene LayOut(const MadeLoad& load, const std::vector<std::string>& notes = {}) {
  return LayOutLoad(load.Answer(), LongCaption(), notes, *Font::Load());
}

bool Shows(const Scene& scene, const std::string& part) {
  const auto texts = ShapesOf<TextShape>(scene);
  return std::any_of(texts.begin(), texts.end(), [&part](const TextShape& text) {
    return text.text.find(part) != std::string::npos;
  });
}

std::vector<std::string> TitlesOf(const Scene& scene) {
  std::vector<std::string> titles;
  for (const RectangleShape& shape : CellsOf(scene)) titles.push_back(shape.title);
  return titles;
}

std::ptrdiff_t CountTitles(const Scene& scene, const std::string& part) {
  const auto titles = TitlesOf(scene);
  return std::count_if(titles.begin(), titles.end(), [&part](const std::string& title) {
    return title.find(part) != std::string::npos;
  });
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
}

TEST(LoadSceneTest, EveryTextIsInItsPlaceWhateverLevelsAndSeriesThereAre) {
  ExpectSound(LayOut(LoadOf({4}, {16})));
  ExpectSound(LayOut(LoadOf({1, 2, 4, 8}, {16})));
  ExpectSound(LayOut(LoadOf({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 200, 900}, {16, 48})));
  ExpectSound(LayOut(LoadOf({1, 16, 256}, {1, 2, 4, 8, 16, 32, 64, 128})));
  ExpectSound(LayOut(LoadOf({1, 2}, {16}, 5)));
  ExpectSound(LayOut(LoadOf({1, 2}, {16}), {std::string(700, 'n'), "a second note"}));
}

TEST(LoadSceneTest, EachFigureOfEachLevelIsAPointThatSaysItsValueAndInterval) {
  const Scene scene = LayOut(LoadOf({1, 2, 4, 8}, {16, 48}));
  constexpr std::ptrdiff_t kLevels = 8;
  EXPECT_EQ(CountTitles(scene, ": output throughput mean "), kLevels);
  EXPECT_EQ(CountTitles(scene, ": output throughput of one request mean "), kLevels);
  for (const char* figure : {"queue wait", "TTFT", "TPOT", "E2E"}) {
    EXPECT_EQ(CountTitles(scene, fmt::format(": {} p50 ", figure)), kLevels) << figure;
    EXPECT_EQ(CountTitles(scene, fmt::format(": {} p95 ", figure)), kLevels) << figure;
  }
  EXPECT_EQ(CountTitles(scene, "95 % CI ["), 10 * kLevels);
  EXPECT_EQ(CountTitles(scene, "num_predict 48, concurrency 8: E2E"), 2);
}

TEST(LoadSceneTest, ALevelWithoutASecondWindowShowsNoInterval) {
  MadeLoad load;
  load.AddLevel(Users(1), 72, 1);
  load.AddLevel(Users(2), 72, 1);
  const Scene scene = LayOut(load);
  EXPECT_EQ(CountTitles(scene, "output throughput mean"), 2);
  for (const std::string& title : TitlesOf(scene)) {
    const bool is_mean = title.find(" mean ") != std::string::npos;
    EXPECT_EQ(title.find("95 % CI") == std::string::npos, is_mean) << title;
  }
}

TEST(LoadSceneTest, APercentileThatTheRequestsCannotBoundIsNotDrawnAndANoteSaysWhy) {
  const Scene few = LayOut(LoadOf({1, 2}, {16}, 20));
  EXPECT_EQ(CountTitles(few, "p95"), 0);
  EXPECT_EQ(CountTitles(few, "E2E p50"), 2);
  EXPECT_TRUE(Shows(few, "A p95 needs 72 requests of a level"));
  EXPECT_FALSE(Shows(LayOut(LoadOf({1, 2}, {16})), "A p95 needs"));
}

TEST(LoadSceneTest, WithoutRequestsTheThroughputIsDrawnAndTheRestIsNotKnown) {
  MadeLoad load = LoadOf({1, 2, 4}, {16});
  load.requests.clear();
  const Scene scene = LayOut(load);
  ExpectSound(scene);
  EXPECT_EQ(CountTitles(scene, "output throughput mean"), 3);
  const auto texts = ShapesOf<TextShape>(scene);
  EXPECT_EQ(std::count_if(texts.begin(), texts.end(),
                          [](const TextShape& text) { return text.text == "not known"; }),
            5);
}

std::size_t CountStars(const Scene& scene) {
  std::size_t stars = 0;
  for (const PathShape& path : ShapesOf<PathShape>(scene)) {
    stars += path.fill == palette::kRecommended && path.lines.front().size() == 10 ? 1 : 0;
  }
  return stars;
}

TEST(LoadSceneTest, TheKneeIsAStarAndALineThroughEveryPanel) {
  const Scene scene = LayOut(LoadOf({1, 2, 4, 8}, {16}));
  EXPECT_EQ(CountStars(scene), 2U) << "one in the panel, one in the legend";
  const auto lines = ShapesOf<LineShape>(scene);
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                          [](const LineShape& line) {
                            return line.from.x == line.to.x && line.stroke.dash > 0 &&
                                   line.stroke.color == palette::kRecommended;
                          }),
            6);
  EXPECT_TRUE(Shows(scene, "Carries 4 users"));
}

TEST(LoadSceneTest, ThroughputThatStillRisesHasNoKneeToMark) {
  const Scene scene = LayOut(LoadOf({1, 2, 4}, {16}));
  EXPECT_EQ(CountStars(scene), 0U);
  EXPECT_TRUE(Shows(scene, "still rises"));
  EXPECT_FALSE(Shows(scene, "knee:"));
}

TEST(LoadSceneTest, SeveralSeriesAreNamedByWhatDistinguishesThem) {
  MadeLoad load;
  for (const int length : {16, 48}) {
    for (const int users : {1, 2, 4, 8}) {
      load.AddLevel(
          Users(users).With(Parameter::kNumPredict, length).With(Parameter::kNumCtx, 4096));
    }
  }
  const Scene scene = LayOut(load);
  EXPECT_TRUE(Shows(scene,
                    "Knee of the output throughput at concurrency 4 for num_predict 16; 4 "
                    "for num_predict 48."));
  EXPECT_TRUE(Shows(scene, "num_ctx 4096"));
  const auto texts = ShapesOf<TextShape>(scene);
  for (const char* name : {"num_predict 16", "num_predict 48"}) {
    EXPECT_EQ(std::count_if(texts.begin(), texts.end(),
                            [&](const TextShape& text) { return text.text == name; }),
              1)
        << name;
  }
}

TEST(LoadSceneTest, RatesAreLabelledAsRatesAndHaveNoKnee) {
  MadeLoad load;
  for (int rate = 250; rate <= 8000; rate += 250) {
    load.AddLevel(Cell().With(Parameter::kRequestRate, rate));
  }
  const Scene scene = LayOut(load);
  ExpectSound(scene);
  EXPECT_TRUE(Shows(scene, "request_rate"));
  EXPECT_EQ(CountStars(scene), 0U);
  for (const TextShape& text : ShapesOf<TextShape>(scene)) {
    const bool is_number = text.text.find_first_not_of("0123456789") == std::string::npos;
    EXPECT_FALSE(is_number && text.text.ends_with("000")) << text.text << " is in thousandths";
  }
}

TEST(LoadSceneTest, ALevelWhoseCheckFailedIsNamed) {
  MadeLoad load = LoadOf({1, 2}, {16});
  load.results.back().samples.back().window->checks.littles_law = false;
  EXPECT_TRUE(Shows(LayOut(load),
                    "A check of validity failed at num_predict 16, concurrency 2 "
                    "(littles_law)."));
}

}  // namespace
}  // namespace ollama_bench
