#include "ollama_bench/store/prompt_lines.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/prompt_records.h"

namespace ollama_bench {
namespace {

using Json = nlohmann::ordered_json;

TEST(PromptLinesTest, ARecordReadsBackAsItWas) {
  PromptRecord record = AnsweredPrompt(2, 5);
  record.is_first_after_load = true;
  record.slot = 3;
  record.repeat = 2;
  record.item.messages = {{"system", "s"}, {"user", record.item.prompt}};
  record.response = "line\nwith \"quotes\" and \xC3\xA4";
  const PromptRecord failed = FailedPrompt(1, 5, FailureKind::kNoMetrics, "unfinished");
  for (const PromptRecord& each : {record, failed}) {
    const std::string line = FormatPromptLine(each);
    EXPECT_TRUE(line.starts_with(kPromptLineStart));
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto read = ParsePromptLine(line);
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(*read, each);
  }
}

TEST(PromptLinesTest, HasTheKeysOfBatchTimingScriptsWithTheirMeaning) {
  const Json json = Json::parse(FormatPromptLine(AnsweredPrompt(0, 1)));
  for (const char* key : {"id", "prompt", "response", "model_config", "timing"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["timing"]["decode_avg_ms"], 15.0) << "over all tokens";
  EXPECT_EQ(json["timing"]["tokens_per_second"], 50.0) << "of the tokens after the first";
  EXPECT_EQ(json["decode_step_times_ms"], Json::parse("[10.5,20.0,0.25]"));
}

TEST(PromptLinesTest, AnIdStaysANumberOrAText) {
  PromptRecord record = AnsweredPrompt(0, 1);
  record.item.id = "7";
  EXPECT_EQ(Json::parse(FormatPromptLine(record))["id"], "7");
  record.item.id_is_number = true;
  EXPECT_EQ(Json::parse(FormatPromptLine(record))["id"], 7);
}

TEST(PromptLinesTest, AnyPartOfALineThatIsMissingOrOfAnotherTypeIsNamed) {
  const Json whole = Json::parse(FormatPromptLine(AnsweredPrompt(0, 1)));
  for (const char* key :
       {"id", "prompt", "response", "model_config", "timing", "data_set", "end"}) {
    Json without = whole;
    without.erase(key);
    Json other = whole;
    other[key] = Json::array();
    for (const Json& json : {without, other}) {
      const auto read = ParsePromptLine(json.dump());
      ASSERT_FALSE(read) << key;
      EXPECT_NE(read.error().find(key), std::string::npos) << read.error();
    }
  }
  for (const char* text : {"", "7", "[]", "{}", "{\"id\":1", "\xFF", "{\"id\":{\"id\":1}}"}) {
    EXPECT_FALSE(ParsePromptLine(text)) << text;
  }
}

}  // namespace
}  // namespace ollama_bench
