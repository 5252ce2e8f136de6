#include "ollama_bench/store/ulid.h"

#include <gtest/gtest.h>

#include <set>

#include "support/fake_clock.h"

namespace ollama_bench {
namespace {

using std::chrono::milliseconds;

TEST(UlidTest, EncodesTimeAndRandomBitsAsTheSpecificationSays) {
  FakeClock clock;
  // The example of the specification: 01ARYZ6S41 is 1469918176385.
  clock.wall = std::chrono::system_clock::time_point(milliseconds(1'469'918'176'385));
  EXPECT_EQ(UlidSource(clock, [] { return 0; }).Next(), "01ARYZ6S410000000000000000");
  EXPECT_EQ(UlidSource(clock, [] { return ~std::uint64_t{0}; }).Next(),
            "01ARYZ6S41ZZZZZZZZZZZZZZZZ");
}

TEST(UlidTest, AscendsWithinAMillisecondAndWhenTheClockIsSetBack) {
  FakeClock clock;
  UlidSource source(clock);
  std::string last = source.Next();
  for (int i = 0; i < 1000; ++i) {
    if (i % 10 == 0) clock.wall += milliseconds(1);
    if (i == 500) clock.wall -= std::chrono::hours(24 * 365);
    const std::string next = source.Next();
    ASSERT_LT(last, next);
    last = next;
  }
}

TEST(UlidTest, NumbersOfLoadsAreExactInJsonAndNeverThoseOfAnOldFile) {
  FakeClock clock;
  EXPECT_EQ(UlidSource(clock, [] { return 0; }).NextLoad(), kFirstUniqueLoad);
  UlidSource source(clock);
  std::set<std::int64_t> loads;
  for (int i = 0; i < 1000; ++i) loads.insert(source.NextLoad());
  EXPECT_EQ(loads.size(), 1000U);
  EXPECT_GE(*loads.begin(), std::int64_t{1} << 32);
  EXPECT_LT(*loads.rbegin(), std::int64_t{1} << 53);
}

TEST(UlidTest, BorrowsTheNextMillisecondWhenTheRandomBitsAreUsedUp) {
  FakeClock clock;
  UlidSource source(clock, [] { return ~std::uint64_t{0}; });
  const std::string first = source.Next();
  const std::string second = source.Next();
  EXPECT_LT(first, second);
  EXPECT_EQ(second.substr(10), std::string(16, '0'));
}

TEST(UlidTest, CarriesFromTheLowerToTheUpperRandomBits) {
  FakeClock clock;
  int calls = 0;
  UlidSource source(clock, [&]() -> std::uint64_t { return calls++ == 0 ? 0 : ~std::uint64_t{0}; });
  (void)source.Next();
  EXPECT_EQ(source.Next().substr(10), "0000000100000000");
}

TEST(UlidTest, TwoSourcesDiffer) {
  FakeClock clock;
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.insert(UlidSource(clock).Next());
  EXPECT_EQ(ids.size(), 100U);
}

TEST(UlidTest, SurvivesATimeBeforeTheEpoch) {
  FakeClock clock;
  clock.wall = std::chrono::system_clock::time_point(milliseconds(-5));
  EXPECT_EQ(UlidSource(clock).Next().substr(0, 10), "0000000000");
}

}  // namespace
}  // namespace ollama_bench
