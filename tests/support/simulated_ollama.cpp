#include "support/simulated_ollama.h"

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace ollama_bench::testing {

namespace {

// Relative to the server's folder, in which it runs.
OllamaServer::Variables WithFiles(OllamaServer::Variables variables) {
  variables.emplace_back("OLLAMA_SIMULATOR_LAW", "law.json");
  variables.emplace_back("OLLAMA_SIMULATOR_TRUTH", "truth.jsonl");
  return variables;
}

}  // namespace

SimulatedOllama::SimulatedOllama(const Json& law, Variables added)
    : OllamaServer(Executable(), WithFiles(std::move(added))) {
  std::ofstream(folder() / "law.json") << law.dump();
  Start();
}

std::filesystem::path SimulatedOllama::Executable() {
  return OLLAMA_BENCH_SIMULATOR;
}

std::vector<OllamaServer::Json> SimulatedOllama::Truth() const {
  std::vector<Json> requests;
  std::ifstream file(folder() / "truth.jsonl");
  for (std::string line; std::getline(file, line) && !file.eof();) {
    requests.push_back(Json::parse(line));
  }
  return requests;
}

std::vector<OllamaServer::Json> SimulatedOllama::AwaitTruth(std::size_t count) const {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (true) {
    auto requests = Truth();
    if (requests.size() >= count) return requests;
    if (std::chrono::steady_clock::now() > until) {
      throw std::runtime_error("the simulator has ended " + std::to_string(requests.size()) +
                               " requests of " + std::to_string(count));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace ollama_bench::testing
