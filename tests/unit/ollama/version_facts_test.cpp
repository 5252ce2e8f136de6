#include "ollama_bench/ollama/version_facts.h"

#include <gtest/gtest.h>

#include "support/test_data.h"

namespace ollama_bench {
namespace {

std::string Said(std::string_view version) {
  std::string text;
  for (const VersionFact& fact : FactsOfVersion(*ParseOllamaVersion(version))) {
    text += std::string(fact.is_warning ? "! " : "- ") + std::string(fact.text) + "\n";
  }
  return text;
}

TEST(VersionFactsTest, ReadsReleasesAndWhatIsBuiltOnThem) {
  EXPECT_EQ(ParseOllamaVersion("0.11.4"), (OllamaVersion{0, 11, 4}));
  EXPECT_EQ(ParseOllamaVersion("v0.33.0-rc2"), (OllamaVersion{0, 33, 0}));
  EXPECT_EQ(ParseOllamaVersion("0.13.5+local"), (OllamaVersion{0, 13, 5}));
}

TEST(VersionFactsTest, KnowsNothingOfWhatIsNoRelease) {
  for (const char* text : {"", "0.0.0", "0.11", "0.11.x", "-1.2.3", "0.11.4.5", "latest",
                           "99999999999999999999.0.0"}) {
    EXPECT_FALSE(ParseOllamaVersion(text)) << text;
  }
}

TEST(VersionFactsTest, ComparesNumbersAndNotTexts) {
  EXPECT_LT(*ParseOllamaVersion("0.9.6"), *ParseOllamaVersion("0.11.4"));
}

TEST(VersionFactsTest, WarnsOfTheReleasesThatCountTheLastBatchAlone) {
  EXPECT_EQ(Said("0.12.5").substr(0, 2), "! ");
  EXPECT_EQ(Said("0.12.6").substr(0, 2), "! ");
  EXPECT_EQ(Said("0.12.4").find('!'), std::string::npos);
  EXPECT_EQ(Said("0.12.7").find('!'), std::string::npos);
}

TEST(VersionFactsTest, TellsWhereNumBatchAbove512ChangesNothing) {
  const char* part = "above 512 changes nothing";
  EXPECT_NE(Said("0.13.2").find(part), std::string::npos);
  EXPECT_EQ(Said("0.13.3").find(part), std::string::npos);
  EXPECT_EQ(Said("0.32.15").find(part), std::string::npos);
}

TEST(VersionFactsTest, WarnsOfReleasesOlderThanTheProgram) {
  EXPECT_EQ(Said("0.6.7").substr(0, 2), "! ");
  EXPECT_NE(Said("0.6.8").substr(0, 2), "! ");
}

TEST(VersionFactsTest, BeforeASweepOnlyWarningsAreTold) {
  EXPECT_TRUE(VersionWarnings("0.11.4").empty());
  ASSERT_EQ(VersionWarnings("0.0.0").size(), 1U) << "that nothing is known of it is said";
  ASSERT_EQ(VersionWarnings("0.12.6").size(), 1U);
  EXPECT_EQ(VersionWarnings("0.12.6")[0].substr(0, 15), "Ollama 0.12.6: ");
}

TEST(VersionFactsTest, TakesTheClientsVersionFromRealOutput) {
  EXPECT_EQ(ClientVersion(ReadTestData("transcripts/v0.13.5/version.stdout")), "0.13.5");
  EXPECT_EQ(ClientVersion("ollama version is 0.13.5\nWarning: client version is 0.11.4\n"),
            "0.11.4");
  EXPECT_EQ(ClientVersion("Warning: could not connect to a running Ollama instance\n"
                          "Warning: client version is 0.11.4\n"),
            "0.11.4");
  EXPECT_EQ(ClientVersion("something else"), "");
}

TEST(VersionFactsTest, LlamaServerKeepsThePromptsThatOthersDisplace) {
  EXPECT_FALSE(KeepsDisplacedPrompts({0, 24, 0}));
  EXPECT_TRUE(KeepsDisplacedPrompts({0, 30, 0}));
  EXPECT_TRUE(KeepsDisplacedPrompts({0, 32, 15}));
}

}  // namespace
}  // namespace ollama_bench
