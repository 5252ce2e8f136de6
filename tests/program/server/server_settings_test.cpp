// Settings of the server, programs and models, measured on servers that `run` starts by itself.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/folder_state.h"
#include "support/run_program.h"
#include "support/stand_in_server.h"
#include "support/temporary_folder.h"

namespace ollama_bench::testing {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

class ServerSettingsTest : public ::testing::Test {
 protected:
  ServerSettingsTest() {
    AddModel("smollm2");
    Play("0.32.15");
  }

  // A model folder as `ollama create` leaves it, as far as anybody reads it here.
  void AddModel(const std::string& name) const {
    const fs::path manifests = models() / "manifests/registry.ollama.ai/library" / name;
    fs::create_directories(manifests);
    fs::create_directories(models() / "blobs");
    const std::string digest(64, 'a');
    std::ofstream(models() / "blobs" / ("sha256-" + digest)) << "weights";
    std::ofstream(manifests / "latest")
        << R"({"schemaVersion":2,"config":{"digest":"sha256:)" << digest
        << R"("},"layers":[{"digest":"sha256:)" << digest << R"("}]})";
  }

  // Of a server whose answers claim less time than really passes; `more` are keys of its script.
  void Play(const std::string& version, Json more = Json::object()) const {
    Json script = {{"version", version}, {"rate", 200'000}, {"load_ms", 5}};
    script.update(more);
    folder_.Write("script.json", script.dump());
  }

  [[nodiscard]] fs::path models() const { return folder_ / "models"; }

  [[nodiscard]] Program Command(const std::vector<std::string>& arguments) const {
    Program program = BenchCommand(arguments, folder_.path(),
                                   {{"HOME", folder_ / "home"},
                                    {"TMPDIR", folder_ / "tmp"},
                                    {"OLLAMA_HOST", "127.0.0.1:9"},
                                    {"OLLAMA_STAND_IN_SCRIPT", folder_ / "script.json"},
                                    {"OLLAMA_STAND_IN_JOURNAL", folder_ / "journal"}});
    fs::create_directories(folder_ / "tmp");
    fs::create_directories(folder_ / "home");
    return program;
  }

  [[nodiscard]] Program Sweep(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {
        "run",    "--model",       "smollm2", "--ollama",
        Ollama(), "--models",      models(),  "--ctx",
        "2048",   "--batch",       "128",     "--prompt-tokens",
        "300",    "--repetitions", "3",       "--ignore-disturbance"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Command(arguments);
  }
  static std::string Ollama() { return StandInServer::Ollama().string(); }

  // The environment of each start of a server so far.
  [[nodiscard]] std::vector<Json> Starts() const {
    std::vector<Json> starts;
    std::istringstream lines(folder_.Read("journal"));
    for (std::string line; std::getline(lines, line);) {
      const Json entry = Json::parse(line);
      if (entry.contains("start")) starts.push_back(entry["start"]);
    }
    return starts;
  }
  [[nodiscard]] static std::string Variable(const Json& start, const std::string& name) {
    return start["environment"].value(name, "");
  }

  [[nodiscard]] Json Store() const { return Json::parse(folder_.Read("benchmark_results.json")); }

  static void Use(const StandInServer& server, Program& program) {
    for (const auto& [name, value] : server.Environment()) {
      std::erase_if(program.environment, [&](const auto& pair) { return pair.first == name; });
      program.environment.emplace_back(name, value);
    }
  }

  // Ends when no server of this test is left.
  void AwaitNoServer() const {
    for (const Json& start : Starts()) {
      while (kill(start["pid"].get<pid_t>(), 0) == 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    }
  }

  TemporaryFolder folder_;
};

TEST_F(ServerSettingsTest, EachSettingHasOneStartAndTheCellsThatFollowEachOtherShareIt) {
  const auto before = FolderState(models());
  const Ended ended = RunProgram(Sweep({"--kv-cache-type", "f16,q8_0", "--num-parallel", "1,2",
                                        "--batch", "64", "--extra", "0", "--no-baseline"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json store = Store();
  EXPECT_EQ(store["metadata"]["identity"]["driver"], "private");
  EXPECT_EQ(store["results"].size(), 8U);
  std::set<std::string> seen;
  const std::vector<Json> starts = Starts();
  EXPECT_EQ(starts.size(), 4U);
  for (const Json& start : starts) {
    seen.insert(Variable(start, "OLLAMA_KV_CACHE_TYPE") + " " +
                Variable(start, "OLLAMA_NUM_PARALLEL"));
    EXPECT_EQ(Variable(start, "OLLAMA_NOPRUNE"), "1");
    EXPECT_EQ(Variable(start, "OLLAMA_FLASH_ATTENTION"), "") << "auto";
  }
  EXPECT_EQ(seen, (std::set<std::string>{"f16 1", "f16 2", "q8_0 1", "q8_0 2"}));
  for (const Json& result : store["results"]) {
    const Json& sample = result["samples"].back();
    EXPECT_EQ(sample["effective_server"]["kv_cache_type"], result["kv_cache_type"]);
    EXPECT_EQ(sample["effective_server"]["num_parallel"], result["num_parallel"]);
  }
  EXPECT_EQ(FolderState(models()), before);
  AwaitNoServer();
  EXPECT_TRUE(fs::is_empty(folder_ / "tmp"));
}

TEST_F(ServerSettingsTest, RecommendsTheFastestSettingWithItsVariablesAndItsMemory) {
  Play("0.32.15", {{"speeds", Json::array({{{"num_parallel", 2}, {"rate", 1.3}}})}});
  const Ended ended = RunProgram(Sweep({"--num-parallel", "1,2", "--json"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  Json report;
  std::istringstream events(ended.out);
  for (std::string line; std::getline(events, line);) {
    const Json event = Json::parse(line);
    if (event["event"] == "end") report = event["report"];
  }
  EXPECT_EQ(report["verdict"], "change");
  EXPECT_EQ(report["recommended"]["num_parallel"], 2) << report;
  const Json& settings = report["memory"]["settings"];
  ASSERT_EQ(settings.size(), 2U) << report;
  EXPECT_LT(settings[0]["memory_bytes"], settings[1]["memory_bytes"]);
  const Ended text = RunProgram(Sweep({"--num-parallel", "1,2"}));
  EXPECT_NE(text.out.find("Memory at num_ctx 2048"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("\nOLLAMA_NUM_PARALLEL=2 "), std::string::npos) << text.out;
}

TEST_F(ServerSettingsTest, WhatAReleaseDropsOnACpuIsOneServerAndThreeAliases) {
  Play("0.11.4");
  const Ended ended = RunProgram(Sweep({"--kv-cache-type", "f16,q8_0", "--flash-attention",
                                        "off,on", "--extra", "0", "--no-baseline"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json store = Store();
  std::size_t aliases = 0;
  for (const Json& result : store["results"]) {
    if (!result.contains("alias_of")) continue;
    ++aliases;
    EXPECT_EQ(result["alias_of"]["flash_attention"], false);
    EXPECT_EQ(result["alias_of"]["kv_cache_type"], "f16");
  }
  EXPECT_EQ(aliases, 3U) << store;
  EXPECT_EQ(Starts().size(), 1U);
}

TEST_F(ServerSettingsTest, WhatTheServerRunsWithInsteadIsSeenAndNoted) {
  Play("0.13.0");  // of this release nothing is known beforehand
  const Ended ended =
      RunProgram(Sweep({"--flash-attention", "off,on", "--extra", "0", "--no-baseline"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json store = Store();
  ASSERT_EQ(store["results"].size(), 2U);
  const Json& on = store["results"][1];
  EXPECT_EQ(on["flash_attention"], true);
  EXPECT_EQ(on["alias_of"]["flash_attention"], false) << on;
  EXPECT_EQ(on["reason"],
            "the server runs with flash_attention false where flash_attention true was asked for");
}

TEST_F(ServerSettingsTest, AQuantisedCacheWithoutFlashAttentionIsRefusedWithoutAStart) {
  const Ended ended = RunProgram(Sweep({"--kv-cache-type", "f16,q8_0", "--flash-attention", "off",
                                        "--extra", "0", "--no-baseline"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(Starts().size(), 1U);
  const Json failed = Store()["results"][1];
  EXPECT_EQ(failed["kv_cache_type"], "q8_0");
  EXPECT_EQ(failed["failure"]["message"], "kv_cache_type q8_0 needs flash attention, which is off");
}

TEST_F(ServerSettingsTest, TwoProgramsAreMeasuredInTurnsEachWithAnAnswerOfItsOwn) {
  fs::create_directories(folder_ / "new");
  std::ofstream(folder_ / "new/ollama")
      << "#!/bin/sh\nOLLAMA_KEEP_ALIVE=7m exec '" << Ollama() << "' \"$@\"\n";
  fs::permissions(folder_ / "new/ollama", fs::perms::owner_all);
  Program sweep = Sweep({"--batch", "64", "--extra", "0", "--no-baseline"});
  for (std::string& argument : sweep.argv) {
    if (argument == Ollama()) argument += ",./new/ollama";
  }
  const Ended ended = RunProgram(sweep);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(Store()["results"].size(), 4U);
  std::vector<std::string> turns;
  for (const Json& start : Starts()) turns.push_back(Variable(start, "OLLAMA_KEEP_ALIVE"));
  // Once each to be asked, the first one last, then in turns for each cell.
  EXPECT_EQ(turns, (std::vector<std::string>{"7m", "", "7m", "", "7m"}));
  EXPECT_NE(ended.out.find("ollama " + (folder_ / "new/ollama").string()), std::string::npos);
  const Ended compared = RunProgram(Command({"compare", "--by", "ollama", "--json"}));
  EXPECT_EQ(compared.exit_code, 0) << compared.err;
  const Json report = Json::parse(compared.out);
  EXPECT_EQ(report["by"]["visits"], "in_turns");
  EXPECT_EQ(report["by"]["after"], (folder_ / "new/ollama").string());
  EXPECT_EQ(report["cells"].size(), 2U);
}

TEST_F(ServerSettingsTest, SeveralModelsAreMeasuredOnOneServer) {
  AddModel("other");
  Play("0.32.15",
       {{"models", Json::array({{{"name", "smollm2:latest"}}, {{"name", "other:latest"}}})}});
  Program sweep = Sweep({"--num-parallel", "1", "--extra", "0", "--no-baseline"});
  for (std::string& argument : sweep.argv) {
    if (argument == "smollm2") argument = "smollm2,other";
  }
  const Ended ended = RunProgram(sweep);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(Starts().size(), 1U);
  const Json store = Store();
  std::set<std::string> measured;
  for (const Json& result : store["results"]) {
    if (!result["prompt_eval_rate"].is_null()) measured.insert(result["model"]);
  }
  EXPECT_EQ(measured, (std::set<std::string>{"smollm2", "other"}));
}

TEST_F(ServerSettingsTest, AKilledSweepLeavesNoServerAndNothingChangedAndIsResumed) {
  const auto before = FolderState(models());
  const std::vector<std::string> grid = {"--kv-cache-type", "f16,q8_0", "--num-parallel", "1,2,4",
                                         "--extra",         "0",        "--no-baseline"};
  std::size_t kills = 0;
  for (const int signal : {SIGKILL, SIGTERM, SIGINT, SIGKILL}) {
    RunningProgram sweep(Sweep(grid));
    sweep.WaitForOutput("tokens/s");
    sweep.Signal(signal);
    kills += sweep.Wait().signal == signal ? 1 : 0;
    AwaitNoServer();
    EXPECT_EQ(FolderState(models()), before);
  }
  EXPECT_GE(kills, 2U);
  const Ended ended = RunProgram(Sweep(grid));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json store = Store();
  EXPECT_EQ(store["results"].size(), 6U);
  for (const Json& result : store["results"]) {
    EXPECT_FALSE(result["prompt_eval_rate"].is_null()) << result;
  }
  EXPECT_EQ(FolderState(models()), before);
  // Those of killed runs go with the first start that finds them a minute old.
  for (const auto& entry : fs::directory_iterator(folder_ / "tmp")) {
    EXPECT_TRUE(entry.path().filename().string().starts_with("ollama-bench-scratch-"));
  }
}

TEST_F(ServerSettingsTest, AServerThatDiesInAVisitIsStartedAgain) {
  Play("0.32.15", {{"rules", Json::array({{{"when", {{"command", "generate"}, {"nth", 3}}},
                                           {"do", {{"kill_server", true}}}}})}});
  const Ended ended = RunProgram(Sweep({"--num-parallel", "1,2", "--extra", "0", "--no-baseline"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json store = Store();
  for (const Json& result : store["results"]) {
    EXPECT_FALSE(result["prompt_eval_rate"].is_null()) << result;
  }
}

TEST_F(ServerSettingsTest, IsRefusedWhileAnotherServerOfThisMachineHasAModelLoaded) {
  const StandInServer other(Json{{"load_ms", 0}});
  const Ended loads = other.Run({"run", "smollm2", "hello"});
  ASSERT_EQ(loads.exit_code, 0) << loads.err;
  const Ended ended = RunProgram(Sweep({"--num-parallel", "1,2"}));
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_NE(ended.err.find("smollm2:latest (at http://" + other.host() + ") loaded"),
            std::string::npos)
      << ended.err;
  EXPECT_TRUE(Starts().empty());
  EXPECT_FALSE(fs::exists(folder_ / "benchmark_results.json"));
}

TEST_F(ServerSettingsTest, OneLockKeepsASecondMeasurementOffTheMachineWhateverItsServer) {
  const StandInServer other(Json{{"load_ms", 0}});
  RunningProgram first(Sweep({"--num-parallel", "1,2,4"}));
  ASSERT_TRUE(first.WaitForOutput("tokens/s"));
  Program second = Command({"run", "--model", "smollm2", "-r", "other.json"});
  for (const auto& [name, value] : other.Environment())
    second.environment.emplace_back(name, value);
  const Ended ended = RunProgram(second);
  EXPECT_EQ(ended.exit_code, 4) << ended.err;
  EXPECT_NE(
      ended.err.find("the machine localhost is in use by process " + std::to_string(first.pid())),
      std::string::npos)
      << ended.err;
  first.Wait();
}

TEST_F(ServerSettingsTest, SaysHowToSweepByHandWhereNoServerCanBeStarted) {
  for (const std::vector<std::string>& where :
       {std::vector<std::string>{"--host", "gpu.example:11434"}, {"--driver", "api"}}) {
    std::vector<std::string> arguments = {"run", "--model", "smollm2", "--kv-cache-type",
                                          "f16,q8_0"};
    arguments.insert(arguments.end(), where.begin(), where.end());
    const Ended ended = RunProgram(Command(arguments));
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_NE(ended.err.find("so kv_cache_type cannot be varied. By hand, into one results file:\n"
                             "  start the server with OLLAMA_KV_CACHE_TYPE=f16, then the same "
                             "command with --kv-cache-type f16\n"
                             "  start the server with OLLAMA_KV_CACHE_TYPE=q8_0, then the same "
                             "command with --kv-cache-type q8_0\n"),
              std::string::npos)
        << ended.err;
  }
}

TEST_F(ServerSettingsTest, ByHandEachServerIsMeasuredWithItsOwnCellsAlone) {
  for (const char* type : {"f16", "q8_0"}) {
    const StandInServer server(Json{{"version", "0.32.15"}, {"rate", 200'000}, {"load_ms", 5}},
                               {{"OLLAMA_KV_CACHE_TYPE", type}});
    const auto by_hand = [&](const std::string& given) {
      Program program = Command({"run", "--model", "smollm2", "--driver", "api", "--ctx", "2048",
                                 "--batch", "64,128", "--kv-cache-type", given, "--prompt-tokens",
                                 "300", "--ignore-disturbance"});
      Use(server, program);
      return RunProgram(program);
    };
    const std::string wrong = type == std::string("f16") ? "q8_0" : "f16";
    const Ended refused = by_hand(wrong);
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_NE(refused.err.find("runs with OLLAMA_KV_CACHE_TYPE=" + std::string(type)),
              std::string::npos)
        << refused.err;
    const Ended ended = by_hand(type);
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
  }
  const Json store = Store();
  EXPECT_EQ(store["metadata"]["axes"][0]["values"], (Json{"f16", "q8_0"}));
  // Each start visited no cell of the other's server.
  std::map<std::string, std::set<std::string>> types;
  for (const Json& result : store["results"]) {
    for (const Json& visit : result["visits"]) {
      types[visit["start"]].insert(result.value("kv_cache_type", "none"));
    }
  }
  EXPECT_EQ(types.size(), 2U);
  for (const auto& [start, own] : types) EXPECT_EQ(own.size(), 1U) << start;
}

TEST_F(ServerSettingsTest, OldNamesOfBlobsAreRefusedBeforeAnythingStarts) {
  std::ofstream(models() / "blobs" / ("sha256:" + std::string(64, 'b'))) << "old";
  const auto before = FolderState(models());
  const Ended ended = RunProgram(Sweep({"--num-parallel", "1,2"}));
  EXPECT_EQ(ended.exit_code, 3) << ended.err;
  EXPECT_TRUE(Starts().empty());
  EXPECT_EQ(FolderState(models()), before);
}

TEST_F(ServerSettingsTest, VariablesOfThisShellHoldButForWhatTheCellsVary) {
  Program sweep = Sweep({"--flash-attention", "auto,on", "--extra", "0", "--no-baseline"});
  sweep.environment.emplace_back("OLLAMA_FLASH_ATTENTION", "0");
  sweep.environment.emplace_back("OLLAMA_KEEP_ALIVE", "9m");
  const Ended ended = RunProgram(sweep);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  ASSERT_EQ(Starts().size(), 2U);
  for (const Json& start : Starts()) EXPECT_EQ(Variable(start, "OLLAMA_KEEP_ALIVE"), "9m");
  EXPECT_EQ(Variable(Starts()[0], "OLLAMA_FLASH_ATTENTION"), "");
  EXPECT_EQ(Variable(Starts()[1], "OLLAMA_FLASH_ATTENTION"), "1");
}

}  // namespace
}  // namespace ollama_bench::testing
