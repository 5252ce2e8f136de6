// What `run` says at its end, on the default path, of a server whose speeds are known.
#include <algorithm>
#include <csignal>
#include <sstream>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

using Speeds = std::map<std::pair<int, int>, double>;

class RunAnswerTest : public RunFixture {
 protected:
  // All settings are equally fast but those of `speeds`, whose values are factors. Without a model
  // that says otherwise the current setting is num_ctx 4096, num_batch 512.
  void PlaySpeeds(const Speeds& speeds, const Json& rules = Json::array()) const {
    constexpr double kUsual = 200'000;
    Json script = Script(rules);
    script["rate"] = kUsual;
    script["noise"] = {{"relative", 0.003}, {"seed", 7}};
    script["rates"] = Json::array();
    for (const auto& [cell, factor] : speeds) {
      script["rates"].push_back(
          {{"num_ctx", cell.first}, {"num_batch", cell.second}, {"rate", kUsual * factor}});
    }
    server_.SetScript(script);
  }
  // The disturbance rule is off: other work on the machine says nothing of the stand-in's rates.
  [[nodiscard]] Program DefaultRun(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {
        "run",     "--model", "smollm2",         "--ctx", "1024,2048,4096",
        "--batch", "128,512", "--prompt-tokens", "300",   "--ignore-disturbance"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Command(std::move(arguments));
  }
  [[nodiscard]] Json ReportOf(const std::string& results = "benchmark_results.json") const {
    const Ended ended = RunProgram(Command({"heatmap", results, "--no-csv", "--json"}));
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return Json::parse(ended.out, nullptr, false);
  }
  // Loads that brought samples, by role.
  [[nodiscard]] std::map<std::string, int> Loads() const {
    std::map<std::string, std::set<std::pair<std::string, std::int64_t>>> loads;
    const Json store = Store();
    for (const Json& entry : store["results"]) {
      for (const Json& sample : entry.value("samples", Json::array())) {
        if (sample["role"] == "warm_up" || !sample["excluded"].is_null()) continue;
        loads[sample["role"]].emplace(entry["num_ctx"].dump() + " " + entry["num_batch"].dump(),
                                      sample["load_id"]);
      }
    }
    std::map<std::string, int> counts;
    for (const auto& [role, of_role] : loads) counts[role] = static_cast<int>(of_role.size());
    return counts;
  }
  static std::set<std::string> Keys(const Json& object) {
    std::set<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.insert(key);
    return keys;
  }
  static std::pair<int, int> CellOf(const Json& json) {
    return {json.at("num_ctx"), json.at("num_batch")};
  }
};

constexpr std::pair<int, int> kCurrent{4096, 512};

TEST_F(RunAnswerTest, AClearlyBetterSettingIsAChangeWithItsParameterLines) {
  PlaySpeeds({{{2048, 512}, 1.2}});
  const Ended ended = RunProgram(DefaultRun());
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.out.find("\nCHANGE: recommended: num_ctx=2048 num_batch=512"), std::string::npos)
      << ended.out;
  EXPECT_NE(ended.out.find("\nPARAMETER num_ctx 2048\nPARAMETER num_batch 512\n"),
            std::string::npos)
      << ended.out;
  const Json report = ReportOf();
  EXPECT_EQ(report["verdict"], "change");
  EXPECT_EQ(report["fastest"], true);
  EXPECT_EQ(CellOf(report["recommended"]), (std::pair{2048, 512}));
  EXPECT_EQ(CellOf(report["current"]), kCurrent);
  EXPECT_GE(report["recommended"]["loads"], 3);
  EXPECT_GE(report["current"]["loads"], 3);
  EXPECT_LT(report["gain"]["low_percent"], 20);
  EXPECT_GT(report["gain"]["high_percent"], 20);
  EXPECT_GT(report["gain"]["low_percent"], 15);
  EXPECT_EQ(report["more_loads"], 0);
}

TEST_F(RunAnswerTest, BothSettingsThatTheAnswerNamesHaveADecodeRate) {
  PlaySpeeds({{{2048, 512}, 1.2}});
  const Ended ended = RunProgram(DefaultRun());
  const Json report = ReportOf();
  EXPECT_NEAR(report["recommended"]["decode_rate"].get<double>(), 50, 0.5);
  EXPECT_NEAR(report["current"]["decode_rate"].get<double>(), 50, 0.5);
  EXPECT_NE(ended.out.find("Current -> recommended: "), std::string::npos) << ended.out;
}

TEST_F(RunAnswerTest, WhereNothingBeatsTheCurrentSettingItIsKeptWithoutParameterLines) {
  PlaySpeeds({{kCurrent, 1.1}});
  const Ended ended = RunProgram(DefaultRun());
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.out.find("\nKEEP the current setting, num_ctx=4096 num_batch=512"),
            std::string::npos)
      << ended.out;
  EXPECT_EQ(ended.out.find("PARAMETER"), std::string::npos) << ended.out;
  const Json report = ReportOf();
  EXPECT_EQ(report["verdict"], "keep");
  EXPECT_EQ(CellOf(report["recommended"]), kCurrent);
}

TEST_F(RunAnswerTest, ACurrentSettingOutsideTheGridCanBeKept) {
  PlaySpeeds({{kCurrent, 1.1}});
  EXPECT_EQ(RunProgram(DefaultRun({"--ctx", "1024,2048"})).exit_code, 0);
  const Json report = ReportOf();
  EXPECT_EQ(report["verdict"], "keep");
  EXPECT_EQ(CellOf(report["recommended"]), kCurrent);
  EXPECT_EQ(report["cells"].size(), 4U) << "it is no cell of the grid";
}

TEST_F(RunAnswerTest, WithoutACurrentSettingTheBestOfTheGridIsNamedAndNoneIsChanged) {
  PlaySpeeds({{{1024, 128}, 1.1}});
  const Ended ended = RunProgram(DefaultRun({"--no-baseline"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out.find("PARAMETER"), std::string::npos) << ended.out;
  const Json report = ReportOf();
  EXPECT_EQ(report["verdict"], "tie") << report["answer"];
  EXPECT_EQ(CellOf(report["recommended"]), (std::pair{1024, 128}));
  EXPECT_GE(report["recommended"]["loads"], 3);
  EXPECT_TRUE(report["current"].is_null());
  EXPECT_EQ(Loads().count("control"), 0U) << "there is no control cell";
}

TEST_F(RunAnswerTest, WithoutExtraLoadsNothingIsDecided) {
  PlaySpeeds({{{2048, 512}, 1.2}});
  for (const std::vector<std::string>& none :
       {std::vector<std::string>{"--extra", "0", "-r", "a.json"},
        std::vector<std::string>{"--confirm", "0", "-r", "b.json"}}) {
    const Ended ended = RunProgram(DefaultRun(none));
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_NE(ended.out.find("\nUNDECIDED: "), std::string::npos) << ended.out;
    EXPECT_NE(ended.out.find("larger --extra"), std::string::npos) << ended.out;
    EXPECT_EQ(ended.out.find("PARAMETER"), std::string::npos) << ended.out;
    const Json report = ReportOf(none.back());
    EXPECT_EQ(report["verdict"], "undecided");
    EXPECT_GT(report["more_loads"], 0);
  }
}

TEST_F(RunAnswerTest, ALimitEndsThePassEarlyAndLeavesTheAnswerOpen) {
  PlaySpeeds({{{1024, 512}, 1.2}});
  const Ended ended = RunProgram(DefaultRun({"--limit", "3"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(Loads().count("confirm"), 0U);
  EXPECT_EQ(ended.out.find("--extra"), std::string::npos) << "more cells are what it lacks";
  const Json report = ReportOf();
  EXPECT_EQ(report["verdict"], "undecided");
  EXPECT_EQ(report["reason"], "a cell that was not measured may be better by more than 1 %");
}

TEST_F(RunAnswerTest, TheControlLoadsAreOfTheCurrentSetting) {
  PlaySpeeds({});
  EXPECT_EQ(RunProgram(DefaultRun({"--batch", "64,128,256,512,1024", "--extra", "0"})).exit_code,
            0);
  const Json store = Store();
  for (const Json& entry : store["results"]) {
    for (const Json& sample : entry["samples"]) {
      if (sample["role"] != "control") continue;
      EXPECT_EQ(CellOf(entry), kCurrent);
    }
  }
  EXPECT_EQ(Loads()["control"], 2) << "after 12 visits of the pass, and last";
  EXPECT_EQ(Loads()["measure"], 15);
}

TEST_F(RunAnswerTest, ConfirmIsReadAsSixTimesAsManyExtraLoadsUnlessExtraIsGiven) {
  // Equal within their noise, so that all loads are used.
  PlaySpeeds({});
  Program confirmed = DefaultRun({"--confirm", "3", "--json"});
  confirmed.argv[1] = "plan";
  const Json plan = Json::parse(RunProgram(confirmed).out, nullptr, false);
  EXPECT_EQ(plan["visits"], 6 + 1 + 18) << "6 cells, the control load at the end";
  confirmed.argv.insert(confirmed.argv.end(), {"--extra", "4"});
  EXPECT_EQ(Json::parse(RunProgram(confirmed).out, nullptr, false)["visits"], 6 + 1 + 4);
  EXPECT_EQ(RunProgram(DefaultRun({"--confirm", "3"})).exit_code, 0);
  EXPECT_LE(Loads()["confirm"], 18);
  EXPECT_GT(Loads()["confirm"], 0);
}

TEST_F(RunAnswerTest, InterruptedInABlockTheSameCommandKeepsToTheLimitAndAnswersAlike) {
  constexpr int kExtra = 10;
  const std::vector<std::string> extra = {"--extra", std::to_string(kExtra)};
  PlaySpeeds({{{2048, 512}, 1.005}, {{1024, 512}, 1.004}});
  RunningProgram program(DefaultRun(extra));
  ASSERT_TRUE(program.WaitForOutput("[confirm]")) << program.err();
  program.Signal(SIGINT);
  const Ended stopped = program.Wait();
  EXPECT_EQ(stopped.signal, SIGINT) << stopped.err;
  const int before = Loads()["confirm"];
  EXPECT_GT(before, 0);
  EXPECT_LT(before, kExtra);
  const Json early = ReportOf();
  EXPECT_EQ(RunProgram(DefaultRun(extra)).exit_code, 0);
  const int after = Loads()["confirm"];
  EXPECT_GT(after, before);
  EXPECT_LE(after, kExtra);
  EXPECT_EQ(Keys(ReportOf()), Keys(early));
  const int runs = CallsOf("run");
  EXPECT_EQ(RunProgram(DefaultRun(extra)).exit_code, 0);
  EXPECT_EQ(CallsOf("run"), runs) << "a third start has nothing to measure";
}

TEST_F(RunAnswerTest, AllCommandsAnswerAlike) {
  PlaySpeeds({{{2048, 512}, 1.2}});
  const Ended ended = RunProgram(DefaultRun({"--json"}));
  Json of_run;
  std::istringstream lines(ended.out);
  for (std::string line; std::getline(lines, line);) {
    const Json event = Json::parse(line, nullptr, false);
    if (event["event"] == "end") of_run = event["report"];
  }
  const Json of_heatmap = ReportOf();
  const Json of_status = Json::parse(RunProgram(Command({"status", "--json"})).out, nullptr, false);
  for (const char* key :
       {"verdict", "reason", "fastest", "recommended", "current", "gain", "contenders", "tied",
        "largest_safe_context", "trust", "detectable_percent", "more_loads", "more_s"}) {
    ASSERT_TRUE(of_run.contains(key)) << key;
    EXPECT_EQ(of_run[key], of_heatmap[key]) << key;
    EXPECT_EQ(of_run[key], of_status[key]) << key;
  }
  EXPECT_EQ(of_heatmap["best_set"], of_heatmap["contenders"]);
}

TEST_F(RunAnswerTest, DetrendSaysThatDriftIsAlwaysModelledAndChangesNothing) {
  PlaySpeeds({{{2048, 512}, 1.2}});
  RunProgram(DefaultRun({"--extra", "0"}));
  const Ended ended = RunProgram(
      Command({"heatmap", "--no-csv", "--json", "-o", "benchmark_heatmap.png", "--detrend"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.err.find("drift is always part of the model"), std::string::npos) << ended.err;
  EXPECT_EQ(Json::parse(ended.out, nullptr, false)["recommended"], ReportOf()["recommended"]);
}

}  // namespace
}  // namespace ollama_bench::testing
