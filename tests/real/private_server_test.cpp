// A server of our own on a mirror of the user's models.
#include <gtest/gtest.h>
#include <httplib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <set>
#include <thread>

#include "ollama_bench/ollama/model_folder.h"
#include "ollama_bench/ollama/ollama_api.h"
#include "ollama_bench/ollama/private_server.h"
#include "support/folder_state.h"
#include "support/real_ollama_server.h"
#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using testing::RealOllamaServer;

// The processes whose command line names `text`.
std::set<std::string> ProcessesWith(const std::string& text) {
  std::set<std::string> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    const std::string line{std::istreambuf_iterator<char>(file), {}};
    if (line.find(text) != std::string::npos) found.insert(entry.path().filename());
  }
  return found;
}

class RealPrivateServerTest : public ::testing::Test {
 protected:
  RealPrivateServerTest() {
    const auto mirrored = MirrorModels(users_, {RealOllamaServer::kModel}, folder_ / "models");
    EXPECT_TRUE(mirrored) << mirrored.error();
  }
  PrivateServerOptions Options() const {
    PrivateServerOptions options;
    options.program = RealOllamaServer::Shared().ollama().string();
    options.models = folder_ / "models";
    options.folder = folder_.path();
    return options;
  }
  static int Generate(const PrivateServer& server) {
    httplib::Client client("127.0.0.1", server.address().port);
    client.set_read_timeout(std::chrono::minutes(2));
    const auto answer = client.Post("/api/generate",
                                    R"({"model":"smollm2","prompt":"Hello","stream":false,)"
                                    R"("options":{"num_ctx":2048,"num_predict":4}})",
                                    "application/json");
    return answer ? answer->status : 0;
  }

  const fs::path users_ = RealOllamaServer::Shared().folder() / "models";
  TemporaryFolder folder_;
  StopRequest stop_;
};

TEST_F(RealPrivateServerTest, AMirroredModelHasItsDigestAndGeneratesAndTheUsersFolderStays) {
  const auto before = FolderState(users_);
  PrivateServer server(Options(), stop_);
  const std::string digest = RealOllamaServer::Shared().Get("/api/tags")["models"][0]["digest"];
  for (const char* type : {"f16", "q8_0"}) {
    const auto started =
        server.Start({{"OLLAMA_FLASH_ATTENTION", "1"}, {"OLLAMA_KV_CACHE_TYPE", type}});
    ASSERT_TRUE(started) << started.error().message << started.error().output_tail;
    OllamaApi api(server.address(), stop_);
    const auto models = api.Models();
    ASSERT_TRUE(models && models->size() == 1);
    EXPECT_EQ(models->front().digest, "sha256:" + digest);
    EXPECT_EQ(Generate(server), 200);
    const auto runner = LastRunner(server.Log());
    ASSERT_TRUE(runner);
    // On a CPU: the old generation drops both.
    const bool is_new = RealOllamaServer::IsNewGeneration();
    EXPECT_EQ(runner->flash_attention, is_new);
    EXPECT_EQ(runner->kv_cache_type, is_new ? type : "f16");
    EXPECT_GT(runner->kv_cache_bytes.value_or(0), 0);
    EXPECT_EQ(server.Devices().size(), 1U);
    EXPECT_TRUE(api.Remove(RealOllamaServer::kModel)) << "even that touches the mirror alone";
    EXPECT_TRUE(MirrorModels(users_, {RealOllamaServer::kModel}, folder_ / "models"));
  }
  EXPECT_TRUE(server.Stop());
  EXPECT_EQ(FolderState(users_), before);
}

TEST_F(RealPrivateServerTest, NeitherServerNorRunnerOutlivesAKilledOwner) {
  const auto before = FolderState(users_);
  const pid_t owner = fork();
  if (owner == 0) {
    PrivateServer server(Options(), stop_);
    if (!server.Start({}) || Generate(server) != 200) _exit(1);
    folder_.Write("ready", std::to_string(server.pid()));
    while (true) pause();
  }
  while (!fs::exists(folder_ / "ready")) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const std::string mirror = (folder_ / "models").string();
  EXPECT_EQ(ProcessesWith(mirror).size(), 1U) << "the runner is there";
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  while (!ProcessesWith(mirror).empty() || kill(std::stoi(folder_.Read("ready")), 0) == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(FolderState(users_), before);
}

}  // namespace
}  // namespace ollama_bench
