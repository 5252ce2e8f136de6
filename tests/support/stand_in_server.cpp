#include "support/stand_in_server.h"

#include <fstream>

namespace ollama_bench::testing {

StandInServer::StandInServer(const Json& script)
    // Relative to the server's folder, in which the clients run too.
    : OllamaServer(Ollama(), {{"OLLAMA_STAND_IN_SCRIPT", "script.json"}}) {
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
