#include "ollama_bench/ollama/private_server.h"

#include <gtest/gtest.h>
#include <httplib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <thread>

#include "ollama_bench/ollama/ollama_api.h"
#include "support/stand_in_server.h"
#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Environment = PrivateServer::Environment;

class PrivateServerTest : public ::testing::Test {
 protected:
  PrivateServerTest() {
    fs::create_directory(folder_ / "models");
    SetScript(json::object());
  }

  PrivateServerOptions Options() const {
    PrivateServerOptions options;
    options.program = testing::StandInServer::Ollama().string();
    options.models = folder_ / "models";
    options.folder = folder_.path();
    return options;
  }
  void SetScript(const json& script) const { folder_.Write("script.json", script.dump()); }
  Environment With(Environment added = {}) const {
    added.emplace_back("OLLAMA_STAND_IN_SCRIPT", folder_ / "script.json");
    added.emplace_back("OLLAMA_STAND_IN_JOURNAL", folder_ / "journal");
    return added;
  }
  // What each start of the journal says of itself.
  std::vector<json> Starts() const {
    std::vector<json> starts;
    std::istringstream lines(folder_.Read("journal"));
    for (std::string line; std::getline(lines, line);) {
      const json entry = json::parse(line);
      if (entry.contains("start")) starts.push_back(entry["start"]);
    }
    return starts;
  }

  TemporaryFolder folder_;
  StopRequest stop_;
};

TEST_F(PrivateServerTest, EveryStartHasItsEnvironmentAndTheSamePort) {
  PrivateServer server(Options(), stop_);
  EXPECT_FALSE(server.IsRunning());
  ASSERT_TRUE(server.Start(With({{"OLLAMA_KV_CACHE_TYPE", "q8_0"}, {"HOME", "/not/this"}})));
  const int port = server.address().port;
  const pid_t first = server.pid();
  EXPECT_TRUE(server.IsRunning());
  EXPECT_EQ(server.version(), "0.11.4");
  ASSERT_TRUE(server.Start(With()));
  EXPECT_EQ(server.address().port, port);
  EXPECT_NE(kill(first, 0), 0) << "the first has ended";

  const std::vector<json> starts = Starts();
  ASSERT_EQ(starts.size(), 2U);
  EXPECT_EQ(starts[0]["environment"]["OLLAMA_KV_CACHE_TYPE"], "q8_0");
  EXPECT_FALSE(starts[1]["environment"].contains("OLLAMA_KV_CACHE_TYPE"));
  for (const json& start : starts) {
    const json& environment = start["environment"];
    EXPECT_EQ(environment["HOME"], folder_.path().string());
    EXPECT_EQ(environment["OLLAMA_HOST"], "127.0.0.1:" + std::to_string(port));
    EXPECT_EQ(environment["OLLAMA_MODELS"], (folder_ / "models").string());
    EXPECT_EQ(environment["OLLAMA_NOPRUNE"], "1");
    EXPECT_EQ(environment["OLLAMA_NO_CLOUD"], "1");
  }
}

TEST_F(PrivateServerTest, InheritsVariablesButThoseThatAreDropped) {
  setenv("OLLAMA_KEEP_ALIVE", "7m", 1);
  setenv("OLLAMA_FLASH_ATTENTION", "1", 1);
  PrivateServerOptions options = Options();
  options.dropped = {"OLLAMA_FLASH_ATTENTION"};
  PrivateServer server(options, stop_);
  ASSERT_TRUE(server.Start(With()));
  ASSERT_TRUE(server.Start(With({{"OLLAMA_FLASH_ATTENTION", "0"}})));
  unsetenv("OLLAMA_KEEP_ALIVE");
  unsetenv("OLLAMA_FLASH_ATTENTION");
  const std::vector<json> starts = Starts();
  ASSERT_EQ(starts.size(), 2U);
  EXPECT_EQ(starts[0]["environment"]["OLLAMA_KEEP_ALIVE"], "7m");
  EXPECT_FALSE(starts[0]["environment"].contains("OLLAMA_FLASH_ATTENTION"));
  EXPECT_EQ(starts[1]["environment"]["OLLAMA_FLASH_ATTENTION"], "0");
}

TEST_F(PrivateServerTest, AServerThatEndsAtItsStartIsAFailureWithTheEndOfItsLog) {
  SetScript(json::parse(
      R"({"rules":[{"when":{"command":"serve"},"do":{"error":"no\u001b cache","exit":3}}]})"));
  PrivateServer server(Options(), stop_);
  const auto started = server.Start(With());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, FailureKind::kServerUnavailable);
  EXPECT_EQ(started.error().message, Options().program +
                                         " serve ended at its start with exit status 3: Error: "
                                         "no\\x1b cache");
  EXPECT_EQ(started.error().output_tail, "Error: no\\x1b cache\n");
  EXPECT_FALSE(server.IsRunning());
  EXPECT_EQ(server.Log(), "Error: no\x1b cache\n");
}

TEST_F(PrivateServerTest, AServerThatDoesNotAnswerIsEnded) {
  SetScript(json::parse(R"({"rules":[{"when":{"command":"serve"},"do":{"hang":true}}]})"));
  PrivateServerOptions options = Options();
  options.start_limit = std::chrono::milliseconds(300);
  options.grace = std::chrono::milliseconds(100);
  PrivateServer server(options, stop_);
  const auto started = server.Start(With());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, FailureKind::kServerUnavailable);
  EXPECT_NE(started.error().message.find("did not answer within"), std::string::npos);
  EXPECT_FALSE(server.IsRunning());
}

TEST_F(PrivateServerTest, AStopRequestEndsTheWaitForTheStart) {
  SetScript(json::parse(R"({"rules":[{"when":{"command":"serve"},"do":{"hang":true}}]})"));
  PrivateServerOptions options = Options();
  options.grace = std::chrono::milliseconds(100);
  PrivateServer server(options, stop_);
  std::jthread requester([this] {
    while (!fs::exists(folder_ / "journal")) std::this_thread::yield();
    stop_.Request(SIGINT);
  });
  const auto started = server.Start(With());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, FailureKind::kInterrupted);
  EXPECT_FALSE(server.IsRunning());
}

TEST_F(PrivateServerTest, APortThatIsTakenIsSaidBeforeAnotherServerCouldAnswerThere) {
  const testing::StandInServer other;
  PrivateServerOptions options = Options();
  options.port = other.port();
  PrivateServer server(options, stop_);
  const auto started = server.Start(With());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, FailureKind::kServerUnavailable);
  EXPECT_EQ(started.error().message,
            "cannot listen on " + other.host() + ": Address already in use");
  EXPECT_TRUE(Starts().empty());
}

TEST_F(PrivateServerTest, SaysWhichProgramCannotBeStarted) {
  PrivateServerOptions options = Options();
  options.program = "no-such-ollama";
  PrivateServer server(options, stop_);
  const auto started = server.Start(With());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message, "cannot start no-such-ollama: not found on PATH");
}

TEST_F(PrivateServerTest, TheLogIsThatOfTheLastStartAndNamesTheDevices) {
  PrivateServer server(Options(), stop_);
  ASSERT_TRUE(server.Start(With({{"OLLAMA_STAND_IN_VERSION", "0.32.15"}})));
  EXPECT_EQ(server.version(), "0.32.15");
  EXPECT_EQ(server.Devices(), (std::vector<ComputeDevice>{{"cpu", "cpu", "", "cpu"}}));
  ASSERT_TRUE(server.Start(With()));
  EXPECT_TRUE(server.Stop());
  EXPECT_EQ(server.Log().find("0.32.15"), std::string::npos);
  EXPECT_NE(server.Log().find("(version 0.11.4)"), std::string::npos);
}

TEST_F(PrivateServerTest, ADeadServerIsNoticed) {
  PrivateServer server(Options(), stop_);
  ASSERT_TRUE(server.Start(With()));
  kill(server.pid(), SIGKILL);
  while (server.IsRunning()) std::this_thread::yield();
  ASSERT_TRUE(server.Start(With())) << "and can be started again";
}

// By the rules of the real servers: tests/data/server_logs.
TEST_F(PrivateServerTest, TheStandInsSettingIsReadFromItsLogAsARealOnes) {
  PrivateServer server(Options(), stop_);
  const auto loaded = [&](const std::string& version, Environment environment) {
    environment.emplace_back("OLLAMA_STAND_IN_VERSION", version);
    EXPECT_TRUE(server.Start(With(environment)));
    OllamaApi api(server.address(), stop_);
    // Without a prompt it loads.
    httplib::Client client("127.0.0.1", server.address().port);
    const auto answer = client.Post("/api/generate", R"({"model":"smollm2"})", "application/json");
    EXPECT_TRUE(answer);
    const auto running = api.Running();
    EXPECT_TRUE(running);
    return std::pair(answer->body, running->empty() ? 0 : running->front().size_bytes);
  };
  const Environment q8 = {{"OLLAMA_FLASH_ATTENTION", "1"}, {"OLLAMA_KV_CACHE_TYPE", "q8_0"}};

  const auto plain = loaded("0.32.15", {}).second;
  EXPECT_EQ(LastRunner(server.Log())->flash_attention, true);
  const auto quantized = loaded("0.32.15", q8).second;
  EXPECT_EQ(LastRunner(server.Log())->kv_cache_type, "q8_0");
  EXPECT_LT(quantized, plain);
  EXPECT_GT(loaded("0.32.15", {{"OLLAMA_NUM_PARALLEL", "4"}}).second, plain);
  EXPECT_EQ(LastRunner(server.Log())->num_parallel, 4);

  EXPECT_EQ(loaded("0.11.4", q8).second, plain) << "dropped on a CPU";
  EXPECT_EQ(LastRunner(server.Log())->flash_attention, false);
  EXPECT_EQ(LastRunner(server.Log())->kv_cache_type, "f16");
  EXPECT_EQ(LastRunner(server.Log())->reasons.size(), 2U);

  const auto refused =
      loaded("0.32.15", {{"OLLAMA_FLASH_ATTENTION", "0"}, {"OLLAMA_KV_CACHE_TYPE", "q8_0"}});
  EXPECT_NE(refused.first.find("quantized V cache requires flash_attn"), std::string::npos);
  EXPECT_EQ(refused.second, 0) << "nothing is loaded";
}

TEST_F(PrivateServerTest, AKilledOwnerLeavesNoServerBehind) {
  const pid_t owner = fork();
  if (owner == 0) {
    PrivateServer server(Options(), stop_);
    if (!server.Start(With())) _exit(1);
    folder_.Write("ready", "");
    while (true) pause();
  }
  while (!fs::exists(folder_ / "ready")) std::this_thread::yield();
  const pid_t server = Starts().front()["pid"];
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  while (kill(server, 0) == 0) std::this_thread::yield();
}

}  // namespace
}  // namespace ollama_bench
