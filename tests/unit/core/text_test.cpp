#include "ollama_bench/core/text.h"

#include <gtest/gtest.h>

namespace ollama_bench {
namespace {

using std::chrono::duration;

TEST(PrintableTest, LeavesPlainAndNonLatinTextAlone) {
  EXPECT_EQ(Printable("num_ctx 4096, \xC2\xB5s, \xE2\x9C\x93 \xF0\x9F\x98\x80"),
            "num_ctx 4096, \xC2\xB5s, \xE2\x9C\x93 \xF0\x9F\x98\x80");
}

TEST(PrintableTest, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(Printable("\x1b[2J\x07\r\x7f"), "\\x1b[2J\\x07\\x0d\\x7f");
  EXPECT_EQ(Printable("\xC2\x9B"
                      "2J"),
            "\\x9b2J")
      << "C1 control sequence introducer";
  EXPECT_EQ(Printable("a\xE2\x80\xAE"
                      "b"),
            "a\\u202eb")
      << "right-to-left override";
}

TEST(PrintableTest, ReplacesEveryInvalidByte) {
  EXPECT_EQ(Printable("a\xFF\xC3"), "a\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(Printable("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD") << "overlong slash";
  EXPECT_EQ(Printable("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD") << "surrogate";
}

TEST(PrintableTest, KeepsNewlinesOnlyWhenAsked) {
  EXPECT_EQ(Printable("a\nb"), "a\nb");
  EXPECT_EQ(Printable("a\nb", false), "a\\x0ab");
}

TEST(PrintableTest, IsIdempotentOnEveryPairOfBytes) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string text = {static_cast<char>(a), static_cast<char>(b)};
      const std::string once = Printable(text);
      ASSERT_EQ(Printable(once), once) << a << ' ' << b;
    }
  }
}

TEST(ValidUtf8LengthTest, StopsAtTheFirstInvalidByte) {
  EXPECT_EQ(ValidUtf8Length(""), 0U);
  EXPECT_EQ(ValidUtf8Length("plain \xC2\xB5s \xF0\x9F\x98\x80"), 14U);
  EXPECT_EQ(ValidUtf8Length("ab\xFFyz"), 2U);
  EXPECT_EQ(ValidUtf8Length("ab\xE2\x9C"), 2U) << "cut in the middle of a character";
  EXPECT_EQ(ValidUtf8Length("\xED\xA0\x80"), 0U) << "surrogate";
}

TEST(StartOfTest, CutsNoCharacterInTwo) {
  const std::string text = "a\xC2\xB5\xF0\x9F\x98\x80z";
  const std::vector<std::size_t> lengths = {0, 1, 1, 3, 3, 3, 3, 7, 8, 8};
  for (std::size_t most = 0; most < lengths.size(); ++most) {
    EXPECT_EQ(StartOf(text, most), text.substr(0, lengths[most])) << most;
  }
}

TEST(NearestSpellingTest, FindsASwapAndAMissingLetter) {
  const std::vector<std::string> keys = {"num_ctx", "num_batch", "num_predict"};
  EXPECT_EQ(NearestSpelling("num_cxt", keys), "num_ctx");
  EXPECT_EQ(NearestSpelling("numbatch", keys), "num_batch");
}

TEST(NearestSpellingTest, StaysSilentWhenNothingIsNear) {
  EXPECT_EQ(NearestSpelling("temperature", {"num_ctx", "num_batch"}), "");
  EXPECT_EQ(NearestSpelling(std::string(1 << 20, 'n'), {"num_ctx"}), "");
}

TEST(FormatDurationTest, ChoosesTheUnitAPersonWould) {
  EXPECT_EQ(FormatDuration(duration<double>(2.34)), "2.3 s");
  EXPECT_EQ(FormatDuration(duration<double>(13)), "13 s");
  EXPECT_EQ(FormatDuration(duration<double>(252)), "4.2 min");
  EXPECT_EQ(FormatDuration(duration<double>(21.7 * 3600)), "21.7 h");
}

TEST(TrimTest, TakesBlanksFromTheEndsAlone) {
  EXPECT_EQ(Trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(Trim("a"), "a");
  EXPECT_EQ(Trim(" \n"), "");
  EXPECT_EQ(Trim(""), "");
  EXPECT_EQ(Trim("\"host\" ", " \""), "host");
  EXPECT_EQ(Trim("\na\r", " \t"), "\na\r") << "only what is named";
}

TEST(WithoutPasswordsTest, HidesThemInAddressesAndAssignments) {
  EXPECT_EQ(WithoutPasswords("no postgresql://u:s3c@ret@h:1/d?x=1 here"),
            "no postgresql://u:***@h:1/d?x=1 here");
  EXPECT_EQ(WithoutPasswords("host=h Password = s3cret dbname=d"),
            "host=h Password = *** dbname=d");
  EXPECT_EQ(WithoutPasswords("password='a b' x"), "password=***' x");
  EXPECT_EQ(WithoutPasswords("postgresql://u@h:1/d?password=s3cret&x=1"),
            "postgresql://u@h:1/d?password=***&x=1");
  for (const char* text : {"http://127.0.0.1:11434", "postgresql://u@h:1/d", "password", "a:b@c"}) {
    EXPECT_EQ(WithoutPasswords(text), text);
  }
}

TEST(LowerTest, LeavesAllButAsciiLettersAsTheyAre) {
  EXPECT_EQ(Lower("CUDA Error: 2\xC3\x84"), "cuda error: 2\xC3\x84");
}

}  // namespace
}  // namespace ollama_bench
