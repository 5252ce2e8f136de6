#include "ollama_bench/ollama/server_log.h"

#include <gtest/gtest.h>

#include "support/test_data.h"

namespace ollama_bench {
namespace {

constexpr const char* kNoGpu = "flash attention enabled but not supported by gpu";
constexpr const char* kNoQuantized = "quantized kv cache requested but flash attention disabled";
constexpr std::int64_t kF16Bytes = 94'371'840;  // of SmolLM2 at 4096 tokens: 90 MiB
constexpr std::int64_t kQ8Bytes = 50'132'419;   // 47.81 MiB, as logged

std::string Log(const std::string& version, const std::string& flash_attention,
                const std::string& kv, int parallel) {
  return ReadTestData("server_logs/" + version + "_flash_attention_" + flash_attention + "_kv_" +
                      kv + "_parallel_" + std::to_string(parallel) + ".log");
}

RunnerSetting Last(const std::string& log) {
  const auto runner = LastRunner(log);
  EXPECT_TRUE(runner);
  return runner.value_or(RunnerSetting());
}

using Reasons = std::vector<std::string>;

TEST(ServerLogTest, OnACpuTheOldGenerationDropsFlashAttentionAndWithItTheType) {
  for (const char* flash_attention : {"unset", "0", "1"}) {
    for (const char* kv : {"unset", "f16", "q8_0"}) {
      for (const int parallel : {1, 4}) {
        if (parallel == 4 && std::string(kv) == "unset") continue;
        SCOPED_TRACE(std::string(flash_attention) + " " + kv + " " + std::to_string(parallel));
        const RunnerSetting runner = Last(Log("v0.11.4", flash_attention, kv, parallel));
        EXPECT_EQ(runner.flash_attention, false);
        EXPECT_EQ(runner.kv_cache_type, "f16");
        EXPECT_EQ(runner.num_parallel, parallel);
        EXPECT_EQ(runner.num_batch, 512);
        EXPECT_EQ(runner.kv_cache_bytes, parallel * kF16Bytes);
        Reasons reasons;
        if (flash_attention == std::string("1")) reasons.emplace_back(kNoGpu);
        if (kv == std::string("q8_0")) reasons.emplace_back(kNoQuantized);
        EXPECT_EQ(runner.reasons, reasons);
      }
    }
  }
}

TEST(ServerLogTest, TheNewGenerationHasWhatWasAskedForAndChoosesWhereNothingWas) {
  for (const char* flash_attention : {"unset", "0", "1"}) {
    for (const char* kv : {"unset", "f16", "q8_0"}) {
      for (const int parallel : {1, 4}) {
        const bool is_quantized = kv == std::string("q8_0");
        const bool is_off = flash_attention == std::string("0");
        if (parallel == 4 && kv == std::string("unset")) continue;
        if (is_quantized && is_off) continue;
        SCOPED_TRACE(std::string(flash_attention) + " " + kv + " " + std::to_string(parallel));
        const RunnerSetting runner = Last(Log("v0.32.15", flash_attention, kv, parallel));
        EXPECT_EQ(runner.flash_attention, !is_off);
        EXPECT_EQ(runner.kv_cache_type, is_quantized ? "q8_0" : "f16");
        EXPECT_EQ(runner.num_parallel, parallel);
        EXPECT_EQ(runner.num_batch, parallel == 4 ? 1024 : 512);
        EXPECT_NEAR(static_cast<double>(runner.kv_cache_bytes.value_or(0)),
                    static_cast<double>(parallel * (is_quantized ? kQ8Bytes : kF16Bytes)), 20'000);
        Reasons reasons;
        if (is_quantized && flash_attention == std::string("unset")) {
          reasons.emplace_back("enabling flash_attn since it is required for quantized V cache");
        }
        EXPECT_EQ(runner.reasons, reasons);
      }
    }
  }
}

TEST(ServerLogTest, ALoadThatIsRefusedHasItsReasonAndNoCache) {
  for (const int parallel : {1, 4}) {
    const RunnerSetting runner = Last(Log("v0.32.15", "0", "q8_0", parallel));
    EXPECT_EQ(runner.flash_attention, false);
    EXPECT_EQ(runner.kv_cache_type, "q8_0");
    EXPECT_EQ(runner.kv_cache_bytes, std::nullopt);
    EXPECT_EQ(runner.reasons, Reasons{"quantized V cache requires flash_attn to be enabled"});
  }
}

TEST(ServerLogTest, OfSeveralRunnersItIsTheLast) {
  const std::string first = Log("v0.11.4", "1", "q8_0", 4);
  const std::string second = Log("v0.32.15", "1", "q8_0", 1);
  const RunnerSetting after = Last(first + second);
  EXPECT_EQ(after.flash_attention, true);
  EXPECT_EQ(after.num_parallel, 1);
  EXPECT_LT(after.kv_cache_bytes, kF16Bytes) << "not the sum of both";
  EXPECT_EQ(Last(second + first).flash_attention, false);
}

TEST(ServerLogTest, BeforeLlamaCppHasChosenNothingIsKnown) {
  const std::string log = Log("v0.32.15", "unset", "f16", 1);
  const RunnerSetting runner = Last(log.substr(0, log.find("llama_context: flash_attn")));
  EXPECT_EQ(runner.flash_attention, std::nullopt);
  EXPECT_EQ(runner.kv_cache_type, "f16");
}

TEST(ServerLogTest, ACachePerKindOfLayerIsAddedUp) {
  const std::string log =
      "time=T level=INFO msg=\"starting llama-server\" cmd=\"/x/llama-server --model /m -np 1\"\n"
      "llama_kv_cache: size =   10.00 MiB (  4096 cells,   5 layers,  1/1 seqs), K (q8_0): 5.00 "
      "MiB, V (q8_0): 5.00 MiB\n"
      "llama_kv_cache: size =   20.50 MiB (   512 cells,  25 layers,  1/1 seqs), K (q8_0): 5.00 "
      "MiB, V (q8_0): 5.00 MiB\n";
  EXPECT_EQ(Last(log).kv_cache_bytes, 30.5 * 1024 * 1024);
  EXPECT_EQ(Last(log).flash_attention, std::nullopt);
}

TEST(ServerLogTest, ALogWithoutRunnersHasNone) {
  EXPECT_FALSE(LastRunner(""));
  // One that looks for devices runs no model.
  EXPECT_FALSE(LastRunner("msg=\"starting runner\" cmd=\"/x/ollama runner --port 1\"\n"));
}

TEST(ServerLogTest, DevicesAreReadFromBothGenerations) {
  EXPECT_EQ(ComputeDevices(Log("v0.11.4", "0", "f16", 1)),
            (std::vector<ComputeDevice>{{"0", "cpu", "", ""}}));
  EXPECT_EQ(ComputeDevices(Log("v0.32.15", "0", "f16", 1)),
            (std::vector<ComputeDevice>{{"cpu", "cpu", "", "cpu"}}));
  // From Ollama's own tests, and from discover/types.go of v0.32.15.
  const std::string lines =
      "time=T level=INFO source=types.go:130 msg=\"inference compute\" id=GPU-d6de3398 "
      "library=cuda variant=v12 compute=7.5 driver=12.8 name=\"NVIDIA GeForce RTX 2080 Ti\" "
      "total=\"10.6 GiB\" available=\"10.4 GiB\"\n"
      "time=T level=INFO source=types.go:50 msg=\"inference compute\" id=GPU-1 filter_id=\"\" "
      "library=CUDA compute=8.6 name=CUDA0 description=\"NVIDIA \\\"A\\\" 40\" libdirs=ollama "
      "driver=12.4 pci_id=0 type=discrete total=\"4 GiB\" available=\"4 GiB\"\n";
  EXPECT_EQ(
      ComputeDevices(lines),
      (std::vector<ComputeDevice>{{"GPU-d6de3398", "cuda", "7.5", "NVIDIA GeForce RTX 2080 Ti"},
                                  {"GPU-1", "cuda", "8.6", "NVIDIA \"A\" 40"}}));
}

}  // namespace
}  // namespace ollama_bench
