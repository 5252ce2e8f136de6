// Prompts from files of every kind that people have, whole or broken.
#include "ollama_bench/workload/data_set.h"

#include <gtest/gtest.h>

#include <sstream>

#include "ollama_bench/core/random.h"
#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

Expected<DataSet, std::string> Read(const std::string& text, DataSetOptions options = {}) {
  std::istringstream in(text);
  return ReadDataSet(in, options);
}

DataSet Good(const std::string& text, DataSetOptions options = {}) {
  auto set = Read(text, std::move(options));
  EXPECT_TRUE(set) << set.error();
  return set ? std::move(*set) : DataSet();
}

std::vector<std::string> PromptsOf(const DataSet& set) {
  std::vector<std::string> prompts;
  for (const PromptItem& item : set.items) prompts.push_back(item.prompt);
  return prompts;
}

using Texts = std::vector<std::string>;

TEST(DataSetTest, TakesPromptOrQuestionOfJsonLinesAndTheLineNumberForAMissingId) {
  const DataSet set = Good(
      "{\"id\": 7, \"prompt\": \"a\"}\n\n{\"question\": \"b\"}\r\n{\"id\":\"x\",\"prompt\":\"c\"}");
  EXPECT_EQ(PromptsOf(set), (Texts{"a", "b", "c"}));
  EXPECT_EQ(set.items[0].id, "7");
  EXPECT_TRUE(set.items[0].id_is_number);
  EXPECT_EQ(set.items[1].id, "3");
  EXPECT_FALSE(set.items[2].id_is_number);
  EXPECT_EQ(set.bad_count, 0U);
}

TEST(DataSetTest, TakesANamedFieldAndNamesTheKeysWhereThereIsNone) {
  EXPECT_EQ(PromptsOf(Good("{\"instruction\":\"a\",\"prompt\":\"b\"}", {"", "instruction", {}})),
            (Texts{"a"}));
  const DataSet set = Good("{\"instruction\":\"a\",\"output\":\"b\"}\n");
  ASSERT_EQ(set.bad.size(), 1U);
  EXPECT_EQ(set.bad[0].number, 1U);
  EXPECT_NE(set.bad[0].reason.find("'instruction', 'output'"), std::string::npos)
      << set.bad[0].reason;
  EXPECT_NE(set.bad[0].reason.find("--field"), std::string::npos);
}

TEST(DataSetTest, EveryBadLineIsNamedWithItsReason) {
  const DataSet set = Good(
      "{\"prompt\":\"good\"}\n"
      "{\"prompt\":\"cut\n"
      "[1,2]\n"
      "{\"prompt\":7}\n"
      "{\"prompt\":\"  \"}\n"
      "{\"prompt\":\"\xFF\"}\n"
      "{\"id\":1.5,\"prompt\":\"a\"}\n"
      "{\"id\":\"1\",\"prompt\":\"the number of the first line\"}\n"
      "{\"prompt\":\"\\ud800\"}\n",
      {"p.jsonl", "", {}});
  EXPECT_EQ(PromptsOf(set), (Texts{"good"}));
  const Texts reasons = {"is not JSON from column",    "is no JSON object",
                         "'prompt' is no text",        "'prompt' is empty",
                         "byte 12 is not valid UTF-8", "'id' is neither",
                         "the id 1 was there before",  "is not JSON"};
  ASSERT_EQ(set.bad.size(), reasons.size());
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    EXPECT_EQ(set.bad[i].number, i + 2);
    EXPECT_EQ(set.bad[i].reason.substr(0, reasons[i].size()), reasons[i]);
  }
}

TEST(DataSetTest, ReadsQuotedFieldsOfCsvAndTsv) {
  const DataSet set = Good(
      "\xEF\xBB\xBFid,Prompt,x\r\n1,\"two\nlines, a comma and \"\"quotes\"\"\",\r\n2,plain "
      "\"q\",y\r\n",
      {"p.csv", "", {}});
  EXPECT_EQ(PromptsOf(set), (Texts{"two\nlines, a comma and \"quotes\"", "plain \"q\""}));
  EXPECT_EQ(set.items[1].id, "2");
  EXPECT_EQ(PromptsOf(Good("question\tn\na, b\t1\n", {"p.TSV", "", {}})), (Texts{"a, b"}));
}

TEST(DataSetTest, BrokenRecordsOfCsvAreNamedByTheLineTheyBeginOn) {
  const DataSet set =
      Good("prompt,n\n\"a\"b,1\n\"x\ny\",2\nonly\n,3\n\"never closed,4\nz,5\n", {"p.csv", "", {}});
  EXPECT_EQ(PromptsOf(set), (Texts{"x\ny"}));
  ASSERT_EQ(set.bad.size(), 4U);
  EXPECT_EQ(set.bad[0].number, 2U);
  EXPECT_EQ(set.bad[1].number, 5U);
  EXPECT_EQ(set.bad[2].number, 6U);
  EXPECT_EQ(set.bad[3].number, 7U);
  EXPECT_NE(set.bad[3].reason.find("is not closed"), std::string::npos);
  EXPECT_NE(Read("a,b\n1,2\n", {"p.csv", "", {}}).error().find("(a, b)"), std::string::npos);
}

TEST(DataSetTest, TakesTheFirstHumanTurnOfShareGptAndKeepsTheSystemsBeforeIt) {
  const DataSet set = Good(
      "[{\"id\":\"a\",\"conversations\":[{\"from\":\"human\",\"value\":\"q\"},"
      "{\"from\":\"gpt\",\"value\":\"r\"},{\"from\":\"human\",\"value\":\"s\"}]},"
      "{\"id\":\"b\",\"conversations\":[{\"from\":\"system\",\"value\":\"t\"},"
      "{\"from\":\"human\",\"value\":\"u\"}]},"
      "{\"id\":\"c\",\"conversations\":[{\"from\":\"gpt\",\"value\":\"v\"}]}, 7]",
      {"sharegpt.json", "", {}});
  EXPECT_EQ(PromptsOf(set), (Texts{"q", "u"}));
  EXPECT_TRUE(set.items[0].messages.empty());
  EXPECT_EQ(set.items[1].messages, (std::vector<ChatMessage>{{"system", "t"}, {"user", "u"}}));
  EXPECT_EQ(set.unit, "entry");
  ASSERT_EQ(set.bad.size(), 2U);
  EXPECT_EQ(set.bad[0].number, 3U);
  EXPECT_EQ(set.bad[1].number, 4U);
}

TEST(DataSetTest, TakesMessagesUpToTheLastQuestion) {
  const DataSet set = Good(
      "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":"
      "\"b\"},{\"role\":\"user\",\"content\":\"c\"},{\"role\":\"assistant\",\"content\":\"d\"}]}");
  ASSERT_EQ(set.items.size(), 1U);
  EXPECT_EQ(set.items[0].messages.size(), 3U);
  EXPECT_EQ(set.items[0].prompt, "c");
}

TEST(DataSetTest, WhatIsNoTextIsRefusedWithWhatToDo) {
  using namespace std::string_literals;
  EXPECT_NE(Read("PAR1....").error().find("Parquet"), std::string::npos);
  EXPECT_NE(Read("\x1F\x8B\x08\0"s).error().find("compressed"), std::string::npos);
  EXPECT_NE(Read("a\0b"s).error().find("binary"), std::string::npos);
  EXPECT_NE(Read("\xFF\xFE"
                 "a\0"s)
                .error()
                .find("UTF-16"),
            std::string::npos);
  EXPECT_NE(Read("{\n  \"prompt\": \"a\"\n}\n").error().find("several lines"), std::string::npos);
  EXPECT_NE(Read("[{\"prompt\":\"a\"}, {").error().find("after 1 entries"), std::string::npos);
}

TEST(DataSetTest, PlainTextHasAPromptALine) {
  const DataSet set = Good("first\r\n\n  second \n");
  EXPECT_EQ(PromptsOf(set), (Texts{"first", "  second "}));
  EXPECT_EQ(set.items[1].id, "3");
}

TEST(DataSetTest, ReadsNoFurtherThanTheSamplesAskedFor) {
  const DataSet set = Good("{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\nbroken\n", {"", "", 2});
  EXPECT_EQ(set.items.size(), 2U);
  EXPECT_EQ(set.bad_count, 0U);
}

// Whatever the bytes are, prompts come out valid and every entry is a prompt or is counted as bad.
TEST(DataSetTest, AnyBytesGiveValidPromptsOrReasons) {
  Random random(20261128);
  const std::string seed =
      "{\"id\": 1, \"prompt\": \"a, \\\"b\\\"\"}\n[\"x\"]\n\"q\"\"\n\xC3\xA4,\t\r\n";
  for (const char* name : {"", "a.jsonl", "a.json", "a.csv", "a.tsv", "a.txt"}) {
    for (int round = 0; round < 400; ++round) {
      std::string text = "prompt,x\n" + seed + seed;
      for (int change = 0; change < 8; ++change) {
        text[random.Below(text.size())] = static_cast<char>(random.Below(256));
      }
      const auto set = Read(text, {name, "", {}});
      if (!set) {
        EXPECT_FALSE(set.error().empty());
        continue;
      }
      for (const PromptItem& item : set->items) {
        EXPECT_EQ(ValidUtf8Length(item.prompt), item.prompt.size());
        EXPECT_FALSE(item.id.empty());
      }
      EXPECT_EQ(set->bad.size(), set->bad_count);
    }
  }
}

}  // namespace
}  // namespace ollama_bench
