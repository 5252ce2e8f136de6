// The `ollama` that tests put on PATH: passes its command line to the server, which decides, and
// then prints and ends as told. `serve` becomes the server program beside this one.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "support/stand_in/acts.h"
#include "support/stand_in/behaviour.h"
#include "support/stand_in/exchange.h"
#include "support/stand_in/script.h"
#include "support/stand_in/terminal.h"

namespace ollama_bench::stand_in {
namespace {

std::string ReadInput() {
  if (isatty(STDIN_FILENO) != 0) return "";
  std::string input;
  char buffer[1 << 16];
  ssize_t got = 0;
  while ((got = read(STDIN_FILENO, buffer, sizeof buffer)) > 0) {
    input.append(buffer, static_cast<std::size_t>(got));
  }
  return input;
}

int Serve(char** argv) {
  const auto self = std::filesystem::canonical("/proc/self/exe");
  const std::string program = self.parent_path() / "ollama_stand_in_serve";
  execv(program.c_str(), argv);
  std::perror(program.c_str());
  return 1;
}

Behaviour ClientBehaviour() {
  const char* path = std::getenv("OLLAMA_STAND_IN_SCRIPT");
  const auto script = Script::Load(path == nullptr ? "" : path);
  return Behaviour(script ? script->version() : "0.11.4");
}

// v0.11.4/run_server_down.stderr, version_server_down.stdout; v0.32.15/run_server_down.stderr.
int TellNoServer(const std::string& command) {
  const Behaviour behaviour = ClientBehaviour();
  if (command == "--version" || command == "-v") {
    WriteAll(STDOUT_FILENO,
             "Warning: could not connect to a running Ollama instance\n"
             "Warning: client version is " +
                 behaviour.version() + "\n");
    return 0;
  }
  const std::string before =
      behaviour.short_connect_error() ? "" : "ollama server not responding - ";
  WriteAll(
      STDERR_FILENO,
      "Error: " + before + "could not connect to ollama server, run 'ollama serve' to start it\n");
  return 1;
}

// The server died in mid-request: run_server_killed.stderr of all versions.
int TellBroken(const Address& address, const std::string& command) {
  const std::string path = command == "run" ? "/api/generate" : "/api/" + command;
  WriteAll(STDERR_FILENO, std::string(command == "run" ? SpinnerEnd() : "") +
                              "Error: Post \"http://" + address.host + ":" +
                              std::to_string(address.port) + path + "\": EOF\n");
  return 1;
}

int Pass(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  Json line = {{"arguments", Json::array()}, {"folder", std::filesystem::current_path().string()}};
  for (int i = 1; i < argc; ++i) line["arguments"].push_back(argv[i]);
  // The prompt may be any bytes, so it follows the JSON as it is.
  std::string body = line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  if (command == "run") body += ReadInput();

  const Address address = AddressFromEnvironment();
  std::string answer;
  switch (Post(address, "/stand_in/command", body, answer)) {
    case Exchanged::kNoConnection:
      return TellNoServer(command);
    case Exchanged::kBroken:
      return TellBroken(address, command);
    case Exchanged::kAnswered:
      break;
  }
  const Json told = Json::parse(answer);
  if (command == "run") CatchInterrupt();
  if (!PlayProcessActs(told.at("act"))) {
    WriteAll(STDERR_FILENO, SpinnerEnd());  // v0.11.4/run_interrupted.stderr
    return 0;
  }
  WriteAll(STDOUT_FILENO, told.at("stdout").get_ref<const std::string&>());
  WriteAll(STDERR_FILENO, told.at("stderr").get_ref<const std::string&>());
  return told.at("exit").get<int>();
}

}  // namespace
}  // namespace ollama_bench::stand_in

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "serve") return ollama_bench::stand_in::Serve(argv);
  return ollama_bench::stand_in::Pass(argc, argv);
}
