#include "ollama_bench/core/parameter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/server_variable.h"

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
    const bool is_name = info.type == ParameterType::kName;
    const int first = is_name ? ValueOfName("a") : info.lowest;
    const int last = is_name ? ValueOfName("b") : info.highest;
    for (const int value : {kAutoValue, first, last}) {
      EXPECT_TRUE(seen.insert(FormatValue(info.parameter, value)).second) << info.key;
      EXPECT_EQ(ParseValue(info.parameter, FormatValue(info.parameter, value)), value) << info.key;
    }
    EXPECT_EQ(FormatValue(info.parameter, kAutoValue), "auto");
  }
  EXPECT_EQ(FormatValue(Parameter::kNumCtx, 4096), "4096");
  EXPECT_EQ(FormatValue(Parameter::kUseMmap, 1), "true");
  EXPECT_EQ(FormatValue(Parameter::kUseMmap, 0), "false");
}

TEST(ParameterTest, ASetIsWrittenByItsMembersAndReadInAnyOrder) {
  EXPECT_EQ(FormatValue(Parameter::kGpus, 0b1), "0");
  EXPECT_EQ(FormatValue(Parameter::kGpus, 0b1011), "0+1+3");
  EXPECT_EQ(ParseValue(Parameter::kGpus, "3+0+1"), 0b1011);
  for (const std::string text : {"", "+", "0+", "+0", "0+0", "a", "-1", "30", "0,1", "1e0"}) {
    EXPECT_EQ(ParseValue(Parameter::kGpus, text), std::nullopt) << text;
  }
}

TEST(ParameterTest, AChoiceIsOneOfItsWords) {
  for (const ParameterInfo& info : AllParameters()) {
    EXPECT_EQ(info.type == ParameterType::kChoice, !info.choices.empty()) << info.key;
    for (const std::string_view word : info.choices) {
      const auto value = ParseValue(info.parameter, word);
      ASSERT_TRUE(value) << word;
      EXPECT_EQ(FormatValue(info.parameter, *value), word);
    }
  }
  EXPECT_EQ(ParseValue(Parameter::kKvCacheType, "q8_0"), static_cast<int>(KvCacheType::kQ8));
  EXPECT_EQ(ParseValue(Parameter::kKvCacheType, "Q8_0"), std::nullopt);
}

TEST(ParameterTest, ANameHasOneNumberAndIsOrderedByItsLetters) {
  const int later = ValueOfName("zeta");
  const int earlier = ValueOfName("alpha");
  EXPECT_EQ(ValueOfName(std::string("zeta")), later);
  EXPECT_EQ(NameOfValue(later), "zeta");
  EXPECT_EQ(NameOfValue(-1), "");
  EXPECT_EQ(NameOfValue(1 << 30), "");
  EXPECT_LT(later, earlier) << "numbers are given in the order of first use";
  EXPECT_TRUE(IsBefore(Parameter::kModel, earlier, later));
  EXPECT_FALSE(IsBefore(Parameter::kModel, later, earlier));
  EXPECT_FALSE(IsBefore(Parameter::kModel, later, later));
  EXPECT_TRUE(IsBefore(Parameter::kModel, kAutoValue, earlier));
  EXPECT_LT(Cell().With(Parameter::kModel, earlier), Cell().With(Parameter::kModel, later));
}

TEST(ParameterTest, EverySettingOfTheServerIsAVariableOfItsEnvironmentAndNothingElseIs) {
  for (const ParameterInfo& info : AllParameters()) {
    EXPECT_EQ(info.scope == Scope::kServer, !info.variable.empty()) << info.key;
    if (info.scope != Scope::kServer) continue;
    for (const int value : {info.lowest, info.highest}) {
      const std::string text = VariableText(info.parameter, value);
      EXPECT_EQ(ReadVariableText(info.parameter, text), value) << info.key;
      EXPECT_EQ(ReadVariableText(info.parameter, " \"" + text + "\" "), value) << info.key;
    }
    EXPECT_EQ(ReadVariableText(info.parameter, ""), std::nullopt) << info.key;
  }
  EXPECT_EQ(VariableText(Parameter::kGpus, 0b101), "0,2");
  EXPECT_EQ(ReadVariableText(Parameter::kFlashAttention, "true"), 1);
  EXPECT_EQ(ReadVariableText(Parameter::kFlashAttention, "FALSE"), 0);
  EXPECT_EQ(ReadVariableText(Parameter::kNumParallel, "0"), std::nullopt) << "automatic";
  EXPECT_EQ(ReadVariableText(Parameter::kKvCacheType, "Q8_0"), static_cast<int>(KvCacheType::kQ8));
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
