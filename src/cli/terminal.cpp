#include "terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>

namespace ollama_bench {
namespace {

constexpr int kUsualWidth = 80;
constexpr int kWidest = 10'000;

std::string_view EnvironmentVariable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

bool IsTerminal(int fd) {
  return isatty(fd) == 1;
}

bool OwnsTerminal(int fd) {
  const pid_t owner = tcgetpgrp(fd);
  // -1: a terminal without job control.
  return owner < 0 || owner == getpgrp();
}

int TerminalWidth(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const std::string_view columns = EnvironmentVariable("COLUMNS");
  int width = 0;
  const auto [end, error] = std::from_chars(columns.begin(), columns.end(), width);
  const bool is_number = error == std::errc() && end == columns.end();
  return is_number && width > 0 && width <= kWidest ? width : kUsualWidth;
}

ColorDepth DecideColorDepth(bool is_terminal, const ColorWishes& wishes) {
  if (!is_terminal || !wishes.no_color.empty()) return ColorDepth::kNone;
  if (wishes.term.empty() || wishes.term == "dumb") return ColorDepth::kNone;
  if (wishes.colorterm == "truecolor" || wishes.colorterm == "24bit") return ColorDepth::kTrueColor;
  return ColorDepth::k256;
}

ColorDepth TerminalColorDepth(int fd) {
  return DecideColorDepth(IsTerminal(fd),
                          {EnvironmentVariable("NO_COLOR"), EnvironmentVariable("TERM"),
                           EnvironmentVariable("COLORTERM")});
}

TerminalStyle StyleOf(int fd, const Colormap& colormap) {
  return {static_cast<std::size_t>(TerminalWidth(fd)), TerminalColorDepth(fd), colormap};
}

bool UseColor(int fd) {
  return TerminalColorDepth(fd) != ColorDepth::kNone;
}

namespace {

// A handler takes no argument of ours, hence the only globals of the program.
StopRequest* g_stop = nullptr;
std::atomic<unsigned> g_continued{0};

extern "C" void OnStopSignal(int signal_number) {
  if (!g_stop->Requested()) {
    g_stop->Request(signal_number);
    return;
  }
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

// A connection to the server may break; when the reader of our output is gone (`| head`), the sweep
// stops as it does for other signals.
extern "C" void OnBrokenPipe(int signal_number) {
  const int saved_errno = errno;
  std::array<pollfd, 2> outputs = {pollfd{STDOUT_FILENO, 0, 0}, pollfd{STDERR_FILENO, 0, 0}};
  poll(outputs.data(), outputs.size(), 0);
  if (((outputs[0].revents | outputs[1].revents) & POLLERR) != 0) g_stop->Request(signal_number);
  errno = saved_errno;
}

// Past `ulimit -f` a write is to fail as on a full disk, not to end the program.
extern "C" void OnFileTooLarge(int /*signal_number*/) {}

extern "C" void OnContinue(int /*signal_number*/) {
  ++g_continued;
}

// A handler and not SIG_IGN, which programs that are started would inherit.
void Handle(int signal_number, void (*handler)(int)) {
  struct sigaction old {};
  sigaction(signal_number, nullptr, &old);
  if (old.sa_handler == SIG_IGN) return;
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(signal_number, &action, nullptr);
}

}  // namespace

void InstallSignalHandlers(StopRequest& stop) {
  g_stop = &stop;
  for (const int signal_number : std::array{SIGINT, SIGTERM, SIGHUP}) {
    Handle(signal_number, OnStopSignal);
  }
  Handle(SIGPIPE, OnBrokenPipe);
  Handle(SIGXFSZ, OnFileTooLarge);
  Handle(SIGCONT, OnContinue);
}

unsigned TimesContinued() {
  return g_continued;
}

void DieOfSignal(int signal_number) {
  signal(signal_number, SIG_DFL);
  raise(signal_number);
  std::_Exit(128 + signal_number);
}

}  // namespace ollama_bench
