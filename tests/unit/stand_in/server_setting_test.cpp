#include "support/stand_in/server_setting.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "support/stand_in/engine.h"
#include "support/temporary_folder.h"

namespace ollama_bench::stand_in {
namespace {

class ServerSettingTest : public ::testing::Test {
 protected:
  ~ServerSettingTest() override {
    for (const std::string& name : set_) unsetenv(name.c_str());
  }
  void Set(const std::string& name, const std::string& value) {
    setenv(name.c_str(), value.c_str(), 1);
    set_.insert(name);
  }
  static Script Play(const char* text) { return *Script::Parse(text); }

 private:
  std::set<std::string> set_;
};

TEST_F(ServerSettingTest, TheVersionOfTheProcessWinsOverTheScripts) {
  const Script script = Play(R"({"version": "0.11.4"})");
  EXPECT_EQ(script.version(), "0.11.4");
  Set("OLLAMA_STAND_IN_VERSION", "0.32.15");
  EXPECT_EQ(script.version(), "0.32.15");
}

TEST_F(ServerSettingTest, OnAGpuTheOldGenerationHasFlashAttentionAndTheType) {
  Set("OLLAMA_FLASH_ATTENTION", "1");
  Set("OLLAMA_KV_CACHE_TYPE", "q8_0");
  const ServerSetting gpu = SettingFromEnvironment(Play(R"({"gpu_share": 1})"));
  EXPECT_TRUE(gpu.flash_attention);
  EXPECT_EQ(gpu.kv_cache_type, "q8_0");
  const ServerSetting cpu = SettingFromEnvironment(Play("{}"));
  EXPECT_FALSE(cpu.flash_attention);
  EXPECT_EQ(cpu.kv_cache_type, "f16");
}

TEST_F(ServerSettingTest, SpeedsFollowWhatIsInEffectAndTheEnvironment) {
  const Script script = Play(R"({"version": "0.32.15", "rate": 100, "eval_rate": 50, "speeds": [
    {"kv_cache_type": "q8_0", "eval_rate": 1.5},
    {"flash_attention": true, "rate": 2},
    {"environment": {"OB_TEST_GPU": "1"}, "rate": 3}]})");
  const auto run = [&script] {
    const Models models(script);
    Engine engine(script, models);
    return engine.Run(script, models.all().front(), {"some words here", false, {}}, nullptr)
        .metrics;
  };
  const auto rate = [](const Metrics& metrics) {
    return std::lround(static_cast<double>(metrics.prompt_tokens) * 1e9 /
                       static_cast<double>(metrics.prompt_eval.count()));
  };
  const auto eval_rate = [](const Metrics& metrics) {
    return std::lround(static_cast<double>(metrics.eval_tokens - 1) * 1e9 /
                       static_cast<double>(metrics.eval.count()));
  };
  EXPECT_EQ(rate(run()), 200) << "flash attention is automatic";
  EXPECT_EQ(eval_rate(run()), 50);
  Set("OB_TEST_GPU", "1");
  Set("OLLAMA_KV_CACHE_TYPE", "q8_0");
  EXPECT_EQ(rate(run()), 600);
  EXPECT_EQ(eval_rate(run()), 75);
  Set("OLLAMA_FLASH_ATTENTION", "0");
  Set("OLLAMA_KV_CACHE_TYPE", "f16");
  EXPECT_EQ(rate(run()), 300);
}

TEST_F(ServerSettingTest, AMisspeltKeyOfASpeedIsAnError) {
  EXPECT_FALSE(Script::Parse(R"({"speeds": [{"kv_type": "q8_0"}]})"));
}

TEST_F(ServerSettingTest, AFolderWithManifestsDecidesWhichModelsThereAre) {
  const TemporaryFolder folder;
  const auto manifests = folder / "manifests/registry.ollama.ai/library/qwen3";
  std::filesystem::create_directories(manifests);
  std::filesystem::create_directories(folder / "blobs");
  for (const char* tag : {"4b", "8b"}) {
    std::ofstream(manifests / tag) << R"({"layers":[{"digest":"sha256:)" << tag << R"("}]})";
  }
  folder.Write("blobs/sha256-4b", "weights");
  const Script script = Play(R"({"models": [{"name": "qwen3:4b", "trained_context": 512}]})");
  Models models(script);
  models.ReadFolder(script, folder.path().string());
  ASSERT_EQ(models.all().size(), 1U) << "the other one lacks its blob";
  EXPECT_EQ(models.all().front().name, "qwen3:4b");
  EXPECT_EQ(models.all().front().trained_context, 512);
}

}  // namespace
}  // namespace ollama_bench::stand_in
