#include "support/ollama_server.h"

#include <httplib.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace ollama_bench::testing {

OllamaServer::OllamaServer(std::filesystem::path ollama, Variables added)
    : ollama_(std::move(ollama)), added_(std::move(added)) {
  std::filesystem::create_directory(folder() / "models");
  std::filesystem::create_directory(folder() / "tmp");
}

OllamaServer::Variables OllamaServer::Environment() const {
  const char* path = std::getenv("PATH");
  Variables variables = {{"OLLAMA_HOST", host_},
                         {"OLLAMA_MODELS", (folder() / "models").string()},
                         {"HOME", folder().string()},
                         // A killed program leaves its temporary files behind.
                         {"TMPDIR", (folder() / "tmp").string()},
                         {"PATH", ollama_.parent_path().string() + ":" + (path ? path : "")}};
  variables.insert(variables.end(), added_.begin(), added_.end());
  return variables;
}

int OllamaServer::port() const {
  return std::stoi(host_.substr(host_.rfind(':') + 1));
}

Ended OllamaServer::Run(const std::vector<std::string>& arguments, const std::string& input) const {
  Program program{{ollama_.string()}, Environment(), input, folder().string()};
  program.argv.insert(program.argv.end(), arguments.begin(), arguments.end());
  return RunProgram(program);
}

OllamaServer::Json OllamaServer::Get(const std::string& path) const {
  const auto result = httplib::Client("127.0.0.1", port()).Get(path);
  if (!result) throw std::runtime_error("no answer to GET " + path);
  return Json::parse(result->body);
}

// A server that logs into a pipe which nobody reads stops when the pipe is full, so it logs to a
// file.
void OllamaServer::Start() {
  const std::filesystem::path log_file = folder() / "server.log";
  std::filesystem::remove(log_file);
  Program program{{"/bin/sh", "-c", "exec \"$0\" serve >server.log 2>&1", ollama_.string()},
                  Environment(),
                  "",
                  folder().string()};
  // A test program that is itself killed must not leave the stand-in behind.
  program.environment.emplace_back("OLLAMA_STAND_IN_DIES_WITH_PARENT", "1");
  // Longer than any test program; the destructor ends the server.
  program.deadline = std::chrono::hours(1);
  server_ = std::make_unique<RunningProgram>(program);
  // Both write: msg="Listening on 127.0.0.1:41234 (version 0.11.4)"
  constexpr std::string_view kListening = "Listening on ";
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  std::string log;
  while (log.find(" (version ") == std::string::npos) {
    if (std::chrono::steady_clock::now() > until) {
      server_->SignalGroup(SIGKILL);
      throw std::runtime_error("ollama serve did not start: " + log);
    }
    std::ifstream in(log_file);
    log.assign(std::istreambuf_iterator<char>(in), {});
  }
  const auto at = log.find(kListening) + kListening.size();
  host_ = log.substr(at, log.find(' ', at) - at);
}

void OllamaServer::Kill() {
  server_->Signal(SIGKILL);
  server_->Wait();
}

}  // namespace ollama_bench::testing
