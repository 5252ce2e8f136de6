#include "cli_output.h"

#include <gtest/gtest.h>

#include "support/test_data.h"

namespace ollama_bench {
namespace {

using enum FailureKind;

TEST(FailureClassifierTest, KnowsTheWordsOfOllamaAndItsRunners) {
  const std::pair<const char*, FailureKind> cases[] = {
      {"CUDA error: out of memory", kOutOfMemory},
      {"ggml_backend_cuda_buffer_type_alloc_buffer: cudaMalloc failed: out of memory",
       kOutOfMemory},
      {"model requires more system memory (63.9 GiB) than is available (21.0 GiB)", kOutOfMemory},
      {"memory layout cannot be allocated with num_gpu = 99", kOutOfMemory},
      {"VK_ERROR_OUT_OF_DEVICE_MEMORY", kOutOfMemory},
      {"llama runner process has terminated: CUDA error: the resource allocation failed",
       kGpuResourceAllocation},
      {"llama runner process has terminated: exit status 2", kRunnerCrash},
      {"llama-server process has terminated: signal: killed", kRunnerCrash},
      {"llama-server process has terminated: exit status 1: cudaMalloc failed: out of memory",
       kOutOfMemory},
      {"llama runner process has terminated: cudaMalloc failed: out of memory", kOutOfMemory},
      {"model runner has unexpectedly stopped, this may be due to resource limitations",
       kRunnerCrash},
      {"timed out waiting for llama runner to start", kTimeout},
      {"could not connect to ollama server, run 'ollama serve' to start it", kServerUnavailable},
      {"server busy, please try again.  maximum pending requests exceeded", kServerUnavailable},
      {"Post \"http://127.0.0.1:11434/api/generate\": EOF", kServerUnavailable},
      {"model 'nosuch' not found", kModelMissing},
      {"pull model manifest: file does not exist", kModelMissing},
      {"unknown parameter 'num_batchx'", kBadModelfile},
      {"command must be one of \"from\", \"license\"", kBadModelfile},
      {"supplied file was not in GGUF format", kBadModelfile},
      {"write /var/lib/ollama/models/blobs/sha256-1: no space left on device", kNoDiskSpace},
      {"error loading model: unknown model architecture: 'x'", kCannotLoad},
      {"input length exceeds the context length", kPromptTooLong},
      {"the weather is fine", kUnknown},
      {"", kUnknown},
  };
  for (const auto& [text, kind] : cases) EXPECT_EQ(ClassifyFailure(text), kind) << text;
}

TEST(FailureClassifierTest, ReadsTheErrorLineBehindARealSpinner) {
  struct Real {
    const char* situation;
    FailureKind kind;
  };
  for (const std::string& version : TranscriptVersions()) {
    for (const auto& [situation, kind] :
         {Real{"run_server_killed", kServerUnavailable}, Real{"run_runner_killed", kRunnerCrash},
          Real{"run_missing_model", kModelMissing}, Real{"run_server_down", kServerUnavailable},
          Real{"create_no_from", kBadModelfile}, Real{"create_bad_integer", kBadModelfile},
          Real{"create_unknown_parameter", kBadModelfile}, Real{"create_junk_file", kBadModelfile},
          Real{"create_missing_file", kBadModelfile},
          Real{"create_server_down", kServerUnavailable}}) {
      const Failure failure = FailureFromOutput(TranscriptStderr(version, situation), "none");
      EXPECT_EQ(failure.kind, kind) << version << ' ' << situation << ": " << failure.message;
      EXPECT_NE(failure.message, "none") << version << ' ' << situation;
      EXPECT_EQ(failure.message.find('\x1b'), std::string::npos);
    }
  }
}

TEST(FailureClassifierTest, TheCauseBehindACrashWins) {
  const Failure failure = FailureFromOutput(
      "ggml: cudaMalloc failed\nError: llama runner process has terminated: exit status 2\n", "");
  EXPECT_EQ(failure.kind, kOutOfMemory);
  EXPECT_EQ(failure.message, "llama runner process has terminated: exit status 2");
}

TEST(FailureClassifierTest, KeepsTheEndOfALongOutputPrintable) {
  const Failure failure = FailureFromOutput(std::string(100'000, '\xFF') + "\x01the end", "failed");
  EXPECT_EQ(failure.message, "failed");
  EXPECT_LE(failure.output_tail.size(), 6'000U);
  EXPECT_TRUE(failure.output_tail.ends_with("the end"));
}

TEST(FailureClassifierTest, AnErrorLineAsLongAsABookIsShownByItsStart) {
  const Failure failure = FailureFromOutput("Error: " + std::string(100'000, 'x') + '\n', "failed");
  EXPECT_EQ(failure.message, std::string(2000, 'x'));
}

}  // namespace
}  // namespace ollama_bench
