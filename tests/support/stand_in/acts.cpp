#include "support/stand_in/acts.h"

#include <poll.h>
#include <unistd.h>
#include <array>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>

namespace ollama_bench::stand_in {
namespace {

volatile std::sig_atomic_t interrupted = 0;

// Waits, without end where `wait` is negative; false when interrupted.
bool Wait(std::chrono::milliseconds wait) {
  const auto end = std::chrono::steady_clock::now() + wait;
  while (interrupted == 0) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (wait.count() >= 0 && left.count() <= 0) return true;
    // A signal that arrives just before poll() is seen a second later.
    poll(nullptr, 0,
         wait.count() < 0 ? 1000 : static_cast<int>(std::min<std::int64_t>(1000, left.count())));
  }
  return false;
}

void Flood(int descriptor, std::int64_t bytes, std::int64_t line) {
  if (bytes == 0) return;
  std::string block(std::size_t{1} << 16, 'x');
  if (line > 0) {
    for (std::size_t i = static_cast<std::size_t>(line) - 1; i < block.size();
         i += static_cast<std::size_t>(line)) {
      block[i] = '\n';
    }
  }
  while (bytes > 0) {
    const std::size_t part = std::min(block.size(), static_cast<std::size_t>(bytes));
    WriteAll(descriptor, std::string_view(block).substr(0, part));
    bytes -= static_cast<std::int64_t>(part);
  }
}

// A child in a session of its own, so that ending the process group leaves it, with the inherited
// pipes open. It is on its own when this returns: before, it would end with the group.
void LeaveGrandchild(const Json& how) {
  std::array<int, 2> ready{};
  if (pipe(ready.data()) != 0) return;
  const pid_t child = fork();
  if (child == 0) {
    close(ready[0]);
    setsid();
    std::signal(SIGTERM, SIG_IGN);
    const std::string file = how.value("pid_file", "");
    if (!file.empty()) std::ofstream(file + ".new") << getpid() << "\n";
    if (!file.empty()) std::rename((file + ".new").c_str(), file.c_str());
    close(ready[1]);
    Wait(std::chrono::seconds(how.value("seconds", 30)));
    _exit(0);
  }
  close(ready[1]);
  char end = 0;
  while (read(ready[0], &end, 1) < 0 && errno == EINTR) continue;
  close(ready[0]);
}

}  // namespace

void WriteAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void CatchInterrupt() {
  std::signal(SIGINT, [](int) { interrupted = 1; });
}

bool PlayProcessActs(const Json& act) {
  if (!act.is_object()) return true;
  if (act.contains("grandchild")) LeaveGrandchild(act.at("grandchild"));
  if (act.value("ignore_term", false)) std::signal(SIGTERM, SIG_IGN);
  if (act.value("stop_self", false)) std::raise(SIGSTOP);
  if (!Wait(std::chrono::milliseconds(act.value("sleep_ms", 0)))) return false;
  if (act.contains("flood")) {
    const Json& flood = act.at("flood");
    const auto line = flood.value("line", std::int64_t{80});
    Flood(STDOUT_FILENO, flood.value("stdout", std::int64_t{0}), line);
    Flood(STDERR_FILENO, flood.value("stderr", std::int64_t{0}), line);
  }
  if (act.value("binary", false)) {
    static constexpr std::string_view kBytes("\0\xff\xfe\xc3\x28 \x1b]0;title\a\x1b[31m\x80\r\n",
                                             24);
    WriteAll(STDOUT_FILENO, kBytes);
    WriteAll(STDERR_FILENO, kBytes);
  }
  if (act.contains("signal")) {
    const int number = act.at("signal").get<int>();
    std::signal(number, SIG_DFL);
    std::raise(number);
  }
  if (act.value("hang", false)) return Wait(std::chrono::milliseconds(-1));
  return true;
}

}  // namespace ollama_bench::stand_in
