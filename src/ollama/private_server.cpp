#include "ollama_bench/ollama/private_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "ollama_bench/core/text.h"
#include "ollama_bench/core/unique_fd.h"
#include "ollama_bench/ollama/ollama_api.h"

namespace ollama_bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPause{20};  // between two questions whether it answers
constexpr std::size_t kTail = 4000;

// Whether 127.0.0.1:`port` can be listened on, and with 0 on which one: what was found, or 0.
int FreePort(int port) {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM, 0));
  const int yes = 1;
  // As the server does: connections of an earlier one that are still closing do not count.
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(fd.get(), generic, size) != 0 || listen(fd.get(), 1) != 0 ||
      getsockname(fd.get(), generic, &size) != 0) {
    return 0;
  }
  return ntohs(address.sin_port);
}

// The last line that is not empty.
std::string LastLine(const std::string& text) {
  const std::string_view trimmed = Trim(text);
  return std::string(trimmed.substr(std::min(trimmed.rfind('\n') + 1, trimmed.size())));
}

}  // namespace

PrivateServer::PrivateServer(PrivateServerOptions options, const StopRequest& stop)
    : options_(std::move(options)), stop_(stop) {
  address_.port = options_.port;
}

Expected<void, Failure> PrivateServer::Start(const Environment& environment) {
  if (!Stop()) {
    return Unexpected<Failure>(Unavailable("a process of the server before cannot be ended"));
  }
  if (stop_.Requested()) return Unexpected<Failure>(Stopped());
  if (auto claimed = ClaimPort(); !claimed) return claimed;
  auto process = BackgroundProcess::Start({{options_.program, "serve"},
                                           EnvironmentOf(environment),
                                           options_.dropped,
                                           options_.folder / "server.log",
                                           options_.grace});
  if (!process) {
    return Unexpected<Failure>(
        Failure{FailureKind::kServerUnavailable, "cannot start " + process.error(), {}, 1});
  }
  process_ = std::move(*process);
  if (options_.log) {
    options_.log(fmt::format("{} serve: started as process {}", options_.program, process_->pid()));
  }
  auto answered = AwaitAnswer();
  if (!answered) Stop();
  return answered;
}

bool PrivateServer::Stop() {
  if (!process_) return true;
  const bool all_gone = process_->End(options_.grace);
  process_.reset();
  return all_gone;
}

bool PrivateServer::IsRunning() {
  return process_ && !process_->HasEnded();
}

std::string PrivateServer::Log() const {
  std::ifstream in(options_.folder / "server.log", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Asked before each start: where another server has the port, that one would answer in place of
// ours, which is about to end.
Expected<void, Failure> PrivateServer::ClaimPort() {
  const int port = FreePort(address_.port);
  if (port == 0) {
    return Unexpected<Failure>(Failure{
        FailureKind::kServerUnavailable,
        fmt::format("cannot listen on 127.0.0.1:{}: {}", address_.port, std::strerror(errno)),
        {},
        1});
  }
  address_.port = port;
  return {};
}

Expected<void, Failure> PrivateServer::AwaitAnswer() {
  OllamaApi api(address_, stop_, options_.log);
  const auto until = steady_clock::now() + options_.start_limit;
  while (true) {
    const auto version = api.Version();
    if (stop_.Requested()) return Unexpected<Failure>(Stopped());
    if (process_->HasEnded()) {
      return Unexpected<Failure>(Unavailable("ended at its start with " + process_->HowItEnded()));
    }
    if (version) {
      version_ = *version;
      return {};
    }
    if (steady_clock::now() >= until) {
      return Unexpected<Failure>(
          Unavailable("did not answer within " + FormatDuration(options_.start_limit)));
    }
    std::array<pollfd, 2> wakes = {pollfd{process_->ended_fd(), POLLIN, 0},
                                   pollfd{stop_.wake_fd(), POLLIN, 0}};
    poll(wakes.data(), wakes.size(), static_cast<int>(kPause.count()));
  }
}

PrivateServer::Environment PrivateServer::EnvironmentOf(const Environment& added) const {
  Environment all = {{"HOME", options_.folder.string()},
                     {"OLLAMA_HOST", fmt::format("{}:{}", address_.host, address_.port)},
                     {"OLLAMA_MODELS", options_.models.string()},
                     {"OLLAMA_NOPRUNE", "1"},
                     // It would ask ollama.com for what is new.
                     {"OLLAMA_NO_CLOUD", "1"}};
  const std::size_t own = all.size();
  for (const auto& variable : added) {
    const auto own_end = all.begin() + static_cast<std::ptrdiff_t>(own);
    const bool is_own = std::any_of(all.begin(), own_end, [&variable](const auto& each) {
      return each.first == variable.first;
    });
    if (!is_own) all.push_back(variable);
  }
  return all;
}

Failure PrivateServer::Unavailable(const std::string& what) const {
  const std::string log = Log();
  const std::string tail = log.substr(log.size() - std::min(log.size(), kTail));
  std::string message = fmt::format("{} serve {}", options_.program, what);
  if (const std::string last = LastLine(tail); !last.empty()) {
    message += ": " + Printable(last, false);
  }
  return {FailureKind::kServerUnavailable, std::move(message), Printable(tail), 1};
}

}  // namespace ollama_bench
