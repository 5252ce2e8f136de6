#include "ollama_bench/config/suite_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

using ::testing::HasSubstr;

class SuiteConfigTest : public ::testing::Test {
 protected:
  Expected<SuiteConfig, std::vector<ConfigError>> Load(const std::string& text,
                                                       bool quick = false) {
    std::ofstream(Path()) << text;
    return LoadSuiteConfig(Path(), quick);
  }
  [[nodiscard]] std::filesystem::path Path() const { return folder_.path() / "suite.yaml"; }
  static std::string ValueOf(const SuiteExperiment& experiment, const std::string& flag) {
    for (const SuiteOption& option : experiment.options) {
      if (option.flag == flag) return option.value.value_or("(flag)");
    }
    return "(absent)";
  }
  // "suite.yaml:3: ..." of the first error.
  std::string ErrorOf(const std::string& text) {
    const auto suite = Load(text);
    if (suite) return "(no error)";
    return FormatConfigError(suite.error().front());
  }

  TemporaryFolder folder_;
};

TEST_F(SuiteConfigTest, KeysOfAnExperimentAreOptionsOfItsCommand) {
  const auto suite = Load(
      "model: m\n"
      "experiments:\n"
      "  - name: settings\n"
      "    num_ctx: {start: 1024, end: 4096, step: 1024}\n"
      "    num_batch: [64, 128]\n"
      "    flash_attention: [true, false]\n"
      "    timeout_s: 60\n"
      "  - command: prompts\n"
      "    max_new_tokens: 4\n"
      "    skip_bad: true\n"
      "    input: data/p.jsonl\n");
  ASSERT_TRUE(suite);
  EXPECT_EQ(suite->common, (std::vector<SuiteOption>{{"--model", "m", 1}}));
  ASSERT_EQ(suite->experiments.size(), 2U);
  const SuiteExperiment& settings = suite->experiments[0];
  EXPECT_EQ(settings.name, "settings");
  EXPECT_EQ(settings.command, "run");
  EXPECT_EQ(settings.limit, std::chrono::seconds(60));
  EXPECT_EQ(ValueOf(settings, "--ctx"), "1024-4096:1024");
  EXPECT_EQ(ValueOf(settings, "--batch"), "64,128");
  EXPECT_EQ(ValueOf(settings, "--flash-attention"), "true,false");
  EXPECT_EQ(ValueOf(settings, "--timeout"), "(absent)") << "timeout_s is the suite's";
  const SuiteExperiment& prompts = suite->experiments[1];
  EXPECT_EQ(prompts.name, "prompts") << "by itself the command's";
  EXPECT_EQ(ValueOf(prompts, "--skip-bad"), "(flag)");
  EXPECT_EQ(ValueOf(prompts, "--input"), (folder_.path() / "data/p.jsonl").string());
}

TEST_F(SuiteConfigTest, AQuickSuiteReplacesKeysAndLeavesExperimentsOut) {
  const std::string text =
      "experiments:\n"
      "  - command: load\n"
      "    concurrency: [1, 2, 4]\n"
      "    num_predict: 100\n"
      "    quick: {concurrency: 1, timeout_s: 5}\n"
      "  - command: scale\n"
      "    quick: false\n";
  const auto whole = Load(text);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->experiments.size(), 2U);
  EXPECT_EQ(ValueOf(whole->experiments[0], "--concurrency"), "1,2,4");
  EXPECT_FALSE(whole->experiments[0].limit);
  const auto quick = Load(text, true);
  ASSERT_TRUE(quick);
  ASSERT_EQ(quick->experiments.size(), 1U);
  EXPECT_EQ(ValueOf(quick->experiments[0], "--concurrency"), "1");
  EXPECT_EQ(ValueOf(quick->experiments[0], "--num-predict"), "100");
  EXPECT_EQ(quick->experiments[0].limit, std::chrono::seconds(5));
}

TEST_F(SuiteConfigTest, ALimitBesideTheListIsThatOfEveryExperimentWithoutItsOwn) {
  const auto suite = Load(
      "experiments:\n"
      "  - name: a\n"
      "  - {name: b, timeout_s: 7}\n"
      "timeout_s: 60\n");
  ASSERT_TRUE(suite);
  EXPECT_TRUE(suite->common.empty());
  EXPECT_EQ(suite->experiments[0].limit, std::chrono::seconds(60));
  EXPECT_EQ(suite->experiments[1].limit, std::chrono::seconds(7));
}

TEST_F(SuiteConfigTest, AFlagThatIsFalseIsOffWhateverIsCommon) {
  const auto suite = Load(
      "bandwidth: true\n"
      "experiments:\n"
      "  - {command: scale, bandwidth: false}\n");
  ASSERT_TRUE(suite);
  ASSERT_EQ(suite->experiments[0].options.size(), 1U);
  EXPECT_TRUE(suite->experiments[0].options[0].is_off);
}

TEST_F(SuiteConfigTest, WhatIsWrongIsNamedWithItsLine) {
  EXPECT_THAT(ErrorOf("model: m\n"), HasSubstr("there are no experiments"));
  EXPECT_THAT(ErrorOf("experiments: []\n"), HasSubstr("there are no experiments"));
  EXPECT_THAT(ErrorOf("experiments:\n  - command: doctor\n"),
              HasSubstr("suite.yaml:2: command: it is no command that measures"));
  EXPECT_THAT(ErrorOf("experiments:\n  - name: ../x\n"), HasSubstr("suite.yaml:2: name"));
  EXPECT_THAT(ErrorOf("experiments:\n  - command: run\n  - command: run\n"),
              HasSubstr("suite.yaml:3: name: two experiments are called run"));
  EXPECT_THAT(ErrorOf("experiments:\n  - results: mine.json\n"),
              HasSubstr("the suite itself decides it"));
  EXPECT_THAT(ErrorOf("experiments:\n  - timeout_s: soon\n"), HasSubstr("timeout_s"));
  EXPECT_THAT(ErrorOf("experiments:\n  - num_ctx: {start: 1, end: 2}\n"), HasSubstr("num_ctx"));
  EXPECT_THAT(ErrorOf("experiments:\n  - num_ctx: 1\n    num_ctx: 2\n"), HasSubstr("twice"));
  EXPECT_THAT(ErrorOf("experiments:\n  - num_ctx: [1024, {x: 1}, 4096]\n"), HasSubstr("num_ctx"));
  EXPECT_THAT(ErrorOf("experiments:\n  - name: suite\n"), HasSubstr("suite.yaml:2: name"));
  EXPECT_THAT(ErrorOf("experiments:\n  - command: run\n    quick: 7\n"), HasSubstr("quick"));
  EXPECT_THAT(ErrorOf("- a\n"), HasSubstr("no map of keys"));
  EXPECT_THAT(ErrorOf("experiments: [\n"), HasSubstr("suite.yaml:"));
}

TEST_F(SuiteConfigTest, TheShippedSuiteIsRead) {
  for (const bool quick : {false, true}) {
    const auto suite =
        LoadSuiteConfig(std::string(OLLAMA_BENCH_CONFIGS) + "/comprehensive.yaml", quick);
    ASSERT_TRUE(suite);
    EXPECT_EQ(suite->experiments.size(), quick ? 4U : 5U);
  }
}

}  // namespace
}  // namespace ollama_bench
