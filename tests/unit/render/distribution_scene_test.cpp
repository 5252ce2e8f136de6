#include "ollama_bench/render/distribution_scene.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "ollama_bench/core/random.h"
#include "support/scene_checks.h"

namespace ollama_bench {
namespace {

Distribution Of(std::vector<double> values) {
  Distribution figure;
  figure.key = "e2e_ms";
  figure.label = "E2E";
  figure.unit = "ms";
  std::sort(values.begin(), values.end());
  for (const double value : values) figure.mean += value / static_cast<double>(values.size());
  for (const int percent : {50, 90, 95, 99}) {
    figure.quantiles.push_back({percent, QuantileOf(values, percent / 100.0)});
  }
  figure.values = std::move(values);
  return figure;
}

TEST(DistributionSceneTest, EveryTextIsWholeAndInItsPlaceWhateverTheValues) {
  const auto font = Font::Load();
  ASSERT_TRUE(font);
  Random random(5);
  std::vector<std::vector<double>> cases = {{7}, {7, 7, 7}, {0, 0}, {1e-6, 1e9}, {123456, 123457}};
  for (const double scale : {0.01, 1.0, 1e5}) {
    cases.emplace_back();
    for (int i = 0; i < 300; ++i) cases.back().push_back(scale * -std::log(random.Uniform()));
  }
  for (const auto& values : cases) {
    const Scene scene =
        LayOutDistributions({Of(values), Of(values)}, {"How long", {"a", "b"}}, *font);
    for (const TextShape& text : ShapesOf<TextShape>(scene)) {
      EXPECT_TRUE(Contains(text.place, BoundsOf(text, *font))) << text.text;
      EXPECT_EQ(text.text.find("\xE2\x80\xA6"), std::string::npos) << text.text;
      EXPECT_LE(text.place.right(), scene.width);
      EXPECT_LE(text.place.bottom(), scene.height);
    }
  }
}

TEST(DistributionSceneTest, NamedFiguresAreOnOneScaleUnderTheirWholeNames) {
  const auto font = Font::Load();
  DistributionCaption caption;
  caption.title = "How fast";
  caption.names = {"num_ctx 131072, num_batch 2048, num_gpu 33, num_thread 16, main_gpu 1", "auto"};
  for (const auto& [has_histogram, has_ecdf] :
       {std::pair(true, true), {true, false}, {false, true}}) {
    caption.has_histogram = has_histogram;
    caption.has_ecdf = has_ecdf;
    const Scene scene = LayOutDistributions({Of({1, 2, 3}), Of({50, 90, 100})}, caption, *font);
    std::string all;
    std::map<std::string, int> labels;
    for (const TextShape& text : ShapesOf<TextShape>(scene)) {
      EXPECT_TRUE(Contains(text.place, BoundsOf(text, *font))) << text.text;
      EXPECT_EQ(text.text.find("\xE2\x80\xA6"), std::string::npos) << text.text;
      EXPECT_LE(text.place.bottom(), scene.height);
      all += text.text + ' ';
      ++labels[text.text];
    }
    EXPECT_NE(all.find("main_gpu 1"), std::string::npos);
    EXPECT_EQ(labels["80"], 2) << "a tick of both";
    EXPECT_EQ(all.find("share of prompts") != std::string::npos, has_ecdf);
    const auto bars = CellsOf(scene);
    EXPECT_EQ(
        std::any_of(bars.begin(), bars.end(),
                    [](const auto& bar) { return bar.title.find(" to ") != std::string::npos; }),
        has_histogram);
  }
}

TEST(DistributionSceneTest, TheBarsHoldEveryValueOnce) {
  const auto font = Font::Load();
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.push_back(i % 17);
  int count = 0;
  for (const RectangleShape& bar :
       CellsOf(LayOutDistributions({Of(values)}, {"How long", {}}, *font))) {
    const auto colon = bar.title.rfind(": ");
    if (bar.title.starts_with("p")) continue;
    count += std::stoi(bar.title.substr(colon + 2));
  }
  EXPECT_EQ(count, 100);
}

}  // namespace
}  // namespace ollama_bench
