// What is read of the machine during samples, with two GPUs that do not exist: the library of
// support/fake_nvml in place of NVIDIA's.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "program/run/run_fixture.h"
#include "support/simulated_ollama.h"

namespace ollama_bench::testing {
namespace {

namespace fs = std::filesystem;

Program WithFakeGpus(Program program, const fs::path& facts) {
  const std::string folder = fs::path(OLLAMA_BENCH_FAKE_NVML).parent_path();
  program.environment.emplace_back("LD_LIBRARY_PATH", folder);
  program.environment.emplace_back("FAKE_NVML", facts);
  return program;
}

std::vector<Json> Lines(const fs::path& path) {
  std::ifstream in(path);
  std::vector<Json> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
  return lines;
}

class TelemetryProgramTest : public RunFixture {
 protected:
  TelemetryProgramTest()
      : RunFixture(Json::array({Rule("run", Json::object(), {{"sleep_ms", 1300}})})) {
    Write("facts", "");
  }
  [[nodiscard]] Program TwoCells(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"--ctx", "1024,2048",     "--batch",
                                          "64",    "--repetitions", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return WithFakeGpus(Sweep(std::move(arguments)), server_.folder() / "facts");
  }
  /// The measured samples of a file.
  [[nodiscard]] std::vector<Json> Samples(
      const std::string& name = "benchmark_results.json") const {
    std::vector<Json> samples;
    const Json store = Store(name);
    for (const Json& entry : store["results"]) {
      for (const Json& sample : entry.value("samples", Json::array())) {
        if (sample["role"] == "measure") samples.push_back(sample);
      }
    }
    return samples;
  }
  [[nodiscard]] std::size_t ReadingFiles(const std::string& folder) const {
    std::size_t files = 0;
    std::error_code none;
    for (const auto& file : fs::directory_iterator(server_.folder() / folder, none)) {
      files += file.path().string().ends_with(".telemetry.jsonl") ? 1 : 0;
    }
    return files;
  }
  void ExpectTelemetry(const Json& sample) const {
    ASSERT_TRUE(sample.contains("telemetry")) << sample;
    const Json& telemetry = sample["telemetry"];
    EXPECT_GE(telemetry["readings"], 3) << telemetry;
    for (const char* key : {"cpus_mean", "busiest_cpu_max", "server_cpus_mean", "others_cpus_mean",
                            "server_bytes_max", "available_bytes_min", "page_cache_bytes_max"}) {
      EXPECT_TRUE(telemetry.contains(key)) << key << telemetry;
    }
    ASSERT_EQ(telemetry["gpus"].size(), 2U);
    EXPECT_EQ(telemetry["gpus"][0]["name"], "Fake GPU A");
    EXPECT_EQ(telemetry["gpus"][0]["power_w_mean"], 200);
    EXPECT_EQ(telemetry["gpus"][1]["memory_bytes_max"], 8'000'000'000);
    EXPECT_GT(telemetry["gpus"][1]["energy_j"], 0);
  }
};

TEST_F(TelemetryProgramTest, IsInTheResultsAndStaysThereThroughResumeAndMerge) {
  RunningProgram sweep(TwoCells({"--json"}));
  ASSERT_TRUE(sweep.WaitForOutput("\"event\":\"cell\""));
  sweep.Signal(SIGINT);
  sweep.Wait();
  ASSERT_EQ(Samples().size(), 1U);
  const Json first = Samples().front();
  ExpectTelemetry(first);
  ASSERT_EQ(RunProgram(TwoCells()).exit_code, 0);
  ASSERT_EQ(Samples().size(), 2U);
  EXPECT_EQ(Samples().front(), first);
  ExpectTelemetry(Samples().back());
  EXPECT_EQ(ReadingFiles("benchmark_results.d"), 2U);
  ASSERT_EQ(RunProgram(Command({"merge", "benchmark_results.json", "-o", "merged.json"})).exit_code,
            0);
  EXPECT_EQ(Samples("merged.json"), Samples());
  EXPECT_EQ(ReadingFiles("merged.d"), 2U);
  const Json visit = Store()["results"][0]["visits"][0];
  EXPECT_TRUE(visit.contains("load_disk_bytes")) << visit;
}

TEST_F(TelemetryProgramTest, EachEventOfASampleHasItAndTheEnergyOfATokenIsAMetric) {
  const Ended ended = RunProgram(TwoCells({"--ctx", "1024", "--json", "--ignore-disturbance"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  bool was_seen = false;
  std::istringstream lines(ended.out);
  for (std::string line; std::getline(lines, line);) {
    const Json event = Json::parse(line, nullptr, false);
    if (!event.is_object() || event.value("event", "") != "sample") continue;
    if (event["role"] == "warm_up") continue;
    was_seen = true;
    ExpectTelemetry(event);
    EXPECT_GT(event["joules_per_token"], 0);
    EXPECT_EQ(event["gpu_memory"], 12);
  }
  EXPECT_TRUE(was_seen);
  const Ended map =
      RunProgram(Command({"heatmap", "--metric", "joules_per_token", "--json", "--no-csv"}));
  EXPECT_EQ(map.exit_code, 0) << map.err;
  EXPECT_NE(map.out.find("J/token"), std::string::npos) << map.out;
}

TEST_F(TelemetryProgramTest, ASlowedGpuAndAnotherProgramOnTheServersGpuDisturbUnlessThatIsIgnored) {
  Play(Json::array({Rule("run", Json::object(), {{"sleep_ms", 300}})}));
  Write("facts", "slowed 1 0x40\n");
  const Ended ended = RunProgram(TwoCells({"--ctx", "1024"}));
  EXPECT_NE(ended.err.find("a GPU was slowed down by its heat or its power supply during a run; it "
                           "does not count and is measured again"),
            std::string::npos)
      << ended.err;
  ASSERT_EQ(Samples().size(), 4U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(Samples()[i]["disturbed"]["cause"], "gpu_slowed");
  }
  EXPECT_FALSE(Samples().back().contains("disturbed")) << "it always is slowed down";
  const Ended status = RunProgram(Command({"status"}));
  EXPECT_NE(status.out.find("a GPU slowed down"), std::string::npos) << status.out;
  fs::remove(server_.folder() / "benchmark_results.json");
  const Ended ignored = RunProgram(TwoCells({"--ctx", "1024", "--ignore-disturbance"}));
  EXPECT_EQ(ignored.exit_code, 0) << ignored.err;
  ASSERT_EQ(Samples().size(), 1U);
  EXPECT_FALSE(Samples().front().contains("disturbed"));
  EXPECT_EQ(Samples().front()["telemetry"]["gpus"][1]["slowed_share"], 1);
  fs::remove(server_.folder() / "benchmark_results.json");
  const std::string pid = std::to_string(server_.pid());
  Write("facts", "process 0 " + pid + " 60\nprocess 0 99999999 40\nprocess 1 99999999 90\n");
  const Ended shared = RunProgram(TwoCells({"--ctx", "1024"}));
  EXPECT_NE(shared.err.find("another program computed on the server's GPU during a run"),
            std::string::npos)
      << shared.err;
  ASSERT_GE(Samples().size(), 1U);
  EXPECT_EQ(Samples().front()["disturbed"]["cause"], "gpu");
}

TEST_F(TelemetryProgramTest, AReplayAndASampleOfAMomentHaveNoReadings) {
  Play(Json::array());
  ASSERT_EQ(RunProgram(TwoCells()).exit_code, 0);
  EXPECT_EQ(ReadingFiles("benchmark_results.d"), 0U);
  ASSERT_EQ(RunProgram(TwoCells({"--replay", "benchmark_results.json", "--results", "replay.json"}))
                .exit_code,
            0);
  for (const Json& sample : Samples("replay.json")) {
    EXPECT_FALSE(sample.contains("telemetry")) << sample;
  }
}

double EnergyAt(const std::vector<Json>& lines, std::size_t gpu, double at_ms) {
  for (std::size_t i = 2; i < lines.size(); ++i) {
    const double to = lines[i]["at_ms"];
    if (to < at_ms) continue;
    const double from = lines[i - 1]["at_ms"];
    const double before = lines[i - 1]["gpus"][gpu]["energy_j"];
    const double after = lines[i]["gpus"][gpu]["energy_j"];
    return before + (after - before) * (at_ms - from) / (to - from);
  }
  ADD_FAILURE() << "no reading after " << at_ms;
  return 0;
}

TEST(TelemetryOfWindowTest, EnergyIsThatOfTheMeasuredStretchAndTheTimelineShowsIt) {
  const SimulatedOllama server(
      {{"slots", 2}, {"step_s", 0.01}, {"prefill_s", {{"a", 0.05}, {"b", 0.0}}}});
  const std::string facts = server.folder() / "facts";
  std::ofstream(facts) << "";
  Program load;
  load.argv = {
      BenchProgram(), "load",      "--model",       "simulated", "--concurrency",       "2",
      "--requests",   "36",        "--num-predict", "12",        "--prompt-tokens",     "32",
      "--results",    "load.json", "--repetitions", "1",         "--ignore-disturbance"};
  load.environment = server.Environment();
  load.folder = server.folder();
  load = WithFakeGpus(load, facts);
  const Ended ended = RunProgram(load);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  std::ifstream in(server.folder() / "load.json");
  const Json store = Json::parse(in);
  const Json& sample = store["results"][0]["samples"].back();
  const Json& window = sample["window"];
  const std::vector<Json> lines =
      Lines(server.folder() / "load.d" / (sample["id"].get<std::string>() + ".telemetry.jsonl"));
  ASSERT_GE(lines.size(), 6U);
  const double from = lines[0]["measured_from_ms"];
  const double to = from + window["duration_ms"].get<double>();
  EXPECT_GT(from, 100) << "the calibration and the warm-up are before it";
  double energy = 0;
  for (const std::size_t gpu : {0U, 1U}) {
    const double expected = EnergyAt(lines, gpu, to) - EnergyAt(lines, gpu, from);
    EXPECT_NEAR(sample["telemetry"]["gpus"][gpu]["energy_j"], expected, 0.02 * expected);
    energy += expected;
  }
  EXPECT_LT(energy, lines.back()["gpus"][0]["energy_j"].get<double>() +
                        lines.back()["gpus"][1]["energy_j"].get<double>());
  Program plot = load;
  plot.argv = {BenchProgram(), "plot", "load.json", "--timeline", "2", "-o", "time.svg"};
  const Ended drawn = RunProgram(plot);
  ASSERT_EQ(drawn.exit_code, 0) << drawn.err;
  std::ifstream svg(server.folder() / "time.svg");
  const std::string text{std::istreambuf_iterator<char>(svg), {}};
  for (const char* panel : {"CPU use, CPUs", "GPU use, %", "memory, GB", "power, W"}) {
    EXPECT_NE(text.find(panel), std::string::npos) << panel;
  }
  fs::remove_all(server.folder() / "load.d");
}

}  // namespace
}  // namespace ollama_bench::testing
