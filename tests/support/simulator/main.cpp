// `simulated_ollama serve`: OLLAMA_HOST says where (port 0: a free one), OLLAMA_SIMULATOR_LAW names
// the file with the law, OLLAMA_SIMULATOR_TRUTH the one to which the truth is appended.
#include <fmt/format.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "support/simulator/server.h"

namespace ollama_bench::simulator {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Law LawFromEnvironment() {
  const std::string path = Environment("OLLAMA_SIMULATOR_LAW");
  if (path.empty()) return {};
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("law: cannot read " + path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto law = ParseLaw(text);
  if (!law) throw std::runtime_error(law.error());
  return std::move(*law);
}

int Serve() {
#ifdef __linux__
  if (!Environment("OLLAMA_STAND_IN_DIES_WITH_PARENT").empty()) prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  std::string address = Environment("OLLAMA_HOST");
  if (address.empty()) address = "127.0.0.1:11434";
  const auto colon = address.rfind(':');
  const std::string host = address.substr(0, colon);
  const auto port = static_cast<unsigned short>(std::stoi(address.substr(colon + 1)));
  boost::asio::io_context loop(1);
  const Server server(loop, LawFromEnvironment(), Environment("OLLAMA_SIMULATOR_TRUTH"), host,
                      port);
  boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&](const auto&, int) { loop.stop(); });
  fmt::print(stderr, "msg=\"Listening on {}:{} (version {})\"\n", host, server.port(),
             server.law().version);
  loop.run();
  return 0;
}

}  // namespace
}  // namespace ollama_bench::simulator

int main() {
  try {
    return ollama_bench::simulator::Serve();
  } catch (const std::exception& error) {
    fmt::print(stderr, "Error: {}\n", error.what());
    return 1;
  }
}
