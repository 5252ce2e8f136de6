#include "support/real_ollama_server.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace ollama_bench::testing {
namespace {

bool is_new_generation = false;

const char* OllamaVariable() {
  return is_new_generation ? "OLLAMA_BENCH_REAL_NEW_OLLAMA" : "OLLAMA_BENCH_REAL_OLLAMA";
}

constexpr const char* kWeightsVariable = "OLLAMA_BENCH_REAL_GGUF";

std::string Value(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

void RealOllamaServer::UseNewGeneration() {
  is_new_generation = true;
}

bool RealOllamaServer::IsNewGeneration() {
  return is_new_generation;
}

std::optional<std::string> RealOllamaServer::Missing() {
  for (const char* name : {OllamaVariable(), kWeightsVariable}) {
    if (Value(name).empty()) return std::string(name) + " is not set";
    if (!std::filesystem::is_regular_file(Value(name))) {
      return std::string(name) + " names no file: " + Value(name);
    }
  }
  return std::nullopt;
}

RealOllamaServer& RealOllamaServer::Shared() {
  static RealOllamaServer server;
  return server;
}

RealOllamaServer::RealOllamaServer() : OllamaServer(Value(OllamaVariable()), {}) {
  Start();
  std::ofstream(folder() / "base.modelfile") << "FROM " << Value(kWeightsVariable) << "\n";
  const Ended created = Run({"create", kModel, "-f", "base.modelfile"});
  if (created.exit_code != 0) throw std::runtime_error("cannot import the weights: " + created.err);
}

std::string RealOllamaServer::Log() const {
  std::ifstream in(folder() / "server.log");
  return {std::istreambuf_iterator<char>(in), {}};
}

void RealOllamaServer::UnloadAll() const {
  // Each unload is asynchronous. A model that never goes is ended by the test program's limit.
  for (Json loaded = Get("/api/ps")["models"]; !loaded.empty(); loaded = Get("/api/ps")["models"]) {
    for (const Json& model : loaded) (void)Run({"stop", model.at("name")});
  }
}

}  // namespace ollama_bench::testing
