#include <filesystem>
#include <fstream>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

class RunFailureTest : public RunFixture {
 protected:
  [[nodiscard]] Json Entry(int num_ctx, int num_batch) const {
    const Json store = Store();
    for (const Json& entry : store["results"]) {
      if (entry["num_ctx"] == num_ctx && entry["num_batch"] == num_batch) return entry;
    }
    return {};
  }
  [[nodiscard]] std::string FailureKind(int num_ctx, int num_batch) const {
    const Json entry = Entry(num_ctx, num_batch);
    return entry.contains("failure") ? entry["failure"].value("kind", "") : "none";
  }
};

TEST_F(RunFailureTest, RecordsOutOfMemoryAtOnceAndGoesOn) {
  Play(Json::array({Rule(
      "run", {{"num_ctx", 3072}},
      {{"error", "llama runner process has terminated: cudaMalloc failed: out of memory"}})}));
  const Ended ended = RunProgram(Sweep());
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(FailureKind(3072, 64), "out_of_memory");
  EXPECT_EQ(Entry(3072, 64)["failure"]["attempts"], 1);
  EXPECT_EQ(Entry(3072, 64)["error"], "CUDA OOM");
  EXPECT_NE(ended.out.find("failed         3\n               OOM 3\n"), std::string::npos)
      << ended.out;
}

TEST_F(RunFailureTest, ACrashThatDoesNotComeBackIsForgotten) {
  Play(Json::array({Rule("run", {{"num_batch", 128}, {"nth", 2}},
                         {{"transcript", "v0.11.4/run_runner_killed"}, {"unload", true}})}));
  const Ended ended = RunProgram(Sweep());
  EXPECT_EQ(ended.exit_code, 0);
  ExpectFullSweep();
}

TEST_F(RunFailureTest, NoMetricsAtExitZeroIsAFailureOfItsOwn) {
  Play(Json::array({Rule("run", {{"num_ctx", 1024}, {"num_batch", 256}}, {{"no_metrics", true}})}));
  RunProgram(Sweep());
  EXPECT_EQ(FailureKind(1024, 256), "no_metrics");
  EXPECT_EQ(Entry(1024, 256)["failure"]["attempts"], 2);
}

TEST_F(RunFailureTest, AHangingRunIsEndedAfterItsTime) {
  Play(Json::array(
      {Rule("run", {{"num_ctx", 1024}, {"num_batch", 64}, {"after", 3}}, {{"hang", true}})}));
  const Ended ended = RunProgram(Sweep({"--timeout", "1", "--limit", "2"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  // The three runs before gave a sample, which stays.
  EXPECT_EQ(FailureKind(1024, 64), "none");
  const Json visits = Entry(1024, 64)["visits"];
  ASSERT_EQ(visits.size(), 2U);
  for (const Json& visit : visits) EXPECT_EQ(visit["failure"]["kind"], "timeout");
  EXPECT_FALSE(Entry(1024, 128)["visits"][0].contains("failure"));
}

TEST_F(RunFailureTest, AFloodOfOutputCostsNothingButItself) {
  Play(Json::array({Rule("run", {{"num_ctx", 1024}, {"num_batch", 64}},
                         {{"flood", {{"stdout", 50'000'000}, {"stderr", 50'000'000}, {"line", 0}}},
                          {"error", "out of memory"}})}));
  RunProgram(Sweep({"--limit", "2"}));
  EXPECT_EQ(FailureKind(1024, 64), "out_of_memory");
  EXPECT_LT(std::filesystem::file_size(server_.folder() / "benchmark_results.json"), 100'000U);
}

TEST_F(RunFailureTest, HostileOutputReachesNeitherTerminalNorFileRaw) {
  Play(Json::array({Rule("run", {{"num_ctx", 1024}, {"num_batch", 64}},
                         {{"binary", true},
                          {"exit", 1},
                          {"stderr",
                           "\x1b]0;evil\x07"
                           "Error: \x1b[2J boom\n"}})}));
  const Ended ended = RunProgram(Sweep({"--limit", "1"}));
  EXPECT_EQ(ended.exit_code, 1) << "no cell succeeded";
  for (const std::string& text : {ended.err, ended.out, Store().dump()}) {
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\x9b'), std::string::npos);
  }
}

TEST_F(RunFailureTest, ARunThatWasServedFromTheCacheIsNotCounted) {
  Json script = Script(Json::array(
      {Rule("run", {{"num_ctx", 1024}, {"num_batch", 64}, {"nth", 4}}, {{"cached", 250}})}));
  script["version"] = "0.33.0";
  server_.SetScript(script);
  RunProgram(Sweep({"--limit", "1"}));
  int cached = 0;
  const Json entry = Entry(1024, 64);
  for (const Json& sample : entry["samples"]) cached += sample["excluded"] == "cached";
  EXPECT_EQ(cached, 1);
  EXPECT_EQ((CountedSamples()[{1024, 64}]), 3);
}

TEST_F(RunFailureTest, RetryFailedMeasuresOnlyTheFailedOnes) {
  Play(Json::array({Rule("run", {{"num_ctx", 3072}}, {{"error", "CUDA error: out of memory"}})}));
  RunProgram(Sweep());
  Play(Json::array());
  const int creates = CallsOf("create");
  RunProgram(Sweep());
  EXPECT_EQ(CallsOf("create"), creates) << "failed cells are done";
  RunProgram(Sweep({"--retry-failed"}));
  EXPECT_EQ(CallsOf("create"), creates + 4) << "one to see that it works";
  ExpectFullSweep();
}

TEST_F(RunFailureTest, WaitsForAServerThatDiesInMidSweep) {
  Play(Json::array(
      {Rule("run", {{"num_ctx", 2048}, {"num_batch", 64}, {"nth", 2}}, {{"kill_server", true}})}));
  RunningProgram program(Sweep());
  ASSERT_TRUE(program.WaitForOutput("waiting for the server"));
  server_.Start();
  const Ended ended = program.Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.err.find("the server answers again"), std::string::npos);
  ExpectFullSweep();
  EXPECT_EQ(Models().size(), 1U);
}

TEST_F(RunFailureTest, ReportsAPromptThatDoesNotFitWithoutLoadingTheCell) {
  Write("p.txt", [] {
    std::string text;
    for (int i = 0; i < 1500; ++i) text += "word ";
    return text;
  }());
  const Ended ended = RunProgram(
      Command({"run", "--model", "smollm2", "--ctx", "4096,1024,512", "--batch", "64",
               "--repetitions", "1", "--prompt-file", "p.txt", "--confirm", "0", "--no-baseline"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(FailureKind(1024, 64), "prompt_truncated");
  EXPECT_EQ(FailureKind(512, 64), "prompt_truncated");
  EXPECT_EQ(CallsOf("create"), 2) << "one to see that it works, one cell";
}

struct Refusal {
  std::vector<std::string> arguments;
  int exit_code;
  std::string says;
};

TEST_F(RunFailureTest, RefusesWithTheRightCodeAndARemedy) {
  Write("damaged.json", R"({"metadata": {}, "results": [)");
  Write("newer.json", R"({"metadata": {"schema_version": 99}, "results": []})");
  Write("typo.yaml", "num_cxt: [1024]\nnum_batch: [64]\nmodel: smollm2\n");
  Write("weights.gguf", "GGUF" + std::string(5 << 20, '\0'));
  const Refusal refusals[] = {
      {{"run", "--modelfile", "weights.gguf", "--ctx", "512", "--batch", "64"},
       2,
       "no Modelfile; weights are named by FROM in one"},
      {{"run", "--modelfile", "/dev/zero", "--ctx", "512", "--batch", "64"}, 2, "/dev/zero"},
      {{"run", "--model", "--help", "--ctx", "512", "--batch", "64"}, 2, "--model"},
      {{"run", "--model", "smolm2", "--ctx", "512", "--batch", "64"}, 3, "did you mean 'smollm2"},
      {{"run", "--model", "smollm2", "--ctx", "512", "--batch", "64", "--host", "127.0.0.1:1"},
       3,
       "no answer from http://127.0.0.1:1/api/version (cannot connect); start it "
       "with `ollama serve`, or name it with --host"},
      {{"run", "--model", "smollm2", "--ctx", "512", "--batch", "64", "--host", "ftp://x"},
       2,
       "no server address"},
      {{"run", "--model", "smollm2", "--ctx", "512", "--batch", "64", "--ollama", "/no/ollama"},
       3,
       "--ollama PATH"},
      {{"run", "--model", "smollm2", "--ctx", "512", "--batch", "0"}, 2, "--batch: 0"},
      {{"run", "--ctx", "512", "--batch", "64"}, 2, "model"},
      {{"run", "--config", "typo.yaml"}, 2, "num_ctx"},
      {{"run", "--config", "missing.yaml"}, 2, "missing.yaml"},
      {{"run", "--no-such-flag"}, 2, "--no-such-flag"},
      {{"run", "--model", "smollm2", "--ctx", "512", "--batch", "64", "--results", "damaged.json"},
       4,
       "damaged.json:1"},
      {{"run", "--model", "smollm2", "--ctx", "512", "--batch", "64", "--results", "newer.json"},
       4,
       "newer"},
      {{"run", "--model", "smollm2", "--ctx", "512", "--batch", "64", "--results", "no/where.json"},
       3,
       "no/where.json"},
      {{"run", "--model", "smollm2", "--ctx", "512", "--batch", "64", "--model-name", "smollm2"},
       2,
       "does not replace"},
  };
  for (const auto& [arguments, exit_code, says] : refusals) {
    const Ended ended = RunProgram(Command(arguments));
    EXPECT_EQ(ended.exit_code, exit_code) << ended.err << ::testing::PrintToString(arguments);
    EXPECT_NE(ended.err.find(says), std::string::npos) << ended.err;
  }
  EXPECT_EQ(Models().size(), 1U);
  EXPECT_EQ(CallsOf("run"), 0);
}

TEST_F(RunFailureTest, SurvivesAnyEnvironment) {
  const std::pair<const char*, std::string> variables[] = {
      {"OLLAMA_HOST", "\x1b[2J"},
      {"OLLAMA_HOST", "http://[::1"},
      {"OLLAMA_HOST", "127.0.0.1:99999999999999999999"},
      {"OLLAMA_HOST", "a b\n:1"},
      {"OLLAMA_HOST", std::string(100'000, 'x')},
      {"TMPDIR", "/no/such/folder"},
      {"TMPDIR", "\x1b]0;x\x07"},
      {"COLUMNS", "-5"},
      {"COLUMNS", "99999999999999999999"},
      {"TERM", std::string(100'000, '\x1b')},
      {"HOME", ""},
      {"PATH", ""},
      {"LC_ALL", "\xff\xfe"},
  };
  for (const auto& [name, value] : variables) {
    Program program = Sweep({"--limit", "1"});
    std::erase_if(program.environment, [&name = name](auto& pair) { return pair.first == name; });
    program.environment.emplace_back(name, value);
    const Ended ended = RunProgram(program);
    EXPECT_TRUE(ended.exit_code == 0 || ended.exit_code == 2 || ended.exit_code == 3)
        << name << ' ' << ended.exit_code << ' ' << ended.signal << ended.err.substr(0, 500);
    EXPECT_EQ((ended.err + ended.out).find('\x1b'), std::string::npos) << name;
    EXPECT_LT(ended.err.size(), 10'000U) << name;
  }
  EXPECT_EQ(Models().size(), 1U);
}

TEST_F(RunFailureTest, RefusesResultsThatWereMadeUnderOtherConditions) {
  RunProgram(Sweep({"--limit", "1"}));
  const Ended other = RunProgram(Sweep({"--num-predict", "8"}));
  EXPECT_EQ(other.exit_code, 4);
  EXPECT_NE(other.err.find("num_predict"), std::string::npos) << other.err;
  const Ended prompt = RunProgram(Sweep({"--prompt-tokens", "600"}));
  EXPECT_EQ(prompt.exit_code, 4);
  EXPECT_NE(prompt.err.find("the configuration asks for 600"), std::string::npos) << prompt.err;
  const Ended mixed = RunProgram(Sweep({"--num-predict", "8", "--limit", "1", "--force-mixed"}));
  EXPECT_EQ(mixed.exit_code, 0) << mixed.err;
  EXPECT_EQ(Store()["metadata"]["mixed"], true);
}

}  // namespace
}  // namespace ollama_bench::testing
