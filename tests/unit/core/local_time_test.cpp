#include "ollama_bench/core/clock.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace ollama_bench {
namespace {

class LocalTimeTest : public testing::Test {
 protected:
  ~LocalTimeTest() override { UseZone("UTC0"); }
  static void UseZone(const char* zone) {
    setenv("TZ", zone, 1);
    tzset();
  }
};

TEST_F(LocalTimeTest, HasTheOffsetOfThePlace) {
  UseZone("XYZ-05:30");
  EXPECT_EQ(LocalTime("2026-11-27T20:33:28+00:00"), "2026-11-28T02:03:28+05:30");
  UseZone("XYZ8");
  EXPECT_EQ(LocalTime("2026-11-27T20:33:28+00:00"), "2026-11-27T12:33:28-08:00");
  UseZone("UTC0");
  EXPECT_EQ(LocalTime("2026-11-27T20:33:28+00:00"), "2026-11-27T20:33:28+00:00");
}

TEST_F(LocalTimeTest, LeavesWhatItDoesNotKnow) {
  for (const char* text : {"", "yesterday", "2026-11-27T20:33:28", "2026-11-27T20:33:28.5"}) {
    EXPECT_EQ(LocalTime(text), text);
  }
}

}  // namespace
}  // namespace ollama_bench
