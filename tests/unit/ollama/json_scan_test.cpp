#include "json_scan.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "support/seed.h"

namespace ollama_bench {
namespace {

using nlohmann::json;

// What the facts must be, by a parser that reads everything.
LineFacts ByParser(const json& line) {
  const auto is_filled = [](const json& object, const char* key) {
    return object.contains(key) && object[key].is_string() &&
           !object[key].get<std::string>().empty();
  };
  LineFacts facts;
  const json message = line.value("message", json::object());
  facts.has_text = is_filled(line, "response") || is_filled(message, "content");
  facts.has_thinking = is_filled(line, "thinking") || is_filled(message, "thinking");
  facts.is_done = line.value("done", false);
  facts.has_error = line.contains("error");
  return facts;
}

void ExpectSame(const std::string& line) {
  LineFacts facts;
  ASSERT_TRUE(ScanLine(line, facts)) << line;
  const LineFacts parsed = ByParser(json::parse(line));
  EXPECT_EQ(facts.has_text, parsed.has_text) << line;
  EXPECT_EQ(facts.has_thinking, parsed.has_thinking) << line;
  EXPECT_EQ(facts.is_done, parsed.is_done) << line;
  EXPECT_EQ(facts.has_error, parsed.has_error) << line;
}

TEST(JsonScanTest, FindsWhatAParserFindsInRandomLines) {
  std::mt19937_64 random(PrintedSeed());
  const std::vector<std::string> texts = {"", "a", "\"", "\\", "{\"done\":true}", "é\n", "]}"};
  const auto text = [&] { return texts[random() % texts.size()]; };
  for (int round = 0; round < 5000; ++round) {
    json line = {{"model", text()}, {"done", random() % 3 == 0}};
    if (random() % 2 == 0) line["response"] = text();
    if (random() % 3 == 0) line["thinking"] = text();
    if (random() % 3 == 0) line["message"] = {{"role", text()}, {"content", text()}};
    if (random() % 5 == 0) line["error"] = text();
    if (random() % 3 == 0)
      line["context"] = json::array({1, json::array({text()}), json{{"response", text()}}});
    if (random() % 3 == 0) line["nested"] = {{"response", text()}, {"done", true}};
    ExpectSame(line.dump());
  }
}

TEST(JsonScanTest, RefusesEveryTruncationOfALine) {
  const std::string line =
      R"({"model":"m","created_at":"t","message":{"role":"a","content":"x\"y"},"done":true,"n":[1,{}]})";
  LineFacts facts;
  ASSERT_TRUE(ScanLine(line, facts));
  EXPECT_EQ(facts.created_at, "t");
  for (std::size_t size = 0; size < line.size(); ++size) {
    EXPECT_FALSE(ScanLine(line.substr(0, size), facts)) << size;
  }
  EXPECT_FALSE(ScanLine(line + "x", facts));
}

}  // namespace
}  // namespace ollama_bench
