#include "ollama_bench/render/timeline_scene.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "heatmap_palette.h"
#include "ollama_bench/core/random.h"
#include "support/sample_maps.h"
#include "support/scene_checks.h"

namespace ollama_bench {
namespace {

RequestFigures Request(double due_s, double ttft_s, double e2e_s) {
  RequestFigures request;
  request.end = "done";
  request.due_s = due_s;
  request.ttft_s = ttft_s;
  request.e2e_s = e2e_s;
  return request;
}

std::vector<RequestFigures> RequestsAtRandom(std::size_t count, double length_s) {
  Random random(3);
  std::vector<RequestFigures> requests;
  for (std::size_t i = 0; i < count; ++i) {
    const double e2e = length_s / 10 * (0.2 + random.Uniform());
    requests.push_back(Request(length_s * random.Uniform() - length_s / 20, e2e / 3, e2e));
  }
  return requests;
}

Window WindowOf(double seconds) {
  Window window;
  window.duration = std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
  window.requests = 10;
  window.mean_in_flight = 3.96;
  return window;
}

Scene LayOut(const Window& window, const std::vector<RequestFigures>& requests) {
  return LayOutTimeline(window, requests, Cell().With(Parameter::kConcurrency, 4), LongCaption(),
                        *Font::Load());
}

bool Shows(const Scene& scene, const std::string& part) {
  const auto texts = ShapesOf<TextShape>(scene);
  return std::any_of(texts.begin(), texts.end(), [&part](const TextShape& text) {
    return text.text.find(part) != std::string::npos;
  });
}

// The bars of this colour that are requests.
std::vector<Box> BarsOf(const Scene& scene, const Ink& ink) {
  std::vector<Box> bars;
  for (const RectangleShape& bar : CellsOf(scene)) {
    if (bar.fill == ink) bars.push_back(bar.box);
  }
  return bars;
}

TEST(TimelineSceneTest, EveryTextIsInItsPlaceWhateverTheWindow) {
  for (const double length : {0.001, 3.0, 86400.0}) {
    for (const std::size_t count : {0U, 1U, 7U, 200U, 600U}) {
      ExpectSoundLayout(LayOut(WindowOf(length), RequestsAtRandom(count, length)));
    }
  }
}

TEST(TimelineSceneTest, ARequestIsARowOfItsWaitAndItsTokensOnOneScale) {
  const Scene scene =
      LayOut(WindowOf(10), {Request(0, 1, 2), Request(4, 3, 6), Request(2, 0.5, 2)});
  const std::vector<Box> waits = BarsOf(scene, palette::kTick);
  const std::vector<Box> tokens = BarsOf(scene, palette::kRecommended);
  ASSERT_EQ(waits.size(), 3U);
  ASSERT_EQ(tokens.size(), 3U);
  const double second = waits[0].width;
  EXPECT_NEAR(tokens[0].width, second, 1e-6);
  EXPECT_NEAR(waits[1].x - waits[0].x, 2 * second, 1e-6) << "in the order of sending";
  EXPECT_NEAR(waits[2].width, 3 * second, 1e-6);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(waits[i].right(), tokens[i].x, 1e-6);
    EXPECT_EQ(waits[i].y, tokens[i].y);
    if (i > 0) {
      EXPECT_GE(waits[i].y, waits[i - 1].bottom());
    }
  }
}

TEST(TimelineSceneTest, TheMeasuredStretchIsShadedFromItsBeginToItsEnd) {
  const Scene scene = LayOut(WindowOf(10), {Request(-5, 1, 20)});
  const auto shapes = ShapesOf<RectangleShape>(scene);
  const auto shade = std::find_if(shapes.begin(), shapes.end(), [](const RectangleShape& shape) {
    return shape.fill == palette::kNeutral;
  });
  ASSERT_NE(shade, shapes.end());
  const Box wait = BarsOf(scene, palette::kTick).front();
  EXPECT_NEAR(shade->box.x - wait.x, 5 * wait.width, 1e-6);
  EXPECT_NEAR(shade->box.width, 10 * wait.width, 1e-6);
}

TEST(TimelineSceneTest, AFailedRequestAndOneThatLeftLateShowIt) {
  RequestFigures failed = Request(1, 1, 2);
  failed.end = "refused";
  failed.ttft_s.reset();
  RequestFigures late = Request(2, 1, 2);
  late.lag_s = 3;
  const Scene scene = LayOut(WindowOf(10), {failed, late, Request(0, 1, 2)});
  EXPECT_TRUE(Shows(scene, "failed"));
  const auto shapes = ShapesOf<RectangleShape>(scene);
  EXPECT_EQ(
      std::count_if(shapes.begin(), shapes.end(),
                    [](const RectangleShape& shape) { return shape.fill == palette::kCross; }),
      2)
      << "one at its end, one in the legend";
  const auto lines = ShapesOf<LineShape>(scene);
  const double second = BarsOf(scene, palette::kTick).front().width;
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [second](const LineShape& line) {
    return line.stroke.color == palette::kOutline &&
           std::abs(line.to.x - line.from.x - 3 * second) < 1e-6;
  }));
  EXPECT_FALSE(Shows(LayOut(WindowOf(10), {Request(0, 1, 2)}), "failed"));
}

TEST(TimelineSceneTest, TheCalibrationIsLeftOutAndALongWindowSaysWhatIsDrawn) {
  std::vector<RequestFigures> requests = RequestsAtRandom(kMostTimelineRows + 50, 100);
  requests.push_back(Request(-500, 1, 2));
  requests.back().part = WindowPart::kCalibration;
  const Scene scene = LayOut(WindowOf(100), requests);
  ExpectSoundLayout(scene);
  EXPECT_EQ(BarsOf(scene, palette::kTick).size(), kMostTimelineRows);
  EXPECT_TRUE(Shows(scene, "The first 600 of 650 requests are drawn."));
}

// A user who asks again a tenth of a millisecond after an answer leaves no slot idle to see.
TEST(TimelineSceneTest, TheNumberInFlightDoesNotDipBetweenTwoRequestsOfOneUser) {
  std::vector<RequestFigures> requests;
  for (int i = 0; i < 50; ++i) requests.push_back(Request(i * 1.0001, 0.5, 1));
  const Scene scene = LayOut(WindowOf(50), requests);
  std::set<double> heights;
  for (const PathShape& path : ShapesOf<PathShape>(scene)) {
    for (const Point& point : path.lines.front()) heights.insert(point.y);
  }
  EXPECT_EQ(heights.size(), 2U) << "none, then one";
}

TelemetryRecord Readings(std::size_t gpus, double length_s) {
  TelemetryRecord record;
  record.gpu_names.assign(gpus, "NVIDIA GeForce RTX 4090 with a long name");
  record.measured_from_s = length_s / 10;
  for (int i = 0; i <= 60; ++i) {
    TelemetryReading& reading = record.readings.emplace_back();
    reading.at_s = length_s * i / 50;
    reading.cpus = 0.1 * i;
    reading.server_cpus = 0.05 * i;
    reading.server_bytes = 100'000'000LL * i;
    reading.power_w = 60;
    reading.gpus.resize(gpus);
    for (GpuReading& gpu : reading.gpus) {
      gpu.use = i % 2 == 0 ? 1 : 0.25;
      if (i != 30) gpu.power_w = 300;
    }
  }
  return record;
}

Scene LayOut(const TelemetryRecord& telemetry, double length_s) {
  return LayOutTimeline(WindowOf(length_s), RequestsAtRandom(20, length_s),
                        Cell().With(Parameter::kConcurrency, 4), LongCaption(), *Font::Load(),
                        telemetry);
}

TEST(TimelineSceneTest, WhatTheMachineDidLiesBelowOnTheSameScaleWhereThereAreReadings) {
  for (const double length : {0.5, 30.0, 86400.0}) {
    for (const std::size_t gpus : {0U, 1U, 3U, 12U}) {
      const Scene scene = LayOut(Readings(gpus, length), length);
      ExpectSoundLayout(scene);
      EXPECT_TRUE(Shows(scene, "CPU use, CPUs"));
      EXPECT_TRUE(Shows(scene, "power, W"));
      EXPECT_EQ(Shows(scene, "GPU use, %"), gpus > 0);
      EXPECT_EQ(Shows(scene, "12 GPUs together"), gpus == 12);
    }
  }
  const Scene none = LayOut(TelemetryRecord(), 30);
  for (const char* panel : {"CPU use", "GPU use", "memory, GB", "power, W"}) {
    EXPECT_FALSE(Shows(none, panel)) << panel;
  }
}

TEST(TimelineSceneTest, OnlyPanelsWithAReadingAreDrawnAndAGapInThemStaysOne) {
  TelemetryRecord record = Readings(1, 30);
  for (TelemetryReading& reading : record.readings) {
    reading.cpus.reset();
    reading.server_cpus.reset();
    reading.server_bytes.reset();
    reading.power_w.reset();
    reading.gpus[0].use.reset();
  }
  const Scene scene = LayOut(record, 30);
  EXPECT_FALSE(Shows(scene, "CPU use"));
  EXPECT_FALSE(Shows(scene, "GPU use"));
  EXPECT_FALSE(Shows(scene, "memory, GB"));
  EXPECT_TRUE(Shows(scene, "power, W"));
  const auto paths = ShapesOf<PathShape>(scene);
  EXPECT_TRUE(std::any_of(paths.begin(), paths.end(),
                          [](const PathShape& path) { return path.lines.size() == 2; }));
}

// The measured stretch begins three seconds after the sample; a reading at 5 s lies at 2 s.
TEST(TimelineSceneTest, ReadingsLieWhereTheRequestsOfTheirTimeLie) {
  TelemetryRecord record;
  record.measured_from_s = 3;
  for (const double at_s : {1.0, 5.0, 40.0}) {
    record.readings.emplace_back().at_s = at_s;
    record.readings.back().server_bytes = 1'000'000'000;
  }
  const Scene scene =
      LayOutTimeline(WindowOf(10), {Request(0, 1, 2), Request(2, 1, 8)},
                     Cell().With(Parameter::kConcurrency, 4), LongCaption(), *Font::Load(), record);
  const std::vector<Box> waits = BarsOf(scene, palette::kTick);
  double right = 0;
  double middle = -1;
  for (const PathShape& path : ShapesOf<PathShape>(scene)) {
    if (path.lines.front().size() != 3) continue;
    middle = path.lines.front()[1].x;
    right = path.lines.front()[2].x;
    EXPECT_NEAR(path.lines.front()[0].x, waits[0].x, 1e-6) << "what is before is cut off";
  }
  EXPECT_NEAR(middle, waits[1].x, 1e-6);
  EXPECT_NEAR(right, waits[0].x + 10 * waits[0].width, 1e-6);
}

}  // namespace
}  // namespace ollama_bench
