#pragma once

#include <optional>

#include "support/ollama_server.h"

namespace ollama_bench::testing {

/// A real Ollama with a real model named smollm2, started privately and shared by all tests of a
/// program. Which ones, two variables say: OLLAMA_BENCH_REAL_OLLAMA, the executable, and
/// OLLAMA_BENCH_REAL_GGUF, the weights.
class RealOllamaServer : public OllamaServer {
 public:
  static constexpr const char* kModel = "smollm2";

  /// Why there is none to test with; nothing when both variables name files.
  static std::optional<std::string> Missing();
  /// The one server; started, and the weights imported, by the first call. Throws
  /// std::runtime_error when that fails.
  static RealOllamaServer& Shared();

  /// Its `--version`, "0.11.4".
  [[nodiscard]] std::string Version() const { return Get("/api/version").at("version"); }
  /// Takes every model out of memory, and returns once /api/ps lists none.
  void UnloadAll() const;

 private:
  RealOllamaServer();
};

}  // namespace ollama_bench::testing
