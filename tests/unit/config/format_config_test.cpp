#include "ollama_bench/config/format_config.h"

#include "config_fixture.h"

namespace ollama_bench {
namespace {

class FormatConfigTest : public ConfigTest {
 protected:
  // What is read back from the configuration as it is written.
  SweepConfig RoundTrip(const SweepConfig& config) {
    const auto read = Load(FormatSweepConfig(config));
    EXPECT_TRUE(read) << Lines(read) << FormatSweepConfig(config);
    return read ? *read : SweepConfig();
  }
};

TEST_F(FormatConfigTest, WhatIsWrittenIsReadBackToTheSameValues) {
  SweepConfig config;
  EXPECT_EQ(RoundTrip(config), config) << "nothing said";
  config.extra = 0;
  EXPECT_EQ(RoundTrip(config), config) << "no extra loads are not the usual ones";
  config.model = "hf.co/me/model:Q4_0";
  config.grid = {{{4096, 1024, 2048}}, {{64}}};
  EXPECT_EQ(RoundTrip(config), config);
  config.row_first = true;
  config.num_predict = 9;
  config.repetitions = 4;
  config.extra = 1;
  config.timeout = std::chrono::seconds(77);
  config.prompt = BuiltInPrompt{300};
  EXPECT_EQ(RoundTrip(config), config);
}

TEST_F(FormatConfigTest, APromptInWordsKeepsEveryCharacter) {
  SweepConfig config;
  config.model = "m";
  for (const char* text : {"plain", "two\nlines\n", "tab\t\"quoted\" 'single' \\ # : - {}",
                           " blanks ", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "0", "true", "~"}) {
    config.prompt = PromptText{text, {}};
    EXPECT_EQ(RoundTrip(config), config) << text;
  }
}

TEST_F(FormatConfigTest, FilesAreNamedByTheirPaths) {
  SweepConfig config;
  config.modelfile = Write("Modelfile", "FROM x\n");
  config.prompt = PromptText{"Hello.\n", Write("prompt.txt", "Hello.\n")};
  config.grid = {{{1024}}, {{64, 128}}};
  EXPECT_EQ(RoundTrip(config), config);
}

}  // namespace
}  // namespace ollama_bench
