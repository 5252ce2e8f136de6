#include "ollama_bench/workload/prompt_feed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

namespace ollama_bench {
namespace {

TEST(BuiltInTextTest, HasExactlyTheWordsAskedFor) {
  for (const int words : {0, 1, 5, 12, 13, 100, 4321}) {
    std::istringstream in(BuiltInText(words));
    int counted = 0;
    for (std::string word; in >> word;) ++counted;
    EXPECT_EQ(counted, words);
  }
}

TEST(BuiltInTextTest, AShorterTextIsTheStartOfALongerOne) {
  const std::string text = BuiltInText(2000);
  for (int words = 0; words < 200; ++words) EXPECT_TRUE(text.starts_with(BuiltInText(words)));
}

TEST(BuiltInTextTest, RepeatsNoStretchOfFiftyWords) {
  std::istringstream in(BuiltInText(20'000));
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  std::set<std::string> seen;
  for (std::size_t i = 0; i + 50 <= words.size(); i += 10) {
    std::string stretch;
    for (std::size_t j = i; j < i + 50; ++j) stretch += words[j] + ' ';
    EXPECT_TRUE(seen.insert(stretch).second) << stretch;
  }
}

TEST(PromptMarkerTest, FiftyTwoInARowDifferInTheFirstCharacterAndAllAreEquallyLong) {
  for (std::uint64_t start : {0ULL, 17ULL, 5199ULL, 4'000'000'000ULL}) {
    std::set<char> first;
    for (std::uint64_t i = 0; i < 52; ++i) {
      const std::string marker = PromptMarker(start + i);
      first.insert(marker.front());
      EXPECT_EQ(marker.size(), PromptMarker(0).size());
    }
    EXPECT_EQ(first.size(), 52U);
  }
}

TEST(PromptMarkerTest, FiveThousandInARowAreAllDifferent) {
  std::set<std::string> markers;
  for (std::uint64_t i = 0; i < 5200; ++i) markers.insert(PromptMarker(i));
  EXPECT_EQ(markers.size(), 5200U);
}

TEST(PromptFeedTest, APartIsAStartOfTheTextAndCutsNoCharacter) {
  PromptFeed feed(0);
  std::string text;
  for (int i = 0; i < 100; ++i) text += "\xE2\x9C\x93\xC2\xB5x";
  feed.SetText(text);
  for (int percent = 0; percent <= 120; ++percent) {
    const std::string part = feed.NextPart(percent / 100.0).substr(PromptMarker(0).size());
    ASSERT_TRUE(text.starts_with(part));
    const bool whole = part.size() == text.size();
    EXPECT_TRUE(whole || (static_cast<unsigned char>(text[part.size()]) & 0xC0U) != 0x80U);
  }
}

}  // namespace
}  // namespace ollama_bench
