#include "ollama_bench/core/model_name.h"

#include <gtest/gtest.h>
#include <regex.h>

#include <random>

namespace ollama_bench {
namespace {

TEST(ModelNameTest, AcceptsWhatOllamaLists) {
  for (const char* name :
       {"qwen3", "qwen3:4b", "smollm2:135m-instruct-q4_K_M", "hf.co/unsloth/Qwen3-4B-GGUF:Q4_0",
        "localhost:5000/me/model", "me/model:latest", "_x", "a.b.c", "https://hf.co/me/model:Q4",
        "HTTP://localhost:5000/me/model"}) {
    EXPECT_TRUE(IsValidModelName(name)) << name;
  }
}

TEST(ModelNameTest, RefusesWhatCouldBeAnOptionAPathOrAnInstruction) {
  for (const char* name :
       {"",        "-v",       "--verbose",   "a/-b",       "a:-b",      ".",
        "..",      "../model", "./model",     "/model",     "a//b",      "a/",
        ":tag",    "a:",       "a:b:c",       "a b",        "a\nFROM b", "a\x1b[2J",
        "h/n.s/m", "a/b/c/d",  "ftp://h/n/m", "m@sha256:1", "\xC3\xA4"}) {
    EXPECT_FALSE(IsValidModelName(name)) << name;
  }
}

TEST(ModelNameTest, LimitsTheLengthOfEachPart) {
  EXPECT_TRUE(IsValidModelName(std::string(80, 'm') + ":" + std::string(80, 't')));
  EXPECT_FALSE(IsValidModelName(std::string(81, 'm')));
  EXPECT_FALSE(IsValidModelName("m:" + std::string(81, 't')));
  EXPECT_TRUE(IsValidModelName(std::string(350, 'h') + "/n/m"));
  EXPECT_FALSE(IsValidModelName(std::string(351, 'h') + "/n/m"));
  EXPECT_FALSE(IsValidModelName(std::string(81, 'n') + "/m"));
}

TEST(ModelNameTest, AgreesWithOllamasGrammarAsARegularExpression) {
  // The lengths are left out here; they have a test of their own.
  regex_t grammar;
  ASSERT_EQ(regcomp(&grammar,
                    "^(([A-Za-z0-9_][A-Za-z0-9_.:-]*/)?[A-Za-z0-9_][A-Za-z0-9_-]*/)?"
                    "[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$",
                    REG_EXTENDED | REG_NOSUB),
            0);
  std::mt19937 random(20261121);
  const std::string alphabet = "aZ9_-.:/ @";
  int valid = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string name;
    for (std::size_t length = random() % 9; name.size() < length;) {
      name += alphabet[random() % alphabet.size()];
    }
    const bool matches = regexec(&grammar, name.c_str(), 0, nullptr, 0) == 0;
    EXPECT_EQ(IsValidModelName(name), matches) << '"' << name << '"';
    valid += IsValidModelName(name) ? 1 : 0;
  }
  regfree(&grammar);
  EXPECT_GT(valid, 1'000) << "both sides of the rule are exercised";
}

TEST(ModelNameTest, NormalizesToTheNameThatTheServerLists) {
  EXPECT_EQ(NormalizeModelName("qwen3"), "qwen3:latest");
  EXPECT_EQ(NormalizeModelName("qwen3:4b"), "qwen3:4b");
  EXPECT_EQ(NormalizeModelName("library/qwen3"), "qwen3:latest");
  EXPECT_EQ(NormalizeModelName("Registry.Ollama.AI/library/qwen3:4b"), "qwen3:4b");
  EXPECT_EQ(NormalizeModelName("registry.ollama.ai/me/qwen3"), "me/qwen3:latest");
  EXPECT_EQ(NormalizeModelName("me/qwen3"), "me/qwen3:latest");
  EXPECT_EQ(NormalizeModelName("localhost:5000/library/qwen3"),
            "localhost:5000/library/qwen3:latest");
}

TEST(ModelNameTest, NeitherCaseNorAWebAddressMakesAnotherModel) {
  EXPECT_TRUE(IsSameModelName("SMOLLM2", "smollm2:latest"));
  EXPECT_TRUE(IsSameModelName("hf.co/me/model:q4_k_m", "https://HF.co/Me/Model:Q4_K_M"));
  EXPECT_TRUE(IsSameModelName("https://registry.ollama.ai/library/qwen3:4b", "qwen3:4B"));
  EXPECT_FALSE(IsSameModelName("qwen3:4b", "qwen3:8b"));
  EXPECT_FALSE(IsSameModelName("hf.co/me/model", "me/model"));
}

TEST(ModelNameTest, KnowsTheNamesOfOllamasCloud) {
  for (const char* name : {"gpt-oss:120b-cloud", "qwen3:CLOUD", "me/x:cloud"}) {
    EXPECT_TRUE(IsCloudModelName(name)) << name;
  }
  for (const char* name : {"my-cloud", "cloud", "cloud/x:7b", "x:cloudy"}) {
    EXPECT_FALSE(IsCloudModelName(name)) << name;
  }
}

TEST(ModelNameTest, NormalizingTwiceChangesNothingMore) {
  for (const char* name : {"qwen3", "library/a:b", "h:1/n/m", "registry.ollama.ai/library/x"}) {
    const std::string once = NormalizeModelName(name);
    EXPECT_TRUE(IsValidModelName(once)) << once;
    EXPECT_EQ(NormalizeModelName(once), once);
  }
}

}  // namespace
}  // namespace ollama_bench
