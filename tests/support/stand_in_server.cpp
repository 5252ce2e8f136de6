#include "support/stand_in_server.h"

#include <fstream>
#include <utility>

namespace ollama_bench::testing {

namespace {

// Relative to the server's folder, in which the clients run too.
OllamaServer::Variables WithScript(OllamaServer::Variables variables) {
  variables.emplace_back("OLLAMA_STAND_IN_SCRIPT", "script.json");
  return variables;
}

}  // namespace

StandInServer::StandInServer(const Json& script, Variables added)
    : OllamaServer(Ollama(), WithScript(std::move(added))) {
  SetScript(script);
  Start();
}

std::filesystem::path StandInServer::Ollama() {
  return OLLAMA_BENCH_STAND_IN;
}

void StandInServer::SetScript(const Json& script) const {
  const auto file = folder() / "script.json";
  const auto fresh = folder() / "script.json.new";
  std::ofstream(fresh) << script.dump();
  // In one step, for the server reads it at each call.
  std::filesystem::rename(fresh, file);
}

}  // namespace ollama_bench::testing
