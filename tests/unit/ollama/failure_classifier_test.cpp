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
      {"server busy, please try again.  maximum pending requests exceeded", kServerBusy},
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

TEST(FailureClassifierTest, MemoryIsShortInTheWordsOfEveryBackendAndSystem) {
  for (const char* text : {
           "error loading model: unable to allocate CUDA0 buffer",
           "error loading model: unable to allocate ROCm0 buffer",
           "exit status 1: error loading model: unable to allocate CUDA_Host buffer",
           "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 8.00 MiB on device 0: "
           "cudaMalloc failed: out of memory",
           "ggml_gallocr_reserve_n_impl: failed to allocate ROCm0 buffer of size 4884066560",
           "ggml_vulkan: Device memory allocation of size 462323712 failed.",
           "ggml_vulkan: vk::Device::allocateMemory: ErrorOutOfDeviceMemory",
           "clCreateBuffer: CL_MEM_OBJECT_ALLOCATION_FAILURE",
           "ErrorOutOfHostMemory",
           "ggml_metal_buffer_init: error: failed to allocate buffer, size = 2.94 MiB",
           "Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)",
           "[metal::malloc] Attempting to allocate 9663676416 bytes which is greater than the "
           "maximum allowed buffer size",
           "level_zero backend failed with error: 39 (UR_RESULT_ERROR_OUT_OF_DEVICE_MEMORY)",
           "UR_RESULT_ERROR_OUT_OF_RESOURCES",
           "ggml_aligned_malloc: insufficient memory (attempted to allocate 512.00 MB)",
           "ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 805306368",
           "mmap failed: Cannot allocate memory",
           "terminate called after throwing an instance of 'std::bad_alloc'",
           "failed to allocate buffer for kv cache",
           "graph_reserve: failed to allocate compute buffers",
           "llama-server process has terminated: exit status 0xc0000017",
           "llama-server reported out-of-memory during startup: x",
       }) {
    EXPECT_EQ(ClassifyFailure(text), kOutOfMemory) << text;
  }
}

TEST(FailureClassifierTest, AConnectionToTheRunnerThatIsLostIsTheRunnersEndAndNotTheServers) {
  for (const char* text : {
           "POST predict: Post \"http://127.0.0.1:39035/completion\": EOF",
           "Post \"http://127.0.0.1:39035/completion\": dial tcp 127.0.0.1:39035: connect: "
           "connection refused",
           "Get \"http://127.0.0.1:40551/health\": read tcp: connection reset by peer",
           "do load request: Post \"http://127.0.0.1:40937/load\": EOF",
           "error reading llm response: read tcp 127.0.0.1:1->127.0.0.1:2: connection reset by "
           "peer",
           "an error was encountered while running the model: unexpected EOF",
           "llama runner process no longer running: 2 ",
           "llama-server process no longer running: exit status 2 ",
           "timed out waiting: llm server not responding",
       }) {
    EXPECT_EQ(ClassifyFailure(text), kRunnerCrash) << text;
  }
  for (const char* text : {
           "Post \"http://127.0.0.1:11434/api/generate\": EOF",
           "Head \"http://127.0.0.1:11434/\": dial tcp 127.0.0.1:11434: connect: connection "
           "refused",
           "Post \"https://box/ollama/api/generate\": write: broken pipe",
           "ollama server not responding - could not connect to ollama server",
       }) {
    EXPECT_EQ(ClassifyFailure(text), kServerUnavailable) << text;
  }
}

TEST(FailureClassifierTest, AStatusThatTheClientPrintsHasTheMeaningOfTheStatus) {
  EXPECT_EQ(ClassifyFailure("502 Bad Gateway: <html>"), kServerUnavailable);
  EXPECT_EQ(ClassifyFailure("401 Unauthorized: <html>"), kRefused);
  EXPECT_EQ(ClassifyFailure("429 Too Many Requests: slow down"), kServerBusy);
  EXPECT_EQ(ClassifyFailure("500 Internal Server Error: the weather"), kUnknown);
  EXPECT_EQ(ClassifyFailure("502"), kUnknown) << "a number alone is no status";
  EXPECT_EQ(ClassifyFailure("4096 is no context"), kUnknown);
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
