#include <filesystem>
#include <sstream>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

class PlanProgramTest : public RunFixture {
 protected:
  [[nodiscard]] Program Plan(std::vector<std::string> more = {}) const {
    Program program = Sweep(std::move(more));
    program.argv[1] = "plan";
    return program;
  }
  [[nodiscard]] Json PlanOf(std::vector<std::string> more = {}) const {
    more.emplace_back("--json");
    return Json::parse(RunProgram(Plan(std::move(more))).out, nullptr, false);
  }
  [[nodiscard]] bool HasResults() const {
    return std::filesystem::exists(server_.folder() / "benchmark_results.json");
  }
};

TEST_F(PlanProgramTest, TellsTheGridAndTouchesNothing) {
  const auto models = Models();
  const Json plan = PlanOf();
  EXPECT_EQ(plan["num_ctx"], Json::parse("[1024, 2048, 3072]"));
  EXPECT_EQ(plan["cells"], 9);
  EXPECT_EQ(plan["to_measure"], 9);
  EXPECT_EQ(plan["total_s"], nullptr) << "nothing was measured yet";
  EXPECT_GT(plan["disk"]["free_bytes"], 0);
  EXPECT_FALSE(HasResults());
  EXPECT_EQ(CallsOf("create") + CallsOf("run"), 0);
  EXPECT_EQ(Models(), models);
}

TEST_F(PlanProgramTest, ADryRunSaysTheSame) {
  const Ended plan = RunProgram(Plan());
  const Ended dry = RunProgram(Sweep({"--dry-run"}));
  EXPECT_EQ(dry.exit_code, 0) << dry.err;
  EXPECT_NE(plan.out.find("3 values: 1024, 2048, 3072\n"), std::string::npos) << plan.out;
  // The free space may change in between.
  EXPECT_EQ(dry.out.substr(0, dry.out.find("  disk")), plan.out.substr(0, plan.out.find("  disk")));
  EXPECT_FALSE(HasResults());
}

TEST_F(PlanProgramTest, EstimatesByTheTimesOfTheResults) {
  RunProgram(Sweep({"--limit", "3"}));
  const Json plan = PlanOf();
  EXPECT_EQ(plan["to_measure"], 6);
  EXPECT_GT(plan["cell_s"], 0);
  EXPECT_NEAR(plan["total_s"].get<double>(), 6 * plan["cell_s"].get<double>(), 1e-6);
}

TEST_F(PlanProgramTest, CountsTheMostLoadsThatTheRunMayMake) {
  Program plan = Command({"plan", "--model", "smollm2", "--ctx", "1024,2048", "--batch", "64",
                          "--prompt-tokens", "300", "--json"});
  const Json told = Json::parse(RunProgram(plan).out, nullptr, false);
  EXPECT_EQ(told["present_setting"], "num_ctx=4096 num_batch=512");
  plan.argv[1] = "run";
  std::istringstream events(RunProgram(plan).out);
  int visits = 0;
  for (std::string line; std::getline(events, line);) {
    if (Json::parse(line, nullptr, false)["event"] == "cell") ++visits;
  }
  const int pass = 1 + 2 + 1;
  const int usual_extra = 27;
  EXPECT_EQ(told["visits"], pass + usual_extra) << "the current setting is loaded first and last";
  EXPECT_GE(visits, pass + 2 * 3) << "each setting has three loads";
  EXPECT_LE(visits, told["visits"]);
}

TEST_F(PlanProgramTest, CountsThePresentSettingWhereOnlyALoadCouldTellIt) {
  server_.SetScript({{"version", "0.32.15"}, {"rate", 200'000}});
  Program plan = Command({"plan", "--model", "smollm2", "--ctx", "1024", "--batch", "64",
                          "--prompt-tokens", "300", "--json"});
  const Json told = Json::parse(RunProgram(plan).out, nullptr, false);
  EXPECT_EQ(told["present_setting"], "asked at the start");
  EXPECT_EQ(told["visits"], 2 + 1 + 27);
  EXPECT_TRUE(server_.Get("/api/ps")["models"].empty()) << "nothing was loaded to find out";
  plan.argv.emplace_back("--no-baseline");
  const Json alone = Json::parse(RunProgram(plan).out, nullptr, false);
  EXPECT_EQ(alone["present_setting"], nullptr);
  EXPECT_EQ(alone["visits"], 1);
}

TEST_F(PlanProgramTest, AProbeMeasuresOneCellThatIsKept) {
  const Json plan = PlanOf({"--probe"});
  EXPECT_EQ(plan["done"], 1);
  EXPECT_GT(plan["total_s"], 0);
  EXPECT_EQ(Models().size(), 1U) << "the temporary model is gone";
  const int runs = CallsOf("run");
  EXPECT_EQ(PlanOf({"--probe"})["done"], 1) << "a known time is not measured again";
  EXPECT_EQ(CallsOf("run"), runs);
}

TEST_F(PlanProgramTest, WarnsOfCellsThatWillNotShowWhatTheySeemTo) {
  std::string kinds;
  const Json plan =
      PlanOf({"--ctx", "256,1024,1000000", "--batch", "64,2048", "--prompt-tokens", "300"});
  for (const Json& warning : plan["warnings"]) kinds += warning["kind"].get<std::string>() + " ";
  EXPECT_EQ(kinds,
            "batch_without_effect batch_above_cap prompt_does_not_fit above_trained_context ");
}

TEST_F(PlanProgramTest, RunAndPlanWarnOfReleasesWhoseRatesAreWrong) {
  server_.SetScript({{"version", "0.12.5"}, {"rate", 200'000}});
  EXPECT_NE(RunProgram(Plan()).out.find("warning: Ollama 0.12.5: "), std::string::npos);
  EXPECT_NE(RunProgram(Sweep({"--limit", "1"})).err.find("warning: Ollama 0.12.5: "),
            std::string::npos);
}

TEST_F(PlanProgramTest, WithoutAServerTheGridIsToldAndWhyNoRunWouldBegin) {
  const Ended ended = RunProgram(Plan({"--json", "--host", "127.0.0.1:1"}));
  EXPECT_EQ(ended.exit_code, 3);
  const Json plan = Json::parse(ended.out, nullptr, false);
  EXPECT_EQ(plan["cells"], 9);
  EXPECT_NE(plan["obstacle"].get<std::string>().find("ollama serve"), std::string::npos);
}

TEST_F(PlanProgramTest, ResultsOfOtherConditionsAreAnObstacleToo) {
  RunProgram(Sweep({"--limit", "1"}));
  const Ended ended = RunProgram(Plan({"--num-predict", "7"}));
  EXPECT_EQ(ended.exit_code, 4);
  EXPECT_NE(ended.out.find("num_predict: results have 2"), std::string::npos) << ended.out;
}

TEST_F(PlanProgramTest, PlansForResultsThatARunHolds) {
  Play(Json::array({Rule("run", {{"num_ctx", 1024}, {"num_batch", 128}}, {{"hang", true}})}));
  RunningProgram sweep(Sweep());
  ASSERT_TRUE(sweep.WaitForOutput("[1/9]"));
  EXPECT_EQ(PlanOf()["done"], 1);
}

TEST_F(PlanProgramTest, TheModelThatAnotherSweepMeasuresIsNoneOfTheUsersToStop) {
  LoadTemporaryModel();
  EXPECT_EQ(RunProgram(Plan()).out.find("other models"), std::string::npos);
}

TEST_F(PlanProgramTest, ModelsOfTheUsersInMemoryAreNamed) {
  ASSERT_EQ(server_.Run({"run", "smollm2"}, "hello").exit_code, 0);
  const Ended ended = RunProgram(Plan());
  EXPECT_NE(ended.out.find("warning: other models are loaded and take memory: smollm2:latest"),
            std::string::npos)
      << ended.out;
}

TEST_F(PlanProgramTest, TellsWhatASearchOfTheSameGridWouldTake) {
  EXPECT_NE(
      RunProgram(Plan()).out.find("\n  tune         24 to 80 measurements instead of 9 loads\n"),
      std::string::npos);
  EXPECT_EQ(PlanOf()["tune"]["measurement_s"], nullptr);
  RunProgram(Sweep({"--limit", "2"}));
  const Json plan = PlanOf();
  EXPECT_EQ(plan["tune"]["least_measurements"], 22) << "two loads are known";
  EXPECT_EQ(plan["tune"]["most_measurements"], 80);
  EXPECT_GT(plan["tune"]["measurement_s"], 0);
  EXPECT_LT(plan["tune"]["measurement_s"], plan["cell_s"]) << "one run instead of three";
  EXPECT_NE(RunProgram(Plan()).out.find("instead of 7 loads, about "), std::string::npos);
}

// The line of the header that names the current setting.
std::string CurrentIn(const std::string& text) {
  const auto begin = text.find("  current  ");
  return begin == std::string::npos ? "" : text.substr(begin, text.find('\n', begin) - begin);
}

TEST(CurrentSettingTest, PlanAndRunNameTheContextOfTheServersEnvironment) {
  const StandInServer server({{"rate", 200'000}, {"load_ms", 5}},
                             {{"OLLAMA_CONTEXT_LENGTH", "2048"}});
  Program program = BenchCommand({"plan", "--model", "smollm2", "--ctx", "1024", "--batch", "64",
                                  "--extra", "0", "--repetitions", "1", "--prompt-tokens", "100"},
                                 server.folder(), server.Environment());
  const std::string planned = CurrentIn(RunProgram(program).out);
  EXPECT_NE(planned.find("num_ctx=2048 num_batch=512"), std::string::npos) << planned;
  EXPECT_NE(planned.find("OLLAMA_CONTEXT_LENGTH"), std::string::npos) << planned;
  program.argv[1] = "run";
  EXPECT_EQ(CurrentIn(RunProgram(program).err), planned);
}

TEST_F(PlanProgramTest, OfAVersionThatIsNoReleasePlanAndRunSayWhatIsNotKnown) {
  server_.SetScript({{"version", "0.0.0"}, {"rate", 200'000}, {"load_ms", 5}});
  for (const Program& program : {Plan({"--confirm", "0"}), Sweep({"--confirm", "0"})}) {
    const Ended ended = RunProgram(program);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_NE((ended.out + ended.err).find("warning: Ollama 0.0.0: this is no release"),
              std::string::npos)
        << ended.out << ended.err;
  }
}

}  // namespace
}  // namespace ollama_bench::testing
