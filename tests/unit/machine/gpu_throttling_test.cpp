#include "ollama_bench/machine/conditions.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "ollama_bench/process/posix_process_runner.h"
#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using std::chrono::microseconds;

/// Puts a tool named nvidia-smi on the PATH that prints what a test tells it to.
class GpuThrottlingTest : public testing::Test {
 protected:
  GpuThrottlingTest() : path_(getenv("PATH")) {
    setenv("PATH", (folder_.path().string() + ":" + path_).c_str(), 1);
  }
  ~GpuThrottlingTest() override { setenv("PATH", path_.c_str(), 1); }

  void Answer(const std::string& lines, int exit_code = 0) {
    folder_.Write("answer", lines);
    folder_.Write("nvidia-smi", "#!/bin/sh\necho \"$@\" >>'" + (folder_ / "asked").string() +
                                    "'\ncat '" + (folder_ / "answer").string() + "'\nexit " +
                                    std::to_string(exit_code) + "\n");
    fs::permissions(folder_ / "nvidia-smi", fs::perms::owner_all);
  }
  std::vector<MachineCondition> Find() { return FindGpuThrottling(runner_, stop_); }

  TemporaryFolder folder_;
  std::string path_;
  PosixProcessRunner runner_;
  StopRequest stop_;
};

TEST_F(GpuThrottlingTest, HeatAndPowerSupplyAreToldForEachCard) {
  Answer(
      "0, NVIDIA GeForce RTX 3060, 0x0000000000000001\n"
      "1, Tesla P40, 0x0000000000000020\n"
      "2, Tesla P40, 0x0000000000000048\n"
      "3, Tesla P40, 0x0000000000000088\n"
      "4, Tesla P40, 0x0000000000000004\n");
  const auto found = Find();
  ASSERT_EQ(found.size(), 3U) << "neither the idle card nor the one at its power limit";
  EXPECT_EQ(found[0].text, "GPU 1 (Tesla P40) is slowed down by its heat now");
  EXPECT_EQ(found[1].text, "GPU 2 (Tesla P40) is slowed down by its heat now");
  EXPECT_EQ(found[2].text, "GPU 3 (Tesla P40) is slowed down by its power supply now");
  EXPECT_FALSE(found[0].remedy.empty());
  EXPECT_EQ(folder_.Read("asked"),
            "--query-gpu=index,name,clocks_throttle_reasons.active "
            "--format=csv,noheader,nounits\n");
}

TEST_F(GpuThrottlingTest, WhatTheToolDoesNotTellIsPassedOver) {
  for (const char* lines :
       {"", "\n", "rubbish\n", "0, card, [N/A]\n", "0, card, 0x\n", "0, card, 0xzz\n", ",,\n",
        "0, card, 0x20, more\n", "0, card, 0xffffffffffffffffff\n"}) {
    Answer(lines);
    EXPECT_TRUE(Find().empty()) << lines;
    EXPECT_TRUE(ReadGpuSlowdownTimes(runner_, stop_).empty()) << lines;
  }
  Answer("Field \"clocks_throttle_reasons.active\" is not a valid field to query.\n", 2);
  EXPECT_TRUE(Find().empty());
  Answer("0, card, 0x20\n", 1);
  EXPECT_TRUE(Find().empty());
}

TEST_F(GpuThrottlingTest, TimesAreReadForTheCardsThatCountThem) {
  Answer(
      "0, RTX 3060, 5000000, 0, 7\n"
      "1, Tesla P40, [N/A], [N/A], [N/A]\n"
      "2, Tesla P40, 1, [N/A], 3\n");
  const GpuSlowdownTimes expected = {
      {"GPU 0 (RTX 3060)", {microseconds(5'000'000), microseconds(0), microseconds(7)}},
      {"GPU 2 (Tesla P40)", {microseconds(1), microseconds(0), microseconds(3)}}};
  EXPECT_EQ(ReadGpuSlowdownTimes(runner_, stop_), expected);
}

TEST_F(GpuThrottlingTest, ASecondOfOneReasonBetweenTwoReadingsIsTold) {
  const auto between = [](std::int64_t first, std::int64_t second) {
    const GpuSlowdownTimes before = {
        {"GPU 0 (P40)", {microseconds(9'000'000), microseconds(0), microseconds(5)}}};
    const GpuSlowdownTimes after = {
        {"GPU 0 (P40)", {microseconds(9'000'000 + first), microseconds(second), microseconds(5)}},
        {"GPU 1 (P40)", {microseconds(99'000'000), microseconds(0), microseconds(0)}}};
    return GpuThrottlingBetween(before, after);
  };
  EXPECT_TRUE(between(0, 0).empty()) << "a card that was not there before has no beginning";
  EXPECT_TRUE(between(999'999, 999'999).empty());
  EXPECT_TRUE(between(-9'000'000, 0).empty()) << "the driver was reloaded";
  ASSERT_EQ(between(1'000'000, 0).size(), 1U);
  EXPECT_EQ(between(4'000'000, 34'400'000)[0].text,
            "GPU 0 (P40) was slowed down by heat or its power supply for 34 s of this sweep");
}

}  // namespace
}  // namespace ollama_bench
