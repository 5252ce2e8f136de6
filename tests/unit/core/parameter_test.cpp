#include "ollama_bench/core/parameter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

namespace ollama_bench {
namespace {

TEST(ParameterTest, TheTableHoldsEachParameterOnceInTheOrderOfTheEnumeration) {
  ASSERT_EQ(AllParameters().size(), kParameterCount);
  for (std::size_t i = 0; i < kParameterCount; ++i) {
    EXPECT_EQ(static_cast<std::size_t>(AllParameters()[i].parameter), i);
    EXPECT_EQ(&Describe(static_cast<Parameter>(i)), &AllParameters()[i]);
  }
}

TEST(ParameterTest, KeysAndFlagsAreDistinctAndOfOneForm) {
  std::set<std::string_view> keys;
  std::set<std::string_view> flags;
  for (const ParameterInfo& info : AllParameters()) {
    EXPECT_TRUE(keys.insert(info.key).second) << info.key;
    EXPECT_TRUE(flags.insert(info.flag).second) << info.flag;
    EXPECT_TRUE(info.flag.starts_with("--")) << info.flag;
    EXPECT_TRUE(std::all_of(info.key.begin(), info.key.end(), [](unsigned char c) {
      return std::islower(c) != 0 || c == '_';
    })) << info.key;
  }
}

TEST(ParameterTest, NoTwoKeysAreOneCharacterApart) {
  // A key of a results file that differs in one character from a missing one counts as damage.
  for (const ParameterInfo& a : AllParameters()) {
    for (const ParameterInfo& b : AllParameters()) {
      if (&a == &b || a.key.size() != b.key.size()) continue;
      int apart = 0;
      for (std::size_t i = 0; i < a.key.size(); ++i) apart += a.key[i] != b.key[i] ? 1 : 0;
      EXPECT_GT(apart, 1) << a.key << ' ' << b.key;
    }
  }
}

TEST(ParameterTest, AKeyLeadsBackToItsParameterAndNothingElseDoes) {
  for (const ParameterInfo& info : AllParameters()) {
    EXPECT_EQ(ParameterFromKey(info.key), info.parameter);
    EXPECT_EQ(KeyOf(info.parameter), info.key);
    EXPECT_EQ(ParameterFromKey(std::string(info.key) + "x"), std::nullopt);
    EXPECT_EQ(ParameterFromKey(info.key.substr(1)), std::nullopt);
  }
  EXPECT_EQ(ParameterFromKey(""), std::nullopt);
}

TEST(ParameterTest, BoundsLeaveAChoiceAndAreNeverAuto) {
  for (const ParameterInfo& info : AllParameters()) {
    EXPECT_GE(info.lowest, 0) << info.key;
    EXPECT_LT(info.lowest, info.highest) << info.key;
    EXPECT_GT(info.lowest, kAutoValue) << info.key << ": auto sorts before every number";
    if (info.type == ParameterType::kSwitch) {
      EXPECT_EQ(info.lowest, 0) << info.key;
      EXPECT_EQ(info.highest, 1) << info.key;
    }
  }
}

TEST(ParameterTest, WritesEachValueInAFormOfItsOwn) {
  for (const ParameterInfo& info : AllParameters()) {
    std::set<std::string> seen;
    for (const int value : {kAutoValue, info.lowest, info.highest}) {
      EXPECT_TRUE(seen.insert(FormatValue(info.parameter, value)).second) << info.key;
      EXPECT_EQ(ParseValue(info.parameter, FormatValue(info.parameter, value)), value) << info.key;
    }
    EXPECT_EQ(FormatValue(info.parameter, kAutoValue), "auto");
  }
  EXPECT_EQ(FormatValue(Parameter::kNumCtx, 4096), "4096");
  EXPECT_EQ(FormatValue(Parameter::kUseMmap, 1), "true");
  EXPECT_EQ(FormatValue(Parameter::kUseMmap, 0), "false");
}

TEST(ParameterTest, ReadsNothingThatIsNoValue) {
  for (const std::string text : {"", "4k", "4.0", " 4", "yes", "Auto"}) {
    EXPECT_EQ(ParseValue(Parameter::kNumThread, text), std::nullopt) << text;
    EXPECT_EQ(ParseValue(Parameter::kUseMmap, text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseValue(Parameter::kNumThread, "true"), std::nullopt);
  EXPECT_EQ(ParseValue(Parameter::kUseMmap, "1"), std::nullopt);
}

TEST(ParameterTest, SaysOfEachWhatItIs) {
  for (const ParameterInfo& info : AllParameters()) {
    EXPECT_FALSE(info.help.empty()) << info.key;
    EXPECT_FALSE(info.help.ends_with('.')) << info.key;
    EXPECT_FALSE(info.example.empty()) << info.key;
  }
}

}  // namespace
}  // namespace ollama_bench
