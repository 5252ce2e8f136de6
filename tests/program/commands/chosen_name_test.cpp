#include <csignal>
#include <filesystem>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

// Sweeps whose temporary models have names that the user chose, and so may use as well.
class ChosenNameTest : public RunFixture {
 protected:
  ChosenNameTest() {
    Write("w.gguf", "GGUF weights");
    Write("Modelfile", "FROM ./w.gguf\n");
    before_ = Models();
  }

  // Of weights in a file, so that there is a second temporary model: mymodel-base.
  [[nodiscard]] Program Sweep(const std::string& name = "mymodel",
                              std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"run", "--modelfile",     "Modelfile", "--model-name",
                                          name,  "--ctx",           "1024,2048", "--batch",
                                          "64",  "--prompt-tokens", "300"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Command(arguments);
  }
  // Starts a sweep and returns once a run of its first cell hangs.
  void StartAndHang(RunningProgram& sweep) const {
    ASSERT_TRUE(sweep.WaitForOutput("num_batch"));
    while (CallsOf("run") < 2) {
    }
  }
  void HangSecondRun() const { Play(Json::array({Rule("run", {{"nth", 2}}, {{"hang", true}})})); }
  void KillASweep() const {
    HangSecondRun();
    RunningProgram sweep(Sweep());
    StartAndHang(sweep);
    sweep.Signal(SIGKILL);
    sweep.Wait();
    Play(Json::array());
  }
  // As the user makes one by hand. Returns its digest.
  std::string MakeByHand(const std::string& name) const {
    (void)server_.Run({"rm", name});
    Write("Mine", "FROM smollm2\nSYSTEM mine\n");
    EXPECT_EQ(server_.Run({"create", name, "-f", "Mine"}).exit_code, 0);
    return Models().at(name + ":latest");
  }

  std::map<std::string, std::string> before_;
};

TEST_F(ChosenNameTest, AKilledRunNotesEachModelWithItsDigestAndTheNextStartRemovesThem) {
  KillASweep();
  const auto models = Models();
  ASSERT_EQ(models.size(), before_.size() + 2);
  const Json noted = Store()["metadata"]["temporary_models"];
  ASSERT_EQ(noted.size(), 2U);
  for (const Json& model : noted) {
    const std::string name = model["name"];
    EXPECT_EQ(model["digest"], "sha256:" + models.at(name + ":latest"));
  }
  const Ended again = RunProgram(Sweep());
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(Models(), before_);
  EXPECT_FALSE(Store()["metadata"].contains("temporary_models"));
}

TEST_F(ChosenNameTest, DoctorFindsWhatTheRunOfAnotherResultsFileLeftBehind) {
  HangSecondRun();
  {
    RunningProgram sweep(Sweep("mymodel", {"-r", "other.json"}));
    StartAndHang(sweep);
    sweep.Signal(SIGKILL);
    sweep.Wait();
  }
  Play(Json::array());
  const std::string told = RunProgram(Command({"doctor", "--json"})).out;
  EXPECT_NE(told.find("the model mymodel was left behind by the run of other.json"),
            std::string::npos)
      << told;
  EXPECT_NE(told.find("ollama-bench doctor --fix other.json"), std::string::npos) << told;
  RunProgram(Command({"doctor", "--fix", "other.json"}));
  EXPECT_EQ(Models(), before_);
}

class ChosenNamesTest : public ChosenNameTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(ChosenNamesTest, AModelThatTheUserMadeUnderSuchANameSinceStaysAndIsTold) {
  const std::string name = GetParam();
  KillASweep();
  const std::string digest = MakeByHand(name);
  const Ended refused = RunProgram(Sweep());
  EXPECT_EQ(refused.exit_code, 2) << refused.err;
  EXPECT_NE(refused.err.find("ollama rm " + name + "\n"), std::string::npos) << refused.err;
  EXPECT_EQ(Models().at(name + ":latest"), digest);
  const Ended other = RunProgram(Sweep("another"));
  EXPECT_EQ(other.exit_code, 0) << other.err;
  EXPECT_EQ(Models().at(name + ":latest"), digest);
  EXPECT_EQ(Models().size(), before_.size() + 1) << "the other models are removed";
}

INSTANTIATE_TEST_SUITE_P(Names, ChosenNamesTest, ::testing::Values("mymodel", "mymodel-base"));

TEST_F(ChosenNameTest, AModelUnderANameThatTheKilledRunNotedWithoutADigestStays) {
  Play(Json::array({Rule("create", {{"nth", 1}}, {{"hang", true}})}));
  {
    RunningProgram sweep(Sweep());
    while (CallsOf("create") < 1) {
    }
    sweep.Signal(SIGKILL);
    sweep.Wait();
  }
  Play(Json::array());
  ASSERT_EQ(Store()["metadata"]["temporary_models"].size(), 2U);
  for (const char* name : {"mymodel", "mymodel-base"}) {
    const std::string digest = MakeByHand(name);
    EXPECT_EQ(RunProgram(Sweep()).exit_code, 2);
    EXPECT_EQ(Models().at(std::string(name) + ":latest"), digest);
  }
}

TEST_F(ChosenNameTest, TheEndOfARunLeavesAModelThatWasReCreatedDuringIt) {
  HangSecondRun();
  RunningProgram sweep(Sweep());
  StartAndHang(sweep);
  const std::string digest = MakeByHand("mymodel");
  sweep.Signal(SIGINT);
  const Ended ended = sweep.Wait();
  EXPECT_EQ(ended.signal, SIGINT) << ended.err;
  EXPECT_NE(ended.err.find("ollama rm mymodel\n"), std::string::npos) << ended.err;
  EXPECT_EQ(Models().at("mymodel:latest"), digest);
  EXPECT_EQ(Models().size(), before_.size() + 1) << "mymodel-base was the sweep's own";
}

TEST_F(ChosenNameTest, ASweepDoesNotReplaceAModelThatWasReCreatedDuringIt) {
  HangSecondRun();
  RunningProgram sweep(Sweep("mymodel", {"--timeout", "5"}));
  StartAndHang(sweep);
  const std::string digest = MakeByHand("mymodel");
  const Ended ended = sweep.Wait();
  EXPECT_EQ(ended.exit_code, 3) << ended.err;
  EXPECT_NE(ended.err.find("'mymodel' was re-created by another program"), std::string::npos)
      << ended.err;
  EXPECT_EQ(Models().at("mymodel:latest"), digest);
}

TEST_F(ChosenNameTest, DoctorListsThemAndRemovesOnlyTheSweepsOwn) {
  KillASweep();
  const auto told = [this](std::vector<std::string> more) {
    more.insert(more.begin(), {"doctor", "--json"});
    std::string texts;
    const Json report = Json::parse(RunProgram(Command(more)).out, nullptr, false);
    for (const Json& finding : report["findings"]) {
      if (finding["topic"] != "leftovers") continue;
      texts += finding["level"].get<std::string>() + ": " + finding["message"].get<std::string>() +
               " -> " + finding["remedy"].dump() + "\n";
    }
    return texts;
  };
  const std::string both = told({});
  EXPECT_NE(both.find("warning: the model mymodel was left"), std::string::npos) << both;
  EXPECT_NE(both.find("warning: the model mymodel-base was left"), std::string::npos) << both;
  const std::string digest = MakeByHand("mymodel-base");
  for (const std::string& text : {told({}), told({"--fix"}), told({"--fix"})}) {
    EXPECT_NE(text.find("note: the model mymodel-base has a name"), std::string::npos) << text;
    EXPECT_NE(text.find("ollama rm mymodel-base"), std::string::npos) << text;
  }
  EXPECT_EQ(Models().at("mymodel-base:latest"), digest);
  EXPECT_EQ(Models().size(), before_.size() + 1);
}

}  // namespace
}  // namespace ollama_bench::testing
