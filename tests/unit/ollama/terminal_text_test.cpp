#include "cli_output.h"

#include <gtest/gtest.h>

#include "support/test_data.h"

namespace ollama_bench {
namespace {

TEST(TerminalTextTest, LeavesNothingOfASpinnerInARealTranscript) {
  for (const std::string& version : TranscriptVersions()) {
    for (const char* situation : {"run_cold", "run_server_killed", "create_base", "run_wordwrap"}) {
      const std::string text = StripControlSequences(TranscriptStderr(version, situation));
      for (const char c : text) {
        ASSERT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20)
            << version << ' ' << situation;
      }
      EXPECT_EQ(text.find('['), std::string::npos) << version << ' ' << situation << '\n' << text;
    }
  }
}

TEST(TerminalTextTest, KeepsTextThatFollowsACutOffSequence) {
  EXPECT_EQ(StripControlSequences("\x1b[?25\nError: x"), "\nError: x");
  EXPECT_EQ(StripControlSequences("\x1b]0;title\nError: x"), "\nError: x");
  EXPECT_EQ(StripControlSequences("\x1b"), "");
  EXPECT_EQ(StripControlSequences("\x1b["), "");
}

TEST(TerminalTextTest, TakesAwayWindowTitlesAndLoneControls) {
  EXPECT_EQ(StripControlSequences("a\x1b]0;evil\x07"
                                  "b\x1b]8;;u\x1b\\c\rd\x08"
                                  "e"),
            "abcde");
}

TEST(TerminalTextTest, IsIdempotentOnEveryTruncationOfATranscript) {
  const std::string raw = TranscriptStderr("v0.11.4", "run_cold");
  for (std::size_t length = 0; length <= raw.size(); ++length) {
    const std::string once = StripControlSequences(raw.substr(0, length));
    ASSERT_EQ(StripControlSequences(once), once) << length;
  }
}

}  // namespace
}  // namespace ollama_bench
