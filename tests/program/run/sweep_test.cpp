#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

class RunSweepTest : public RunFixture {};

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST_F(RunSweepTest, MeasuresEveryCellAndLeavesTheServerAsItWas) {
  const auto before = Models();
  const Ended ended = RunProgram(Sweep());
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  ExpectFullSweep();
  EXPECT_EQ(Models(), before);
  EXPECT_TRUE(server_.Get("/api/ps")["models"].empty()) << "the model is unloaded";
  const Json metadata = Store()["metadata"];
  EXPECT_EQ(metadata["total_tests"], 9);
  EXPECT_EQ(metadata["num_ctx_range"], "1024-3072:1024");
  EXPECT_EQ(metadata["identity"]["ollama_version"], "0.11.4");
  EXPECT_FALSE(metadata.contains("temporary_models"));
}

TEST_F(RunSweepTest, PrintsOnePlainLinePerCellWhenPiped) {
  const Ended ended = RunProgram(Sweep());
  int cells = 0;
  for (const std::string& line : Lines(ended.err)) {
    if (line.starts_with('[')) {
      ++cells;
      EXPECT_TRUE(line.starts_with(fmt::format("[{}/9] num_ctx=", cells)));
      EXPECT_NE(line.find(" tokens/s"), std::string::npos);
    }
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
  }
  EXPECT_EQ(cells, 9);
  EXPECT_NE(ended.out.find("\nUNDECIDED: "), std::string::npos) << ended.out;
  EXPECT_NE(ended.out.find("successful     9"), std::string::npos);
}

TEST_F(RunSweepTest, ThePresentSettingIsNamedAsSuchAndIsNoCellOfTheGrid) {
  Program sweep = Command({"run", "--model", "smollm2", "--ctx", "1024,2048", "--batch", "64",
                           "--repetitions", "1", "--prompt-tokens", "300", "--confirm", "0"});
  const Ended ended = RunProgram(sweep);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(
      ended.err.find("\n  cells        2, 2 to measure\n  current      num_ctx=4096 num_batch=512 "
                     "(Ollama default), "),
      std::string::npos)
      << ended.err;
  std::vector<std::string> visits;
  for (const std::string& line : Lines(ended.err)) {
    if (line.starts_with('[')) visits.push_back(line.substr(0, line.find("  ")));
  }
  EXPECT_EQ(visits,
            (std::vector<std::string>{
                "[current setting] num_ctx=4096 num_batch=512", "[1/2] num_ctx=1024 num_batch=64",
                "[2/2] num_ctx=2048 num_batch=64", "[control] num_ctx=4096 num_batch=512"}));
}

TEST_F(RunSweepTest, AsACellOfTheGridThePresentSettingComesFirstCountsOnceAndComesLast) {
  const Ended ended = RunProgram(
      Command({"run", "--model", "smollm2", "--ctx", "1024,4096", "--batch", "512", "--repetitions",
               "1", "--prompt-tokens", "300", "--confirm", "0", "--json"}));
  std::vector<std::string> cells;
  for (const std::string& line : Lines(ended.out)) {
    const Json event = Json::parse(line, nullptr, false);
    if (event["event"] != "cell") continue;
    EXPECT_EQ(event["in_grid"], true);
    cells.push_back(fmt::format("{} {}/{}", event["num_ctx"].get<int>(), event["done"].get<int>(),
                                event["total"].get<int>()));
  }
  EXPECT_EQ(cells, (std::vector<std::string>{"4096 1/2", "1024 2/2", "4096 2/2"})) << ended.err;
}

TEST_F(RunSweepTest, GoesColumnByColumnUnlessToldToGoRowByRow) {
  const auto first_two = [&](const std::vector<std::string>& flags) {
    const Ended ended = RunProgram(Sweep(flags));
    std::vector<std::string> cells;
    for (const std::string& line : Lines(ended.err)) {
      if (line.starts_with('[')) cells.push_back(line.substr(6, line.find("  ") - 6));
    }
    cells.resize(2);
    return cells;
  };
  EXPECT_EQ(first_two({}),
            (std::vector<std::string>{"num_ctx=1024 num_batch=64", "num_ctx=1024 num_batch=128"}));
  EXPECT_EQ(first_two({"--row-first", "--results", "rows.json"}),
            (std::vector<std::string>{"num_ctx=1024 num_batch=64", "num_ctx=2048 num_batch=64"}));
}

TEST_F(RunSweepTest, ASecondStartSaysInOneLineThatAllIsDone) {
  RunProgram(Sweep());
  const int runs = CallsOf("run");
  const Ended ended = RunProgram(Sweep());
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(CallsOf("run"), runs) << "nothing is measured again";
  EXPECT_NE(ended.err.find("9, 9 of them done, 0 to measure"), std::string::npos) << ended.err;
  EXPECT_EQ(ended.err.find("[1/9]"), std::string::npos);
}

TEST_F(RunSweepTest, ALimitMeasuresOnlySoManyCellsAndTheNextStartGoesOn) {
  RunProgram(Sweep({"--limit", "4"}));
  EXPECT_EQ(CountedSamples().size(), 4U);
  RunProgram(Sweep());
  ExpectFullSweep();
}

TEST_F(RunSweepTest, AnEntryDeletedByHandIsMeasuredAgain) {
  RunProgram(Sweep());
  Json store = Store();
  store["results"].erase(4);
  Write("benchmark_results.json", store.dump(1));
  RunProgram(Sweep());
  ExpectFullSweep();
}

TEST_F(RunSweepTest, ALargerGridKeepsWhatIsThere) {
  RunProgram(Sweep());
  const Ended ended = RunProgram(Sweep({"--batch", "64,128,256,512"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.err.find("12, 9 of them done, 3 to measure"), std::string::npos) << ended.err;
  EXPECT_EQ(Store()["results"].size(), 12U);
}

TEST_F(RunSweepTest, GivesThePromptFileBehindAMarkerOnStandardInput) {
  Write("p.txt", "Why is the sky blue? \xE2\x9C\x93\n");
  const Ended ended =
      RunProgram(Command({"run", "--model", "smollm2", "--ctx", "512", "--batch", "64",
                          "--prompt-file", "p.txt", "--repetitions", "2", "--no-baseline"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  std::set<std::string> prompts;
  for (const Json& call : server_.Calls()) {
    if (call["command"] == "run") prompts.insert(call["prompt"]);
  }
  EXPECT_EQ(prompts.size(), 3U) << "a warm-up and two samples, all different";
  const bool any_whole = std::any_of(prompts.begin(), prompts.end(), [](const auto& prompt) {
    return prompt.ends_with("\n\nWhy is the sky blue? \xE2\x9C\x93\n");
  });
  EXPECT_TRUE(any_whole);
}

TEST_F(RunSweepTest, JsonGivesOneEventPerLineAndNothingElse) {
  const Ended ended = RunProgram(Sweep({"--json"}));
  std::map<std::string, int> events;
  for (const std::string& line : Lines(ended.out)) {
    const Json event = Json::parse(line, nullptr, false);
    ASSERT_TRUE(event.is_object()) << line;
    if (IsAboutThisMachine(line)) continue;
    ++events[event["event"]];
  }
  EXPECT_EQ(events["cell"], 9);
  EXPECT_EQ(events["sample"], 27);
  EXPECT_EQ(events["end"], 1);
  EXPECT_EQ(events["notice"], 1) << "the prompt is short for the largest batch";
  EXPECT_EQ(ended.err, "");
}

TEST_F(RunSweepTest, QuietPrintsTheResultAlone) {
  const Ended ended = RunProgram(Sweep({"--quiet", "--batch", "64,128"}));
  for (const std::string& line : Lines(ended.err)) EXPECT_TRUE(IsAboutThisMachine(line)) << line;
  EXPECT_NE(ended.out.find("\nUNDECIDED: "), std::string::npos) << ended.out;
}

TEST_F(RunSweepTest, ATemplateWithARelativePathIsImportedOnceAndItsTextKept) {
  std::filesystem::create_directories(server_.folder() / "models_here");
  Write("models_here/w.gguf", "GGUF weights");
  Write(
      "models_here/Modelfile",
      "# mine\nFROM ./w.gguf\nSYSTEM \"\"\"\nPARAMETER num_ctx 7\n\"\"\"\nPARAMETER num_ctx 99\n");
  const auto before = Models();
  const Ended ended = RunProgram(
      Command({"run", "--modelfile", "models_here/Modelfile", "--ctx", "1024,2048", "--batch", "64",
               "--repetitions", "1", "--prompt-tokens", "300", "--confirm", "0", "--no-baseline"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(Models(), before) << "also the imported weights are removed";
  EXPECT_EQ(CallsOf("create"), 4) << "one import, one to see that it works, two cells";
  EXPECT_EQ(CountedSamples().size(), 2U);
}

TEST_F(RunSweepTest, ResumesAnOldScriptsFileAsItIs) {
  Write("benchmark_results.json",
        R"({"metadata":{"start_time":"2025-12-23T20:29:17","total_tests":9,
            "num_ctx_range":"1024-3072:1024","num_batch_range":"64-256:64"},
            "results":[
             {"num_ctx":1024,"num_batch":64,"prompt_eval_rate":83.34,"timestamp":"2025-12-23T20:31:00.5"},
             {"num_ctx":1024,"num_batch":128,"prompt_eval_rate":null,"error":"CUDA resource allocation error","timestamp":"2025-12-23T20:33:00.5"}]})");
  const Ended ended = RunProgram(Sweep({"--repetitions", "auto"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.err.find("9, 1 of them done, 1 failed, 7 to measure"), std::string::npos)
      << ended.err;
  const Json store = Store();
  EXPECT_EQ(store["results"].size(), 9U);
  EXPECT_EQ(store["results"][0]["prompt_eval_rate"], 83.34);
  EXPECT_EQ(store["results"][1]["error"], "CUDA resource allocation error");
  EXPECT_FALSE(store["results"][0].contains("samples"));
}

}  // namespace
}  // namespace ollama_bench::testing
