#include "ollama_bench/render/distribution_scene.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

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
