// A data set is asked whole, each prompt once, and what is written of it agrees.
#include <sys/wait.h>

#include "program/prompts/prompts_fixture.h"

namespace ollama_bench::testing {
namespace {

class PromptsTest : public PromptsFixture {
 protected:
  void ExpectRefused(const Program& program, const std::string& words, int code = 2) const {
    const Ended ended = RunProgram(program);
    EXPECT_EQ(ended.exit_code, code) << ended.err;
    EXPECT_TRUE(Holds(ended.err, words)) << words << "\n" << ended.err;
    EXPECT_EQ(Asked(), 0);
  }
};

TEST_F(PromptsTest, EveryPromptIsAskedOnceAndEveryFileHoldsIt) {
  Prepare(80);
  const Ended ended = RunProgram(Prompts(
      {"--concurrency", "4", "--tsv", "t.tsv", "--trace", "t.json", "--histogram", "h.png"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(Answered().size(), 80U);
  EXPECT_EQ(Asked(), 80);
  EXPECT_TRUE(Holds(ended.out, "80 of 80 requests answered")) << ended.out;
  EXPECT_TRUE(Holds(ended.out, "p95 ")) << ended.out;
  EXPECT_TRUE(Holds(ended.out, "a p99 needs 368") || Holds(ended.out, "a p99 needs 367"));
  EXPECT_TRUE(Holds(ended.out, "Slowest:"));
  const std::string table = Text("t.tsv");
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 81);
  EXPECT_EQ(Text("h.png").substr(1, 3), "PNG");
  const Json trace = Json::parse(Text("t.json"), nullptr, false);
  int requests = 0;
  for (const Json& event : trace["traceEvents"]) requests += event.value("cat", "") == "request";
  EXPECT_EQ(requests, 80);
  EXPECT_EQ(Json::parse(Text("t.json.stats.json"))["spans"]["request"]["count"], 80);
  const Json first = Records().front();
  EXPECT_EQ(first["timing"]["num_generated_tokens"], first["decode_step_times_ms"].size());
  EXPECT_EQ(first["model_config"]["num_predict"], 4);
}

TEST_F(PromptsTest, WithoutADataSetFiveBuiltInPromptsAreAsked) {
  const Ended ended = RunProgram(Command({"prompts", "smollm2", "--output", "out.jsonl"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(Records().size(), 5U);
}

TEST_F(PromptsTest, ADataSetMayComeFromStandardInput) {
  Program program = Prompts({"--input", "-"});
  program.input = "one\ntwo\n";
  EXPECT_EQ(RunProgram(program).exit_code, 0);
  EXPECT_EQ(Records().size(), 2U);
}

TEST_F(PromptsTest, AConversationIsAskedAsSuch) {
  Write("prompts.jsonl",
        "{\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},"
        "{\"role\":\"user\",\"content\":\"Why is the sky blue?\"}]}\n");
  const Ended ended = RunProgram(Prompts());
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const Json record = Records().front();
  EXPECT_EQ(record["model_config"]["endpoint"], "/api/chat");
  EXPECT_FALSE(record["response"].get<std::string>().empty());
}

TEST_F(PromptsTest, ShardsAreDisjointAndMergedTheyAreTheWhole) {
  Prepare(22);
  ASSERT_EQ(RunProgram(Prompts({"--output", "whole.jsonl"})).exit_code, 0);
  std::set<std::string> all;
  std::vector<std::string> merge = {"merge"};
  for (const std::string number : {"1", "2", "3", "4"}) {
    const std::string file = "part" + number + ".jsonl";
    ASSERT_EQ(RunProgram(Prompts({"--output", file, "--shard", number + "/4"})).exit_code, 0);
    for (const std::string& id : Answered(file)) EXPECT_TRUE(all.insert(id).second) << id;
    merge.insert(merge.begin() + 1, file);
    if (number != "3") continue;
    std::vector<std::string> early = merge;
    early.insert(early.end(), {"-o", "early.jsonl", "--json"});
    const Json report = Json::parse(RunProgram(Command(early)).out, nullptr, false);
    EXPECT_EQ(report["complete"], false);
    EXPECT_EQ(report["missing"], 5);
  }
  EXPECT_EQ(all, Answered("whole.jsonl"));
  merge.insert(merge.end(), {"-o", "merged.jsonl"});
  const Ended merged = RunProgram(Command(merge));
  EXPECT_EQ(merged.exit_code, 0) << merged.err;
  EXPECT_TRUE(Holds(merged.out, "complete: each of the data set's 22 prompts is there once"))
      << merged.out;
  const auto whole = Records("whole.jsonl");
  const auto united = Records("merged.jsonl");
  ASSERT_EQ(united.size(), whole.size());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(united[i]["id"], whole[i]["id"]);
    EXPECT_EQ(united[i]["prompt"], whole[i]["prompt"]);
    EXPECT_EQ(united[i]["model_config"], whole[i]["model_config"]);
  }
  const int asked = Asked();
  EXPECT_EQ(RunProgram(Prompts({"--output", "merged.jsonl"})).exit_code, 0);
  EXPECT_EQ(Asked(), asked) << "the merged file is a finished pass";
  const Ended compared = RunProgram(Command({"compare", "whole.jsonl", "merged.jsonl"}));
  EXPECT_TRUE(Holds(compared.out, "Overall")) << compared.out << compared.err;
}

TEST_F(PromptsTest, PassesOfTwoDataSetsAreNoWhole) {
  Prepare(4);
  ASSERT_EQ(RunProgram(Prompts({"--output", "a.jsonl", "--shard", "1/2"})).exit_code, 0);
  Write("prompts.jsonl", "{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n{\"prompt\":\"c\"}\n");
  ASSERT_EQ(RunProgram(Prompts({"--output", "b.jsonl", "--shard", "2/2"})).exit_code, 0);
  const Ended ended = RunProgram(Command({"merge", "a.jsonl", "b.jsonl", "-o", "c.jsonl"}));
  EXPECT_EQ(ended.exit_code, 4);
  EXPECT_TRUE(Holds(ended.err, "not of one data set")) << ended.err;
}

TEST_F(PromptsTest, RepeatsAreAskedInRoundsAndSeparateVarianceOfRunsFromThatOfPrompts) {
  Prepare(6);
  const Ended ended = RunProgram(Prompts({"--repeat", "3", "--json"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  std::map<std::string, std::set<int>> repeats;
  for (const Json& record : Records()) repeats[record["id"]].insert(record["repeat"].get<int>());
  EXPECT_EQ(repeats.size(), 6U);
  for (const auto& [id, of] : repeats) EXPECT_EQ(of, (std::set<int>{1, 2, 3}));
  const std::string last = ended.out.substr(ended.out.find("{\"event\":\"summary\""));
  const Json summary = Json::parse(last, nullptr, false);
  EXPECT_EQ(summary["figures"]["e2e_ms"]["prompts"], 6);
  EXPECT_FALSE(summary["figures"]["e2e_ms"]["sd_of_runs"].is_null());
}

TEST_F(PromptsTest, WhatFailedIsCountedByKindAndAskedAgainWhereItMayPass) {
  Prepare(4);
  const auto of = [](int nth, const Json& act) {
    return Rule("http", {{"path", "/api/generate"}, {"nth", nth}}, act);
  };
  Play(Json::array({of(1, {{"body", "no_end"}}),
                    of(1, {{"http_status", 200}, {"error", "runner died"}}),
                    of(1, {{"http_status", 503}, {"error", "server busy"}})}));
  const Ended ended = RunProgram(Prompts());
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(Answered().size(), 1U);
  EXPECT_TRUE(Holds(ended.out, "failed, unfinished: 1")) << ended.out;
  EXPECT_TRUE(Holds(ended.out, "failed, error_line: 1")) << ended.out;
  Play(Json::array());
  const Ended again = RunProgram(Prompts());
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_EQ(Answered().size(), 3U) << "a model that repeats itself does so again";
  EXPECT_EQ(Records().size(), 4U);
}

TEST_F(PromptsTest, TheModelStaysInMemoryOrOutOfItAsItWas) {
  Prepare(2);
  ASSERT_EQ(RunProgram(Prompts()).exit_code, 0);
  EXPECT_TRUE(server_.Get("/api/ps")["models"].empty());
  EXPECT_EQ(Records()[0]["first_after_load"], true);
  EXPECT_EQ(Records()[1]["first_after_load"], false);
  ASSERT_EQ(server_.Run({"run", "smollm2"}, "hello").exit_code, 0);
  ASSERT_EQ(RunProgram(Prompts({"--output", "b.jsonl"})).exit_code, 0);
  EXPECT_EQ(server_.Get("/api/ps")["models"].size(), 1U);
  EXPECT_EQ(Records("b.jsonl")[0]["first_after_load"], false);
}

TEST_F(PromptsTest, OldSpellingsWorkAndOldWaysAreRefusedWithTheNewOnes) {
  Prepare(5);
  const Ended ended =
      RunProgram(Command({"prompts", "--model", "smollm2", "--dataset_file", "prompts.jsonl",
                          "--output", "out.jsonl", "--num_samples", "3", "--max_new_tokens", "4"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(Records().size(), 3U);
  EXPECT_FALSE(Holds(RunProgram(Command({"prompts", "--help"})).out, "dataset_file"));
  const Ended dataset = RunProgram(Command({"prompts", "--dataset", "org/name"}));
  EXPECT_EQ(dataset.exit_code, 2);
  EXPECT_TRUE(Holds(dataset.err, "load_dataset('org/name', split='train').to_json"));
  for (const char* flag : {"--base_model", "--teacher_model"}) {
    const Ended refused = RunProgram(Command({"prompts", flag, "x"}));
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_TRUE(Holds(refused.err, "--model")) << refused.err;
  }
}

TEST_F(PromptsTest, BadEntriesAreNamedAndLeftOutOnlyWhenAskedFor) {
  Write("prompts.jsonl", "{\"prompt\":\"a\"}\nbroken\n{\"prompt\":\"c\"}\n{\"x\":1}\n");
  ExpectRefused(Prompts(), "prompts.jsonl, line 2: is not JSON");
  const Ended ended = RunProgram(Prompts({"--skip-bad"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(Records().size(), 2U);
  EXPECT_TRUE(Holds(ended.out, "left out of the data set, lines 2, 4: 2")) << ended.out;
}

TEST_F(PromptsTest, WhatCannotBeDoneIsRefusedBeforeAnythingIsAsked) {
  Prepare(3);
  ExpectRefused(Prompts({"--shard", "5/4"}), "such as 1/4");
  ExpectRefused(Prompts({"--shard", "4/4"}), "holds no prompt");
  ExpectRefused(Prompts({"--input", "nosuch.jsonl"}), "cannot read nosuch.jsonl");
  ExpectRefused(Prompts({"--output", "prompts.jsonl"}), "is the data set and is not overwritten");
  ExpectRefused(Prompts({"--tsv", "x", "--trace", "x"}), "is named by --tsv FILE and by --trace");
  ExpectRefused(Prompts({"--histogram", "x.gif"}), "a picture ends in");
  ExpectRefused(Prompts({"--concurrency", "0"}), "is no whole number");
  ExpectRefused(Prompts({"--model", "nosuch"}), "no model 'nosuch'", 3);
  ExpectRefused(Command({"prompts"}), "no model is named");
  ExpectRefused(Command({"prompts", "smollm2", "--field", "x"}), "name it with --input");
  Write("mine.txt", "precious");
  ExpectRefused(Prompts({"--output", "mine.txt"}), "is not overwritten");
  ExpectRefused(Prompts({"--tsv", "mine.txt"}), "is not overwritten");
  EXPECT_EQ(Text("mine.txt"), "precious");
}

TEST_F(PromptsTest, AnOutputOfAnotherPassIsNotGoneOnWith) {
  Prepare(3);
  ASSERT_EQ(RunProgram(Prompts()).exit_code, 0);
  const std::string before = Text("out.jsonl");
  const auto expect = [&](const Program& program, const std::string& words) {
    const Ended ended = RunProgram(program);
    EXPECT_EQ(ended.exit_code, 4) << ended.err;
    EXPECT_TRUE(Holds(ended.err, words)) << ended.err;
    EXPECT_EQ(Text("out.jsonl"), before);
  };
  expect(Prompts({"--max-new-tokens", "9"}), "--max-new-tokens 4, not 9");
  expect(Prompts({"--seed", "9"}), "--seed 1, not 9");
  Write("prompts.jsonl", "{\"prompt\":\"other\"}\n");
  expect(Prompts(), "out.jsonl:1: is of another data set");
}

TEST_F(PromptsTest, ADamagedLineIsRefusedWithItsNumber) {
  Prepare(3);
  ASSERT_EQ(RunProgram(Prompts()).exit_code, 0);
  std::string text = Text("out.jsonl");
  text.insert(text.find('\n') + 1, "{\"id\":\n");
  Write("out.jsonl", text);
  const Ended ended = RunProgram(Prompts());
  EXPECT_EQ(ended.exit_code, 4);
  EXPECT_TRUE(Holds(ended.err, "out.jsonl:2: this is not JSON")) << ended.err;
  EXPECT_EQ(Text("out.jsonl"), text);
}

}  // namespace
}  // namespace ollama_bench::testing
