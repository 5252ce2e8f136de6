#pragma once

#include <optional>

#include "support/ollama_server.h"

namespace ollama_bench::testing {

/// A real Ollama with a real model named smollm2, started privately and shared by all tests of a
/// program. Variables name the files: OLLAMA_BENCH_REAL_OLLAMA, or OLLAMA_BENCH_REAL_NEW_OLLAMA for
/// the newest generation, the executable, and OLLAMA_BENCH_REAL_GGUF, the weights.
class RealOllamaServer : public OllamaServer {
 public:
  static constexpr const char* kModel = "smollm2";

  /// To be called before anything else: the tests are for the generation that runs models in
  /// llama-server, v0.30 on.
  static void UseNewGeneration();
  [[nodiscard]] static bool IsNewGeneration();

  /// Why there is none to test with; nothing when both variables name files.
  static std::optional<std::string> Missing();
  /// The one server; started, and the weights imported, by the first call. Throws
  /// std::runtime_error when that fails.
  static RealOllamaServer& Shared();

  /// Its `--version`, "0.11.4".
  [[nodiscard]] std::string Version() const { return Get("/api/version").at("version"); }
  /// What it has logged since its start.
  [[nodiscard]] std::string Log() const;
  /// Takes every model out of memory, and returns once /api/ps lists none.
  void UnloadAll() const;

 private:
  RealOllamaServer();
};

}  // namespace ollama_bench::testing
