#include "terminal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace ollama_bench {
namespace {

TEST(ColorDepthTest, IsNoneForPipesDumbTerminalsAndThoseWhoWantNone) {
  EXPECT_EQ(DecideColorDepth(false, {"", "xterm", "truecolor"}), ColorDepth::kNone);
  EXPECT_EQ(DecideColorDepth(true, {"1", "xterm", "truecolor"}), ColorDepth::kNone);
  EXPECT_EQ(DecideColorDepth(true, {"", "dumb", ""}), ColorDepth::kNone);
  EXPECT_EQ(DecideColorDepth(true, {"", "", "truecolor"}), ColorDepth::kNone);
}

TEST(ColorDepthTest, IsWhatTheTerminalSaysItCanShow) {
  EXPECT_EQ(DecideColorDepth(true, {"", "xterm-256color", ""}), ColorDepth::k256);
  EXPECT_EQ(DecideColorDepth(true, {"", "xterm-256color", "truecolor"}), ColorDepth::kTrueColor);
  EXPECT_EQ(DecideColorDepth(true, {"", "xterm", "24bit"}), ColorDepth::kTrueColor);
}

TEST(TerminalTest, IsNotAPipe) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  EXPECT_FALSE(IsTerminal(ends[1]));
  EXPECT_FALSE(UseColor(ends[1]));
  for (const auto& [columns, width] : {std::pair{"132", 132},
                                       {"", 80},
                                       {"0", 80},
                                       {"-5", 80},
                                       {"wide", 80},
                                       {"99x", 80},
                                       {"99999999999", 80}}) {
    ASSERT_EQ(setenv("COLUMNS", columns, 1), 0);
    EXPECT_EQ(TerminalWidth(ends[1]), width) << columns;
  }
  unsetenv("COLUMNS");
  EXPECT_EQ(TerminalWidth(ends[1]), 80);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace ollama_bench
