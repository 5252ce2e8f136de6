// What is typed and written down reaches the sweep whole, or is refused with what to type instead.
#include <gtest/gtest.h>

#include "program/run/run_fixture.h"
#include "support/terminal_program.h"

namespace ollama_bench::testing {
namespace {

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class UsageTest : public RunFixture {
 protected:
  // Just as it is, a flag given twice included.
  [[nodiscard]] Program Command(const std::vector<std::string>& arguments) const {
    Program program = RunFixture::Command({});
    program.argv.insert(program.argv.end(), arguments.begin(), arguments.end());
    return program;
  }
  [[nodiscard]] Json PlanOf(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"plan", "--json"});
    const Ended ended = RunProgram(Command(std::move(arguments)));
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return Json::parse(ended.out, nullptr, false);
  }
  void ExpectRefused(const std::vector<std::string>& arguments, const std::string& words) const {
    const Ended ended = RunProgram(Command(arguments));
    EXPECT_EQ(ended.exit_code, 2) << ended.out;
    EXPECT_TRUE(Holds(ended.err, words)) << words << "\n" << ended.err;
    EXPECT_EQ(CallsOf("create") + CallsOf("run"), 0);
  }
};

TEST_F(UsageTest, AListIsJoinedFromAllOfItsFlags) {
  const Json plan = PlanOf({"smollm2", "--ctx", "1024", "--batch", "64", "--ctx", "2048-4096:1024",
                            "--batch", "128 256"});
  EXPECT_EQ(plan["num_ctx"], Json::parse("[1024, 2048, 3072, 4096]"));
  EXPECT_EQ(plan["num_batch"], Json::parse("[64, 128, 256]"));
}

TEST_F(UsageTest, AModelMayBeAnArgumentOfEveryCommandThatMeasures) {
  for (const char* command : {"plan", "run", "tune"}) {
    const Ended ended = RunProgram(Command({command, "nosuch", "--ctx", "1024", "--batch", "64"}));
    EXPECT_TRUE(Holds(ended.err + ended.out, "no model 'nosuch'")) << command << ended.err;
  }
}

TEST_F(UsageTest, ASingleValueGivenTwiceIsRefused) {
  ExpectRefused({"run", "--modelfile", "a", "--modelfile", "b"},
                "--modelfile: is given twice, a and b");
  ExpectRefused({"run", "a", "4096,8192"}, "is given twice, a and 4096,8192");
  ExpectRefused({"run", "smollm2", "-r", "a.json", "-r", "b.json"},
                "--results: is given twice, a.json and b.json");
  ExpectRefused({"run", "smollm2", "--repetitions", "1", "--repetitions", "2"}, "is given twice");
  ExpectRefused({"run", "smollm2", "--row-first", "--no-row-first"}, "excludes");
  ExpectRefused({"run", "smollm2", "--ctx", "1024", "2048"}, "separate the values of a list");
}

TEST_F(UsageTest, AFlagWithoutEffectIsRefused) {
  for (const char* flag : {"--repetitions", "--extra", "--confirm", "--limit"}) {
    ExpectRefused({"tune", "smollm2", flag, "2"}, std::string("knows no option '") + flag);
  }
  ExpectRefused({"tune", "smollm2", "--row-first"}, "which has an effect in `run` and `plan`");
  ExpectRefused({"run", "smollm2", "--replay-noise", "0.1"}, "requires --replay");
  ExpectRefused({"run", "smollm2", "--driver", "api", "--model-name", "x"}, "has no effect");
  for (const char* flag : {"--host", "--ollama", "--model-name", "--timeout"}) {
    ExpectRefused({"run", "--replay", "r.json", flag, "5"}, "excludes");
  }
  ExpectRefused({"status", "--interval", "3"}, "requires --watch");
  ExpectRefused({"heatmap", "--no-picture", "--theme", "dark"}, "excludes");
}

TEST_F(UsageTest, AFlagThatTheDriverOfTheResultsIgnoresIsRefusedForTheirSake) {
  const std::vector<std::string> sweep = {"run",           "smollm2", "--ctx", "1024",
                                          "--batch",       "64",      "-r",    "api.json",
                                          "--no-baseline", "--extra", "0"};
  auto first = sweep;
  first.insert(first.end(), {"--driver", "api"});
  ASSERT_EQ(RunProgram(Command(first)).exit_code, 0);
  auto second = sweep;
  second.insert(second.end(), {"--model-name", "x"});
  ExpectRefused(second, "the driver of the results file, api");
}

TEST_F(UsageTest, APlanForNoAddressNamesNone) {
  const Ended ended = RunProgram(
      Command({"plan", "smollm2", "--ctx", "1024", "--batch", "64", "--host", "ftp://h"}));
  EXPECT_TRUE(Holds(ended.out, "smollm2\n")) << ended.out;
}

TEST_F(UsageTest, AKeyOfAFileMayBeForAnotherCommand) {
  const std::string text =
      "model: smollm2\nnum_ctx: 1024, 2048\nnum_batch: 64-128:64\n"
      "repetitions: 1\nextra: 3\ntest_row_first: true\n";
  Write("sweep.yaml", text);
  EXPECT_EQ(PlanOf({"-c", "sweep.yaml"})["row_first"], true);
  EXPECT_EQ(PlanOf({"-c", "sweep.yaml", "--no-row-first"})["row_first"], false);
  Write("sweep.yaml", "model: smollm2\ntest_row_first: maybe\n");
  ExpectRefused({"plan", "-c", "sweep.yaml"}, "test_row_first: maybe is neither true nor false");
  Write("sweep.yaml", text);
  const Ended ended = RunProgram(Command({"tune", "-c", "sweep.yaml", "--budget", "6"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
}

TEST_F(UsageTest, RemediesForNumbersAreShortAndPossible) {
  for (const char* command : {"run", "plan"}) {
    ExpectRefused({command, "smollm2", "--limit", "0"}, "--limit: 0 is no whole number from 1 on;");
    ExpectRefused({command, "smollm2", "--limit", "99999999999999999999"}, "is no whole number");
    ExpectRefused({command, "smollm2", "--seed", "-1"}, "--seed: -1 is no whole number");
    ExpectRefused({command, "smollm2", "--replay-noise", "x"}, "x is no number from 0 to 1");
  }
}

TEST_F(UsageTest, AFileThatIsNoResultsFileIsNamedForWhatItIs) {
  ASSERT_EQ(RunProgram(Sweep()).exit_code, 0);
  ASSERT_EQ(RunProgram(Command({"heatmap"})).exit_code, 0);
  for (const char* command : {"heatmap", "plot", "status"}) {
    const Ended ended = RunProgram(Command({command, "results_table.csv"}));
    EXPECT_EQ(ended.exit_code, 4);
    EXPECT_TRUE(Holds(ended.err,
                      "results_table.csv holds a CSV table of a sweep; name the results "
                      "file"))
        << ended.err;
  }
}

class ReadableTest : public UsageTest {
 protected:
  [[nodiscard]] Program Wide() const {
    std::string values = "1024";
    for (int i = 2; i <= 40; ++i) values += "," + std::to_string(1024 * i + i % 2);
    Program program = Command({"run", "smollm2", "--ctx", values, "--batch", "8192", "--limit", "1",
                               "--prompt-tokens", "100", "--no-baseline"});
    return program;
  }
};

TEST_F(ReadableTest, WarningsAndHeadersFitTheTerminal) {
  for (const unsigned short columns : std::initializer_list<unsigned short>{40, 80, 200}) {
    const std::string out = TerminalProgram(Wide(), columns).Wait().out;
    const std::string head = out.substr(0, out.find("\x1b["));
    ASSERT_TRUE(Holds(head, "num_ctx"));
    std::size_t longest = 0;
    for (std::size_t begin = 0; begin < head.size();) {
      const std::size_t end = std::min(head.find('\n', begin), head.size());
      longest = std::max(longest, end - begin - (end > begin && head[end - 1] == '\r' ? 1 : 0));
      begin = end + 1;
    }
    EXPECT_LE(longest, columns) << head;
    // However it is broken, no word is.
    EXPECT_TRUE(Holds(out, "effect")) << out;
  }
}

TEST_F(ReadableTest, ADumbTerminalGetsPlainLines) {
  Program program = Sweep();
  program.environment.emplace_back("TERM", "dumb");
  const std::string out = TerminalProgram(program).Wait().out;
  EXPECT_TRUE(Holds(out, "[9/9]")) << out;
  EXPECT_EQ(out.find('\x1b'), std::string::npos) << out;
}

TEST_F(ReadableTest, WhatIsSaidFirstComesFirst) {
  ASSERT_EQ(RunProgram(Sweep()).exit_code, 0);
  Program program = Command({"heatmap"});
  program.argv = {"sh", "-c", BenchProgram() + " heatmap 2>&1"};
  const std::string out = RunProgram(program).out;
  EXPECT_LT(out.find("num_ctx across"), out.find("wrote heatmap_highlighted.png")) << out;
}

TEST_F(ReadableTest, TimesAreLocalAndSayTheirZone) {
  ASSERT_EQ(RunProgram(Sweep({"--limit", "1"})).exit_code, 0);
  Program program = Command({"status"});
  program.environment.emplace_back("TZ", "XYZ-05:30");
  EXPECT_TRUE(Holds(RunProgram(program).out, "+05:30 num_ctx=")) << RunProgram(program).out;
}

TEST_F(ReadableTest, FilesAreNamedAfterTheResultsUnlessTheseHaveTheUsualName) {
  ASSERT_EQ(RunProgram(Sweep({"-r", "other.json"})).exit_code, 0);
  const auto is_there = [this](const char* name) {
    return std::filesystem::exists(server_.folder() / name);
  };
  ASSERT_EQ(RunProgram(Command({"heatmap", "other.json"})).exit_code, 0);
  EXPECT_TRUE(is_there("other_heatmap.png") && is_there("other_table.csv"));
  EXPECT_FALSE(is_there("heatmap_highlighted.png") || is_there("results_table.csv"));
  std::filesystem::create_directory(server_.folder() / "folder");
  std::filesystem::copy_file(server_.folder() / "other.json",
                             server_.folder() / "folder/benchmark_results.json");
  ASSERT_EQ(RunProgram(Command({"heatmap", "folder/benchmark_results.json"})).exit_code, 0);
  EXPECT_TRUE(is_there("folder/heatmap_highlighted.png") && is_there("folder/results_table.csv"));
  EXPECT_FALSE(is_there("heatmap_highlighted.png")) << "there it would be taken for another's";
  const std::string named = RunProgram(Command({"plot", "other.json"})).err;
  EXPECT_TRUE(Holds(named, "wrote other_plot.png")) << named;
}

TEST_F(ReadableTest, ATableMayGoToStandardOutputAndAPictureBeLeftOut) {
  ASSERT_EQ(RunProgram(Sweep()).exit_code, 0);
  const Ended ended = RunProgram(Command({"heatmap", "--csv", "-", "--no-picture"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out.find("num_batch,1024,2048,3072"), 0U) << ended.out;
  EXPECT_TRUE(Holds(ended.err, "num_ctx across")) << "the report is on stderr";
  EXPECT_FALSE(std::filesystem::exists(server_.folder() / "heatmap_highlighted.png"));
  EXPECT_FALSE(std::filesystem::exists(server_.folder() / "-"));
}

TEST_F(ReadableTest, ATimeOfLoadingRecommendsNoParameters) {
  ASSERT_EQ(RunProgram(Sweep()).exit_code, 0);
  for (const char* metric : {"load", "total"}) {
    const std::string out = RunProgram(Command({"heatmap", "--metric", metric})).out;
    EXPECT_FALSE(Holds(out, "PARAMETER ")) << out;
  }
}

TEST_F(ReadableTest, APlanDoesNotWarnOfThePromptThatItChooses) {
  const Json plan = PlanOf({"smollm2", "--ctx", "1024", "--batch", "512"});
  for (const Json& warning : plan["warnings"]) {
    EXPECT_NE(warning["kind"], "batch_without_effect") << warning;
  }
  EXPECT_EQ(PlanOf({"smollm2", "--ctx", "1024", "--batch", "512", "--prompt-tokens",
                    "900"})["warnings"][0]["kind"],
            "batch_without_effect");
}

TEST_F(ReadableTest, APlanNamesBatchesThatTheReleaseDoesNotUse) {
  const auto kinds = [this] {
    const Json plan = PlanOf({"smollm2", "--ctx", "4096", "--batch", "512,1024,2048"});
    std::string text;
    for (const Json& warning : plan["warnings"]) {
      if (warning["kind"] == "batch_above_cap") text = warning["message"];
    }
    return text;
  };
  EXPECT_TRUE(Holds(kinds(), "num_batch 1024 to 2048 (2 of 3 values) acts as 512"));
  server_.SetScript({{"version", "0.32.15"}, {"rate", 200'000}});
  EXPECT_EQ(kinds(), "");
}

TEST_F(ReadableTest, LettersWithoutAFontAreNamedOnTheTerminal) {
  ASSERT_EQ(RunProgram(Sweep()).exit_code, 0);
  Json store = Store();
  store["metadata"]["identity"]["model"] = "\xE6\xA8\xA1\xE5\x9E\x8B";
  Write("benchmark_results.json", store.dump());
  Write("fonts.conf", "<?xml version=\"1.0\"?><fontconfig></fontconfig>");
  Program program = Command({"heatmap"});
  program.environment.emplace_back("FONTCONFIG_FILE", (server_.folder() / "fonts.conf").string());
  const Ended ended = RunProgram(program);
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_TRUE(Holds(ended.err, "no font of this system has the letters \xE5\x9E\x8B \xE6\xA8\xA1"))
      << ended.err;
}

TEST_F(ReadableTest, EstimatesAreInTheJsonReport) {
  ASSERT_EQ(RunProgram(Command({"tune", "smollm2", "--ctx", "512-8192:512", "--batch", "64-512:64",
                                "--prompt-tokens", "100", "--budget", "16"}))
                .exit_code,
            0);
  const Ended ended = RunProgram(Command({"heatmap", "--estimate", "--json", "--no-picture"}));
  const Json report = Json::parse(ended.out, nullptr, false);
  std::size_t estimated = 0;
  for (const Json& cell : report["untested"]) {
    estimated += cell.contains("estimate") || cell.contains("expected") ? 1 : 0;
  }
  EXPECT_GT(estimated, 0U) << ended.err;
}

TEST_F(ReadableTest, ADirectoryNamedOllamaIsNoProgram) {
  std::filesystem::create_directories(server_.folder() / "first" / "ollama");
  Program program = Sweep({"--limit", "1"});
  for (auto& [name, value] : program.environment) {
    if (name == "PATH") value = (server_.folder() / "first").string() + ":" + value;
  }
  EXPECT_EQ(RunProgram(program).exit_code, 0);
}

}  // namespace
}  // namespace ollama_bench::testing
