#include "support/stand_in/script.h"

#include <gtest/gtest.h>

namespace ollama_bench::stand_in {
namespace {

TEST(ScriptTest, RefusesMisspeltKeysEverywhere) {
  for (const char* text :
       {R"({"ruels": []})", R"({"rules": [{"when": {}, "then": {}}]})",
        R"({"rules": [{"when": {"comand": "run"}, "do": {}}]})",
        R"({"rules": [{"when": {}, "do": {"hangs": true}}]})", R"([])", R"({"rules": )"}) {
    EXPECT_FALSE(Script::Parse(text).has_value()) << text;
  }
}

TEST(ScriptTest, PlaysTheFirstRuleThatFitsAndCountsEachApart) {
  const auto script = Script::Parse(R"({"rules": [
      {"when": {"command": "run", "num_ctx": 1024, "nth": 2}, "do": {"exit": 1}},
      {"when": {"command": "run", "after": 3}, "do": {"exit": 2}},
      {"when": {"path": "/api/ps"}, "do": {"exit": 3}}]})");
  ASSERT_TRUE(script.has_value()) << script.error();
  std::vector<std::int64_t> counts;
  const auto exit_of = [&](const Call& call) {
    const Json act = script->Find(call, counts);
    return act.is_null() ? 0 : act.at("exit").get<int>();
  };
  const Call run{"run", "", "cell:latest", 1024, 256};
  const Call other{"run", "", "cell:latest", 2048, 256};
  EXPECT_EQ(exit_of(run), 0);
  EXPECT_EQ(exit_of(other), 0);
  EXPECT_EQ(exit_of(run), 1);    // its rule's second
  EXPECT_EQ(exit_of(other), 0);  // the third that reaches the second rule
  EXPECT_EQ(exit_of(other), 2);
  EXPECT_EQ(exit_of({"http", "/api/ps", "", {}, {}}), 3);
  EXPECT_EQ(exit_of({"run", "", "", {}, {}}), 2);
}

}  // namespace
}  // namespace ollama_bench::stand_in
