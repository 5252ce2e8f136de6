// Settings of the server as axes, through the program, on real servers of its own.

#include <algorithm>
#include <csignal>

#include "real_run.h"
#include "support/folder_state.h"

namespace ollama_bench::testing {
namespace {

namespace fs = std::filesystem;

class RealServerSettingsTest : public RealRunTest {
 protected:
  RealServerSettingsTest() { server_.UnloadAll(); }

  [[nodiscard]] fs::path UsersFolder() const { return server_.folder() / "models"; }

  [[nodiscard]] Program Sweep(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"run",
                                          "--model",
                                          RealOllamaServer::kModel,
                                          "--ollama",
                                          server_.ollama(),
                                          "--ctx",
                                          "1024",
                                          "--batch",
                                          "64",
                                          "--prompt-tokens",
                                          "60",
                                          "--repetitions",
                                          "1",
                                          "--extra",
                                          "0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Command(std::move(arguments));
  }
};

TEST_F(RealServerSettingsTest, FlashAttentionAndTheCachesTypeAreProvenByLogAndMemory) {
  const auto before = FolderState(UsersFolder());
  const Ended ended =
      RunProgram(Sweep({"--kv-cache-type", "f16,q8_0", "--flash-attention", "off,on"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json store = Store();
  std::size_t aliases = 0;
  std::map<std::string, Json> measured;
  for (const Json& entry : store["results"]) {
    aliases += entry.contains("alias_of") ? 1 : 0;
    if (!entry.contains("samples") || entry["num_ctx"] != 1024) continue;
    const Json& sample = entry["samples"].back();
    measured[entry["flash_attention"].dump() + " " + entry["kv_cache_type"].dump()] = sample;
    EXPECT_EQ(sample["effective_server"]["flash_attention"], entry["flash_attention"]);
    EXPECT_EQ(sample["effective_server"]["kv_cache_type"], entry["kv_cache_type"]);
  }
  if (RealOllamaServer::IsNewGeneration()) {
    EXPECT_EQ(aliases, 0U);
    ASSERT_EQ(measured.size(), 3U) << "one does not load";
    EXPECT_LT(measured["true \"q8_0\""]["size_bytes"], measured["true \"f16\""]["size_bytes"]);
    EXPECT_NE(ended.err.find("kv_cache_type q8_0 needs flash attention"), std::string::npos);
  } else {
    EXPECT_EQ(aliases, 3U);
    EXPECT_EQ(measured.size(), 1U);
  }
  EXPECT_EQ(FolderState(UsersFolder()), before);
}

TEST_F(RealServerSettingsTest, EachRequestAtATimeHasAContextOfItsOwnInMemory) {
  // Below 2048 the old generation reserves no less.
  Program sweep = Sweep({"--num-parallel", "1,2,4", "--no-baseline"});
  std::replace(sweep.argv.begin(), sweep.argv.end(), std::string("1024"), std::string("2048"));
  const Ended ended = RunProgram(sweep);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  std::map<int, std::int64_t> sizes;
  const Json store = Store();
  for (const Json& entry : store["results"]) {
    const Json& sample = entry["samples"].back();
    EXPECT_EQ(sample["effective_server"]["num_parallel"], entry["num_parallel"]);
    sizes[entry["num_parallel"]] = sample["size_bytes"];
  }
  // 30 layers of 3 heads, keys and values of 64 numbers, two bytes each.
  constexpr std::int64_t kCache = std::int64_t{2048} * 30 * 3 * 2 * 64 * 2;
  EXPECT_NEAR(static_cast<double>(sizes[2] - sizes[1]), kCache, 0.1 * kCache);
  EXPECT_GE(sizes[4] - sizes[2], 2 * kCache * 9 / 10);
}

TEST_F(RealServerSettingsTest, AnInterruptedAndKilledSweepIsResumedAndTheUsersFolderStays) {
  const auto before = FolderState(UsersFolder());
  for (const int signal : {SIGINT, SIGKILL}) {
    RunningProgram sweep(Sweep({"--num-parallel", "1,2,4"}));
    sweep.WaitForOutput("tokens/s");
    sweep.Signal(signal);
    sweep.Wait();
    EXPECT_EQ(FolderState(UsersFolder()), before);
  }
  const Ended ended = RunProgram(Sweep({"--num-parallel", "1,2,4"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  std::size_t cells = 0;
  const Json store = Store();
  for (const Json& entry : store["results"]) {
    if (entry["num_ctx"] == 1024) cells += entry["prompt_eval_rate"].is_null() ? 0 : 1;
  }
  EXPECT_EQ(cells, 3U) << store;
  EXPECT_EQ(FolderState(UsersFolder()), before);
}

}  // namespace
}  // namespace ollama_bench::testing
