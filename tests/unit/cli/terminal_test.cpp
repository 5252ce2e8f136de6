#include "terminal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <sstream>
#include <string>

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

TEST(BrokenAtTest, BreaksAtWordsAtAnyWidthAndLosesNone) {
  const std::string text =
      "warning: num_batch 64 (1 of 2 values) cannot show its full effect\n  time         about 46 "
      "s\n";
  for (std::size_t width = 1; width < 90; ++width) {
    const std::string broken = BrokenAt(width, text, 4);
    std::istringstream lines(broken);
    for (std::string line; std::getline(lines, line);) {
      const bool is_one_word = line.find(' ', line.find_first_not_of(' ')) == std::string::npos;
      EXPECT_TRUE(line.size() <= width || is_one_word) << width << ": " << line;
    }
    std::istringstream before(text);
    std::istringstream after(broken);
    std::string a;
    std::string b;
    while (before >> a) {
      after >> b;
      EXPECT_EQ(a, b) << width;
    }
  }
  EXPECT_EQ(BrokenAt(100, text, 4), text) << "what fits stays as it is";
  EXPECT_EQ(BrokenAt(12, "  ab   cd ef gh", 5), "  ab   cd ef\n       gh");
}

TEST(BrokenAtTest, BreaksALongListAtItsCommas) {
  EXPECT_EQ(BrokenAt(12, "  a 1,2,3,4,5,6", 2), "  a 1,2,\n    3,4,5,6");
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
