// How lists and ranges are written, in a file and on the command line.
#include "config_fixture.h"

namespace ollama_bench {
namespace {

class ListTest : public ConfigTest {
 protected:
  [[nodiscard]] std::vector<int> ValuesOf(std::string_view yaml) const {
    const auto config = Load(yaml);
    EXPECT_TRUE(config) << yaml << "\n" << Lines(config);
    return config ? config->space.ValuesOf(Parameter::kNumCtx) : std::vector<int>();
  }
  // The same text in a file and as a flag.
  void ExpectBoth(const std::string& text, const std::vector<int>& values) const {
    EXPECT_EQ(ValuesOf("num_ctx: " + text + "\n"), values) << text;
    ConfigOverrides flags;
    flags.values["num_ctx"] = text;
    const auto config = LoadSweepConfig(std::nullopt, flags);
    ASSERT_TRUE(config) << Lines(config);
    EXPECT_EQ(config->space.ValuesOf(Parameter::kNumCtx), values) << text;
  }
  [[nodiscard]] static std::string ErrorOfFlag(const std::string& key, const std::string& text) {
    ConfigOverrides flags;
    flags.values[key] = text;
    const auto config = LoadSweepConfig(std::nullopt, flags);
    return config ? "(loads)" : FormatConfigError(config.error().front());
  }
};

TEST_F(ListTest, CommasAndBlanksSeparate) {
  for (const char* text : {"4096,8192", "4096 8192", "4096, 8192", " 4096 ,  8192 ", "[4096,8192]",
                           "[4096 8192]", "[4096, 8192]"}) {
    ExpectBoth(text, {4096, 8192});
  }
}

TEST_F(ListTest, EndsOfLinesSeparate) {
  ConfigOverrides flags;
  flags.values["num_ctx"] = "4096\n6144\r\n8192\n";
  const auto config = LoadSweepConfig(std::nullopt, flags);
  ASSERT_TRUE(config) << Lines(config);
  EXPECT_EQ(config->space.ValuesOf(Parameter::kNumCtx), (std::vector<int>{4096, 6144, 8192}));
}

TEST_F(ListTest, EntriesMayBeRanges) {
  ExpectBoth("4096-8192:2048", {4096, 6144, 8192});
  ExpectBoth("4096 - 8192:2048", {4096, 6144, 8192});
  ExpectBoth("1024, 4096-8192:2048 16384", {1024, 4096, 6144, 8192, 16384});
}

TEST_F(ListTest, NoRemedyJoinsTheDigitsOfTwoValues) {
  EXPECT_EQ(ErrorsOf("num_ctx: \"4096, 8192\"\n"),
            "sweep.yaml:1: num_ctx: \"4096, 8192\" in quotes is a text; write [4096, 8192]\n");
  for (const char* yaml : {"repetitions: 1, 2\n", "timeout_s: 1 000\n", "extra: 3 6\n"}) {
    EXPECT_NE(ErrorsOf(yaml).find("write a whole number"), std::string::npos) << ErrorsOf(yaml);
  }
}

TEST_F(ListTest, AnErrorInARangeNamesItsPart) {
  EXPECT_EQ(ErrorOfFlag("num_thread", "1-9:5000"),
            "--num-thread (step): 5000 is above 4096; write a whole number from 1 to 4096");
  EXPECT_EQ(ErrorOfFlag("num_ctx", "8-4:2"),
            "--ctx (end): 4 is below the start, 8; write 8 or more, or a smaller start");
  EXPECT_EQ(ErrorOfFlag("num_ctx", "64,x-8:2").substr(0, 14), "--ctx (start):");
}

TEST_F(ListTest, WhatIsAlmostAListOrRangeHasItsRemedy) {
  EXPECT_EQ(ErrorOfFlag("num_ctx", "4-8"), "--ctx: 4-8 is a range without a step; write 4-8:STEP");
  EXPECT_EQ(ErrorOfFlag("num_ctx", "4..8"),
            "--ctx: 4..8 is a range without a step; write 4-8:STEP");
  EXPECT_EQ(ErrorOfFlag("num_ctx", "4;8"), "--ctx: 4;8 is no list; write 4,8");
  EXPECT_EQ(ErrorOfFlag("num_ctx", "4|8/16"), "--ctx: 4|8/16 is no list; write 4,8,16");
  EXPECT_EQ(ErrorOfFlag("num_ctx", "4; 8"), "--ctx: 4; is no list; write 4");
  EXPECT_EQ(ErrorOfFlag("num_ctx", "4,,8,"), "--ctx: there is a comma too many; write 4,8");
  EXPECT_EQ(ErrorOfFlag("num_ctx", ""), "--ctx: no value is given; write 4096,8192");
}

TEST_F(ListTest, PartsOfARangeUnderOtherNamesAreRecognised) {
  EXPECT_NE(ErrorsOf("num_ctx: {start: 1, stop: 9, step: 2}\n").find("did you mean end?"),
            std::string::npos);
  EXPECT_NE(ErrorsOf("num_ctx: {from: 1, to: 9, by: 2}\n")
                .find("by: is no known key; did you mean "
                      "step?"),
            std::string::npos);
  EXPECT_EQ(ErrorsOf("num_ctx: {start: 1, end: 9, stop: 2}\n").find("did you mean"),
            std::string::npos)
      << "an end is no step";
  EXPECT_NE(ErrorsOf("ctx: 4096\n").find("did you mean num_ctx?"), std::string::npos);
  EXPECT_EQ(ErrorsOf("num_ctx: {start: 1, end: 9, step: 2, sten: 1}\n").find("did you mean s"),
            std::string::npos)
      << "what is there already was not meant";
}

}  // namespace
}  // namespace ollama_bench
