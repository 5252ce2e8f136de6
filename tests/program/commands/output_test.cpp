#include <filesystem>
#include <fstream>
#include <sstream>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

namespace fs = std::filesystem;

// What commands write besides the results, and what they leave alone.
class OutputProgramTest : public RunFixture {
 protected:
  [[nodiscard]] std::string Text(const std::string& name) const {
    std::ifstream in(server_.folder() / name);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  [[nodiscard]] Ended RunWith(const std::vector<std::string>& arguments) const {
    return RunProgram(Sweep(arguments));
  }
  // That `arguments` are refused with code 2 and these words, and the file stays as it is.
  void ExpectKept(const std::string& name, const Program& program, const std::string& words) const {
    const std::string before = Text(name);
    ASSERT_NE(before, "") << name;
    const Ended ended = RunProgram(program);
    EXPECT_EQ(ended.exit_code, 2) << ended.out << ended.err;
    EXPECT_NE(ended.err.find(words), std::string::npos) << ended.err;
    EXPECT_EQ(Text(name), before) << name;
  }
};

TEST_F(OutputProgramTest, ASavedConfigurationNeverReplacesResults) {
  ASSERT_EQ(RunWith({"--limit", "1"}).exit_code, 0);
  fs::create_symlink("benchmark_results.json", server_.folder() / "link.yaml");
  fs::copy_file(server_.folder() / "benchmark_results.json", server_.folder() / "copy.yaml");
  for (const char* name : {"benchmark_results.json", "link.yaml", "copy.yaml"}) {
    for (const char* command : {"run", "tune", "plan"}) {
      Program program = Sweep({"--save-config", name});
      program.argv[1] = command;
      if (std::string(command) == "tune") {
        program = Command({"tune", "--model", "smollm2", "--save-config", name});
      }
      ExpectKept(name, program, "--save-config FILE");
    }
  }
  ExpectKept("copy.yaml", Sweep({"--dry-run", "--save-config", "copy.yaml"}), "results of a sweep");
}

TEST_F(OutputProgramTest, ASavedConfigurationLeavesOtherFilesAndLocksAlone) {
  Write("notes.txt", "remember the milk\n");
  ExpectKept("notes.txt", Sweep({"--save-config", "notes.txt"}), "notes.txt exists");
  EXPECT_EQ(CallsOf("create"), 0);
  EXPECT_EQ(RunWith({"--save-config", "benchmark_results.json.lock"}).exit_code, 2);
  EXPECT_EQ(RunWith({"--save-config", "benchmark_results.json"}).exit_code, 2);
  EXPECT_FALSE(fs::exists(server_.folder() / "benchmark_results.json"));
}

TEST_F(OutputProgramTest, AConfigurationIsSavedOnlyForARunThatIsAccepted) {
  ASSERT_EQ(RunWith({"--limit", "1"}).exit_code, 0);
  const Ended refused = RunWith({"--num-predict", "7", "--save-config", "sweep.yaml"});
  EXPECT_EQ(refused.exit_code, 4) << refused.err;
  EXPECT_FALSE(fs::exists(server_.folder() / "sweep.yaml"));
  Program plan = Sweep({"--num-predict", "7", "--save-config", "sweep.yaml"});
  plan.argv[1] = "plan";
  EXPECT_EQ(RunProgram(plan).exit_code, 4);
  EXPECT_FALSE(fs::exists(server_.folder() / "sweep.yaml"));

  const Ended accepted = RunWith({"--save-config", "sweep.yaml"});
  EXPECT_EQ(accepted.exit_code, 0) << accepted.err;
  const std::string saved = Text("sweep.yaml");
  EXPECT_NE(saved.find("num_ctx: [1024, 2048, 3072]"), std::string::npos) << saved;
  Write("sweep.yaml", "num_predict: 2\n");
  EXPECT_EQ(RunWith({"--save-config", "sweep.yaml"}).exit_code, 0) << "all is measured by now";
  EXPECT_EQ(Text("sweep.yaml"), saved) << "a configuration replaces another";
  EXPECT_EQ(RunProgram(Command({"plan", "-c", "sweep.yaml"})).exit_code, 0);
}

TEST_F(OutputProgramTest, PicturesAndTablesReplaceOnlyTheirLike) {
  ASSERT_EQ(RunWith({}).exit_code, 0);
  for (int i = 0; i < 2; ++i) {
    const Ended ended =
        RunProgram(Command({"heatmap", "-o", "a.png", "-o", "a.svg", "-o", "a.pdf"}));
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_EQ(RunProgram(Command({"heatmap"})).exit_code, 0) << "the default names";
  }
  fs::copy_file(server_.folder() / "benchmark_results.json", server_.folder() / "copy.png");
  ExpectKept("copy.png", Command({"heatmap", "-o", "copy.png"}), "results of a sweep");
  ExpectKept("copy.png", Command({"heatmap", "--csv", "copy.png"}), "results of a sweep");
  fs::copy_file(server_.folder() / "a.svg", server_.folder() / "svg.png");
  ExpectKept("svg.png", Command({"heatmap", "-o", "svg.png"}), "an SVG picture");
  ExpectKept(
      "svg.png",
      Command({"compare", "benchmark_results.json", "benchmark_results.json", "-o", "svg.png"}),
      "an SVG picture");
  Write("notes.csv", "milk,2\n");
  ExpectKept("notes.csv", Command({"heatmap", "--csv", "notes.csv"}), "--csv FILE");
}

TEST_F(OutputProgramTest, AMergeMakesNoLockBesideAFileThatItLeavesAlone) {
  ASSERT_EQ(RunWith({"--limit", "1"}).exit_code, 0);
  Write("yarn", "mine\n");
  Write("other.lock", "# of another tool\n");
  const Program onto = Command({"merge", "benchmark_results.json", "-o", "yarn"});
  ExpectKept("yarn", onto, "yarn exists");
  EXPECT_FALSE(fs::exists(server_.folder() / "yarn.lock"));
  EXPECT_EQ(RunProgram(Command({"merge", "benchmark_results.json", "-o", "other"})).exit_code, 4);
  EXPECT_EQ(Text("other.lock"), "# of another tool\n");
}

}  // namespace
}  // namespace ollama_bench::testing
