#include "ollama_bench/core/go_duration.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace ollama_bench {
namespace {

using std::chrono::nanoseconds;

// A second way to the same answer: Go's own formatting (time.Duration.String), written again.
std::string FormatGoDuration(std::int64_t ns) {
  const auto trimmed = [](std::string digits) {
    digits.erase(digits.find_last_not_of('0') + 1);
    return digits.empty() ? std::string() : "." + digits;
  };
  const auto with_fraction = [&](std::int64_t unit, int width, const char* name) {
    return fmt::format("{}{}{}", ns / unit, trimmed(fmt::format("{:0{}}", ns % unit, width)), name);
  };
  if (ns == 0) return "0s";
  if (ns < 1'000) return fmt::format("{}ns", ns);
  if (ns < 1'000'000) return with_fraction(1'000, 3, "\xC2\xB5s");
  if (ns < 1'000'000'000) return with_fraction(1'000'000, 6, "ms");
  const std::int64_t seconds = ns / 1'000'000'000;
  const std::string rest =
      fmt::format("{}{}s", seconds % 60, trimmed(fmt::format("{:09}", ns % 1'000'000'000)));
  if (seconds < 60) return rest;
  if (seconds < 3600) return fmt::format("{}m{}", seconds / 60, rest);
  return fmt::format("{}h{}m{}", seconds / 3600, seconds / 60 % 60, rest);
}

TEST(GoDurationTest, ReadsBackEveryDurationThatGoWrites) {
  std::mt19937_64 random(20261121);
  for (int i = 0; i < 200'000; ++i) {
    const auto ns = static_cast<std::int64_t>(random() >> (1 + random() % 63));
    const std::string text = FormatGoDuration(ns);
    const auto parsed = ParseGoDuration(text);
    ASSERT_TRUE(parsed) << text;
    ASSERT_EQ(parsed->count(), ns) << text;
  }
}

TEST(GoDurationTest, TakesEverySpellingOfAMicrosecond) {
  for (const char* text : {"52.1us", "52.1\xC2\xB5s", "52.1\xCE\xBCs"}) {
    EXPECT_EQ(ParseGoDuration(text), nanoseconds(52'100)) << text;
  }
}

TEST(GoDurationTest, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "1", "s", ".5s", "-1s", "1 s", "1s ", "1.2.3s", "1e3s", "nan", "1d",
                           "\xC2\xB5s", "99999999h", "9223372036854775808ns", "1m\xC2"}) {
    EXPECT_FALSE(ParseGoDuration(text)) << text;
  }
}

}  // namespace
}  // namespace ollama_bench
