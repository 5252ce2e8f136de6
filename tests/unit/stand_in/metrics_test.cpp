#include "support/stand_in/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace ollama_bench::stand_in {
namespace {

using std::chrono::nanoseconds;

TEST(GoDurationTest, PrintsWhatGoPrints) {
  EXPECT_EQ(GoDuration(nanoseconds(0)), "0s");
  EXPECT_EQ(GoDuration(nanoseconds(999)), "999ns");
  EXPECT_EQ(GoDuration(nanoseconds(52'100)), "52.1\xc2\xb5s");
  EXPECT_EQ(GoDuration(nanoseconds(781'897)), "781.897\xc2\xb5s");
  EXPECT_EQ(GoDuration(nanoseconds(822'458'970)), "822.45897ms");
  EXPECT_EQ(GoDuration(nanoseconds(1'210'442'817)), "1.210442817s");
  EXPECT_EQ(GoDuration(nanoseconds(62'300'000'000)), "1m2.3s");
  EXPECT_EQ(GoDuration(std::chrono::hours(1)), "1h0m0s");
  EXPECT_EQ(GoDuration(std::chrono::seconds(3723)), "1h2m3s");
}

// The sum of a Go duration's parts, for texts that GoDuration made.
long double Nanoseconds(std::string text) {
  long double total = 0;
  while (!text.empty()) {
    std::size_t used = 0;
    const long double value = std::stold(text, &used);
    text.erase(0, used);
    const std::size_t unit = std::min(text.find_first_of("0123456789"), text.size());
    const std::string name = text.substr(0, unit);
    total += value * (name == "h"    ? 3600e9L
                      : name == "m"  ? 60e9L
                      : name == "s"  ? 1e9L
                      : name == "ms" ? 1e6L
                      : name == "ns" ? 1.0L
                                     : 1e3L);
    text.erase(0, unit);
  }
  return total;
}

TEST(GoDurationTest, LosesNoNanosecond) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 5000; ++i) {
    // All sizes, from nanoseconds to days.
    const auto ns = static_cast<std::int64_t>(random() >> (17 + random() % 47));
    EXPECT_NEAR(static_cast<double>(Nanoseconds(GoDuration(nanoseconds(ns)))),
                static_cast<double>(ns), 0.01)
        << GoDuration(nanoseconds(ns));
  }
}

TEST(VerboseBlockTest, LeavesOutEachLineThatIsZero) {
  EXPECT_EQ(VerboseBlock({}, false), "");
  Metrics metrics;
  metrics.eval = std::chrono::milliseconds(1);
  EXPECT_EQ(VerboseBlock(metrics, false),
            "eval duration:        1ms\neval rate:            0.00 tokens/s\n");
}

TEST(VerboseBlockTest, LeavesCachedTokensOutOfTheRateWhereItTellsThem) {
  Metrics metrics;
  metrics.prompt_tokens = 100;
  metrics.cached_tokens = 50;
  metrics.prompt_eval = std::chrono::seconds(1);
  EXPECT_NE(VerboseBlock(metrics, true).find("prompt eval cached:   50 token(s)\n"),
            std::string::npos);
  EXPECT_NE(VerboseBlock(metrics, true).find("rate:     50.00"), std::string::npos);
  EXPECT_NE(VerboseBlock(metrics, false).find("rate:     100.00"), std::string::npos);
  EXPECT_EQ(VerboseBlock(metrics, false).find("cached"), std::string::npos);
}

}  // namespace
}  // namespace ollama_bench::stand_in
