// The stand-in against recordings of a real Ollama: in the same situation, the same bytes.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "support/stand_in_server.h"
#include "support/transcripts.h"

namespace ollama_bench::testing {
namespace {

using Json = StandInServer::Json;

// Which glyph a spinner shows, and so how often it was drawn, is a matter of the real machine's
// timing to some milliseconds.
std::string WithoutFrames(const std::string& text) {
  static const std::regex frame(
      "\x1b\\[\\?2026h\x1b\\[\\?25l\x1b\\[1G\xe2\xa0. \x1b\\[K\x1b\\[\\?25h\x1b\\[\\?2026l");
  return std::regex_replace(text, frame, "");
}

int Frames(const std::string& text) {
  int frames = 0;
  for (auto at = text.find("\xe2\xa0"); at != text.npos; at = text.find("\xe2\xa0", at + 1)) {
    ++frames;
  }
  return frames;
}

// A duration's unit is part of its number.
std::string WithoutNumbers(const std::string& text) {
  static const std::regex number("[0-9]+(\\.[0-9]+)?(ms\n|\xc2\xb5s\n|s\n)?");
  return std::regex_replace(text, number, "#");
}

// "1.210442817s" in nanoseconds; transcripts stay below a minute.
std::int64_t Nanoseconds(const std::string& text) {
  const double value = std::stod(text);
  if (text.ends_with("ms")) return std::llround(value * 1e6);
  if (text.ends_with("\xc2\xb5s")) return std::llround(value * 1e3);
  return std::llround(value * 1e9);
}

// The numbers of a recorded verbose block, as a rule's "do" wants them; lines that are missing
// are zero.
Json Metrics(const std::string& text) {
  static const std::map<std::string, std::string> kKeys = {
      {"total duration:", "total_ns"},
      {"load duration:", "load_ns"},
      {"prompt eval count:", "prompt_eval_count"},
      {"prompt eval duration:", "prompt_eval_ns"},
      {"eval count:", "eval_count"},
      {"eval duration:", "eval_ns"}};
  Json act;
  for (const auto& [label, key] : kKeys) {
    act[key] = 0;
    // Ahead of the first line stands a control sequence that ends in an h.
    const std::regex line("(\n|h)" + label + " +([^ \n]+)");
    std::smatch match;
    if (!std::regex_search(text, match, line)) continue;
    const std::string value = match[2];
    act[key] = key.ends_with("_ns") ? Nanoseconds(value) : std::stoll(value);
  }
  return act;
}

std::string PromptOf(int words, const std::string& start = "") {
  std::string prompt = start;
  for (int i = 0; i < words; ++i) prompt += " word" + std::to_string(i);
  return prompt;
}

class TranscriptTest : public ::testing::TestWithParam<std::string> {
 protected:
  TranscriptTest() { Play(Json::object()); }

  void Play(Json script) {
    script["version"] = GetParam().substr(1);
    server_.SetScript(script);
  }
  static std::string Recorded(const std::string& name) {
    return Transcript(GetParam() + "/" + name);
  }

  void CreateCell(const std::string& parameters) {
    Write("cell.modelfile", "FROM smollm2\n" + parameters);
    ASSERT_EQ(server_.Run({"create", "cell", "-f", "cell.modelfile"}).exit_code, 0);
  }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(server_.folder() / name, std::ios::binary) << text;
  }
  Ended RunCell(const std::string& prompt) {
    return server_.Run({"run", "cell", "--verbose", "--nowordwrap"}, prompt);
  }
  // `ended` as recorded under `name`: status, both outputs.
  static void ExpectRecorded(const Ended& ended, const std::string& name) {
    EXPECT_EQ(ended.exit_code, std::stoi(Recorded(name + ".exit"))) << name;
    EXPECT_EQ(ended.out, Recorded(name + ".stdout")) << name;
    EXPECT_EQ(WithoutFrames(ended.err), WithoutFrames(Recorded(name + ".stderr"))) << name;
  }

  StandInServer server_;
};

TEST_P(TranscriptTest, PrintsTheBytesOfEachRecordedRun) {
  CreateCell("PARAMETER num_predict 2\n");
  for (const char* name :
       {"run_cold", "run_same_prompt_again", "run_other_prefix", "run_predict_1",
        "run_batch_above_ctx", "run_ctx_above_trained", "run_prompt_longer_than_context"}) {
    const std::string recorded = Recorded(std::string(name) + ".stderr");
    std::string response = Recorded(std::string(name) + ".stdout");
    response.resize(response.size() - 2);
    Json act = Metrics(recorded);
    act["response"] = response;
    Play({{"rules", {{{"when", {{"command", "run"}}}, {"do", act}}}}});
    const Ended ended = RunCell("a prompt");
    ExpectRecorded(ended, name);
    EXPECT_NEAR(Frames(ended.err), Frames(recorded), 1) << name;
  }
}

TEST_P(TranscriptTest, PrintsTheSameLinesWithItsOwnNumbers) {
  CreateCell("PARAMETER num_predict 2\nPARAMETER num_ctx 2048\n");
  const auto same_lines = [](const Ended& ended, const std::string& name) {
    EXPECT_EQ(ended.exit_code, 0);
    EXPECT_EQ(WithoutNumbers(WithoutFrames(ended.err)),
              WithoutNumbers(WithoutFrames(Recorded(name + ".stderr"))))
        << name;
    return Metrics(ended.err);
  };
  const Json cold = same_lines(RunCell(PromptOf(252)), "run_cold");
  const Json again = same_lines(RunCell(PromptOf(252)), "run_same_prompt_again");
  const Json other = same_lines(RunCell(PromptOf(252, "unique")), "run_other_prefix");
  EXPECT_EQ(cold["prompt_eval_count"], 261);
  EXPECT_EQ(again["prompt_eval_count"], 261);
  EXPECT_LT(again["prompt_eval_ns"], cold["prompt_eval_ns"].get<std::int64_t>() / 50);
  EXPECT_GT(other["prompt_eval_ns"], cold["prompt_eval_ns"].get<std::int64_t>() / 2);
  EXPECT_LT(other["load_ns"], cold["load_ns"].get<std::int64_t>() / 10);
}

TEST_P(TranscriptTest, CutsLongPromptsToTheRecordedCount) {
  CreateCell("PARAMETER num_predict 2\nPARAMETER num_ctx 512\n");
  const Json recorded = Metrics(Recorded("run_prompt_longer_than_context.stderr"));
  const Json played = Metrics(RunCell(PromptOf(2000)).err);
  EXPECT_EQ(played["prompt_eval_count"], recorded["prompt_eval_count"]);
}

TEST_P(TranscriptTest, PrintsTheRecordedLinesForOneToken) {
  CreateCell("PARAMETER num_predict 1\n");
  const std::string recorded = Recorded("run_predict_1.stderr");
  const std::string played = RunCell(PromptOf(252)).err;
  EXPECT_EQ(WithoutNumbers(WithoutFrames(played)), WithoutNumbers(WithoutFrames(recorded)));
  EXPECT_EQ(Metrics(played)["eval_ns"], Metrics(recorded)["eval_ns"]);
}

TEST_P(TranscriptTest, FailsAsRecorded) {
  CreateCell("");
  ExpectRecorded(RunCell(""), "run_empty_stdin");
  Write("bad", "FROM smollm2\nPARAMETER num_ctx abc\n");
  ExpectRecorded(server_.Run({"create", "x", "-f", "bad"}), "create_bad_integer");
  Write("bad", "FROM smollm2\nPARAMETER num_batchx 5\n");
  const Ended unknown = server_.Run({"create", "x", "-f", "bad"});
  EXPECT_TRUE(unknown.err.ends_with("Error: unknown parameter 'num_batchx'\n"));
  Write("bad", "FROM ./nosuch.gguf\n");
  ExpectRecorded(server_.Run({"create", "x", "-f", "bad"}), "create_missing_file");
  Write("bad", "PARAMETER num_ctx 5\n");
  EXPECT_TRUE(server_.Run({"create", "x", "-f", "bad"}).err.ends_with("Error: no FROM line\n"));
  Write("junk.gguf", "junk");
  Write("bad", "FROM ./junk.gguf\n");
  EXPECT_TRUE(server_.Run({"create", "x", "-f", "bad"})
                  .err.ends_with("Error: supplied file was not in GGUF format\n"));
}

TEST_P(TranscriptTest, TellsThatTheServerIsDownAsRecorded) {
  server_.Kill();
  ExpectRecorded(server_.Run({"run", "cell"}, "a"), "run_server_down");
  ExpectRecorded(server_.Run({"create", "x", "-f", "any"}), "create_server_down");
}

TEST_P(TranscriptTest, DiesWithTheServerAsRecorded) {
  CreateCell("");
  Play({{"rules", {{{"when", {{"command", "run"}}}, {"do", {{"kill_server", true}}}}}}});
  const Ended ended = RunCell("a prompt");
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(WithoutNumbers(ended.err),
            WithoutNumbers(WithoutFrames(Recorded("run_server_killed.stderr"))));
}

TEST_P(TranscriptTest, AnswersTheHttpInterfaceWithTheRecordedFields) {
  CreateCell("PARAMETER num_predict 2\nPARAMETER num_ctx 65536\n");
  RunCell("Why is the sky blue");
  const auto keys = [](const Json& json) {
    std::vector<std::string> names;
    for (const auto& [key, value] : json.items()) names.push_back(key);
    return names;
  };
  const Json recorded = Json::parse(Recorded("api_ps_ctx_above_trained.json"))["models"][0];
  const Json played = server_.Get("/api/ps")["models"][0];
  EXPECT_EQ(keys(played), keys(recorded));
  EXPECT_EQ(played["context_length"], recorded["context_length"]);
  EXPECT_EQ(played["details"]["family"], recorded["details"]["family"]);
  const Json tags = server_.Get("/api/tags");
  EXPECT_EQ(tags["models"][0]["name"], "cell:latest");
  EXPECT_EQ(server_.Get("/api/version"), Json({{"version", GetParam().substr(1)}}));
}

INSTANTIATE_TEST_SUITE_P(Versions, TranscriptTest,
                         ::testing::Values("v0.11.4", "v0.13.5", "v0.32.15"),
                         [](const auto& instance) {
                           return std::regex_replace(instance.param, std::regex("[^0-9a-z]"), "_");
                         });

// Recorded with v0.11.4 alone.
class CommandTranscriptTest : public ::testing::Test {
 protected:
  void ExpectRecorded(const std::vector<std::string>& arguments, const std::string& name) {
    const Ended ended = server_.Run(arguments);
    EXPECT_EQ(ended.exit_code, std::stoi(Transcript("v0.11.4/" + name + ".exit"))) << name;
    EXPECT_EQ(ended.out, Transcript("v0.11.4/" + name + ".stdout")) << name;
    EXPECT_EQ(ended.err, Transcript("v0.11.4/" + name + ".stderr")) << name;
  }

  StandInServer server_;
};

TEST_F(CommandTranscriptTest, RemovesStopsAndRefusesAsRecorded) {
  std::ofstream(server_.folder() / "Modelfile") << "FROM smollm2\n";
  ASSERT_EQ(server_.Run({"create", "cell"}).exit_code, 0);
  ExpectRecorded({"stop", "cell"}, "stop");
  ExpectRecorded({"rm", "cell"}, "rm");
  ExpectRecorded({"rm", "cell"}, "rm_missing");
  ExpectRecorded({"stop", "cell"}, "stop_missing");
  ExpectRecorded({"show", "nosuch"}, "show_missing");
  ExpectRecorded({"run", "--bogusflag", "cell"}, "run_unknown_flag");
  ExpectRecorded({"create", "x", "-f", "nosuch"}, "create_modelfile_missing");
  std::ofstream(server_.folder() / "Modelfile") << "FOO bar\n";
  ExpectRecorded({"create", "cell"}, "create_unknown_instruction");
  std::ofstream(server_.folder() / "Modelfile") << "FROM smollm2\nPARAMETER  num_ctx 5\n";
  ExpectRecorded({"create", "cell"}, "create_two_blanks");
  server_.Kill();
  ExpectRecorded({"--version"}, "version_server_down");
  ExpectRecorded({"list"}, "list_server_down");
}

TEST_F(CommandTranscriptTest, WillNotShareAPort) {
  const Ended second = server_.Run({"serve"});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_EQ(std::regex_replace(second.err, std::regex(":[0-9]+:"), ":24111:"),
            Transcript("v0.11.4/serve_port_taken.stderr"));
}

}  // namespace
}  // namespace ollama_bench::testing
