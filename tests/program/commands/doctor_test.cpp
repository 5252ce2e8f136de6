#include <csignal>
#include <filesystem>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

namespace fs = std::filesystem;

class DoctorProgramTest : public RunFixture {
 protected:
  [[nodiscard]] Program Doctor(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), "doctor");
    return Command(std::move(more));
  }
  // The messages and remedies of one topic.
  [[nodiscard]] static std::string Told(const Ended& ended, const std::string& topic) {
    std::string told;
    const Json report = Json::parse(ended.out, nullptr, false);
    for (const Json& finding : report["findings"]) {
      if (finding["topic"] != topic) continue;
      told += finding["level"].get<std::string>() + ": " + finding["message"].get<std::string>();
      if (!finding["remedy"].is_null()) told += " -> " + finding["remedy"].get<std::string>();
      told += "\n";
    }
    return told;
  }
  [[nodiscard]] Ended Examine(std::vector<std::string> more = {}) const {
    more.emplace_back("--json");
    return RunProgram(Doctor(std::move(more)));
  }
  // A sweep that leaves its temporary model and its scratch folder behind.
  void KillASweep() const {
    Play(Json::array({Rule("run", {{"num_ctx", 1024}, {"num_batch", 128}}, {{"hang", true}})}));
    RunningProgram sweep(Sweep());
    ASSERT_TRUE(sweep.WaitForOutput("[1/9]"));
    sweep.Signal(SIGKILL);
    sweep.Wait();
    for (const fs::path& folder : Scratch()) {
      fs::last_write_time(folder, fs::file_time_type::clock::now() - std::chrono::hours(1));
    }
  }
  [[nodiscard]] std::vector<fs::path> Scratch() const {
    std::vector<fs::path> folders;
    for (const auto& entry : fs::directory_iterator(server_.folder() / "tmp")) {
      folders.push_back(entry.path());
    }
    return folders;
  }
};

TEST_F(DoctorProgramTest, FindsProgramServerAndModels) {
  const Ended ended = Examine();
  EXPECT_EQ(ended.exit_code, 0) << ended.out;
  EXPECT_EQ(Told(ended, "server"), "ok: Ollama 0.11.4 answers at http://" + server_.host() + "\n");
  EXPECT_NE(Told(ended, "models").find("smollm2:latest"), std::string::npos);
  EXPECT_EQ(Told(ended, "leftovers"), "ok: none\n");
  EXPECT_NE(Told(ended, "version").find("num_batch above 512"), std::string::npos);
}

TEST_F(DoctorProgramTest, SaysHowToStartAServer) {
  const Ended ended = Examine({"--host", "127.0.0.1:1"});
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_NE(Told(ended, "server").find("-> ollama serve"), std::string::npos) << ended.out;
}

TEST_F(DoctorProgramTest, DoesNotStartAServerWhereSomethingElseAnswers) {
  const Ended ended = Examine({"--host", server_.host() + "/elsewhere"});
  EXPECT_EQ(ended.exit_code, 3);
  const std::string told = Told(ended, "server");
  EXPECT_NE(told.find("status 404"), std::string::npos) << told;
  EXPECT_EQ(told.find("ollama serve"), std::string::npos) << told;
}

TEST_F(DoctorProgramTest, WithoutAProgramButWithAServerASweepCanRunAllTheSame) {
  const Ended ended = Examine({"--ollama", "no-such-program"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(Told(ended, "program").substr(0, 5), "note:");
}

TEST_F(DoctorProgramTest, SaysNothingOfThisMachineWhereTheServerIsElsewhere) {
  // Any address but loopback; that nobody answers there does not matter here.
  const Ended ended = Examine({"--host", "192.0.2.1:9"});
  EXPECT_EQ(Told(ended, "cpu") + Told(ended, "gpu") + Told(ended, "memory"), "");
  EXPECT_EQ(Told(ended, "machine").substr(0, 5), "note:");
}

TEST_F(DoctorProgramTest, WarnsOfReleasesWhoseRatesAreWrong) {
  server_.SetScript({{"version", "0.12.5"}});
  const Ended ended = Examine();
  EXPECT_NE(Told(ended, "version").find("warning: Ollama 0.12.5"), std::string::npos) << ended.out;
}

TEST_F(DoctorProgramTest, NamesModelsInMemoryAndHowToUnloadThem) {
  ASSERT_EQ(server_.Run({"run", "smollm2"}, "hello").exit_code, 0);
  const Ended ended = Examine();
  EXPECT_NE(Told(ended, "loaded").find("-> ollama stop smollm2:latest"), std::string::npos)
      << ended.out;
}

TEST_F(DoctorProgramTest, DoesNotTellToStopTheModelOfASweep) {
  LoadTemporaryModel();
  const std::string told = Told(Examine(), "loaded");
  EXPECT_TRUE(told.starts_with("note: ollama-bench-01KAJ:latest is in memory")) << told;
  EXPECT_EQ(told.find("->"), std::string::npos) << told;
}

TEST_F(DoctorProgramTest, RemovesWhatAKilledSweepLeftWhenToldToAndNothingElse) {
  const auto before = Models();
  KillASweep();
  ASSERT_EQ(Models().size(), before.size() + 1);
  ASSERT_EQ(Scratch().size(), 1U);
  const Ended found = Examine();
  const std::string told = Told(found, "leftovers");
  EXPECT_NE(told.find("warning: the model ollama-bench-"), std::string::npos) << told;
  EXPECT_NE(told.find("warning: a folder was left behind"), std::string::npos) << told;
  EXPECT_NE(told.find("-> ollama-bench doctor --fix benchmark_results.json"), std::string::npos);
  EXPECT_EQ(Models().size(), before.size() + 1) << "looking changes nothing";
  const Ended fixed = Examine({"--fix"});
  EXPECT_EQ(Json::parse(fixed.out)["fixed"].size(), 2U) << fixed.out << fixed.err;
  EXPECT_EQ(Models(), before);
  EXPECT_TRUE(Scratch().empty());
  EXPECT_EQ(Told(fixed, "leftovers"), "ok: none\n");
}

TEST_F(DoctorProgramTest, LeavesTheModelAndTheFolderOfARunThatGoesOn) {
  Play(Json::array({Rule("run", {{"num_ctx", 1024}, {"num_batch", 128}}, {{"hang", true}})}));
  RunningProgram sweep(Sweep());
  ASSERT_TRUE(sweep.WaitForOutput("[1/9]"));
  for (const fs::path& folder : Scratch()) {
    fs::last_write_time(folder, fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  const std::size_t models = Models().size();
  EXPECT_TRUE(Json::parse(Examine({"--fix"}).out)["fixed"].empty());
  EXPECT_EQ(Models().size(), models);
  EXPECT_EQ(Scratch().size(), 1U);
}

TEST_F(DoctorProgramTest, LeavesAModelThatAnotherResultsFileOwns) {
  KillASweep();
  const Ended ended = Examine({"other.json", "--fix"});
  EXPECT_NE(Told(ended, "leftovers").find("note: the model ollama-bench-"), std::string::npos)
      << ended.out;
}

}  // namespace
}  // namespace ollama_bench::testing
