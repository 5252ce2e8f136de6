#include "terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <optional>

namespace ollama_bench {
namespace {

constexpr int kUsualWidth = 80;
constexpr int kWidest = 10'000;

std::string_view EnvironmentVariable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

std::optional<int> KnownWidth(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const std::string_view columns = EnvironmentVariable("COLUMNS");
  int width = 0;
  const auto [end, error] = std::from_chars(columns.begin(), columns.end(), width);
  const bool is_number = error == std::errc() && end == columns.end();
  return is_number && width > 0 && width <= kWidest ? std::optional(width) : std::nullopt;
}

// A line that fits stays as it is, its blanks included.
std::string BrokenLine(std::size_t width, const std::string& line, std::size_t indent) {
  const auto columns = [](std::string_view part) {
    return static_cast<std::size_t>(std::count_if(part.begin(), part.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
  };
  if (columns(line) <= width) return line;
  const std::size_t lead = std::min(line.find_first_not_of(' '), line.size());
  const std::size_t hang = indent + lead < width ? indent + lead : 0;
  std::string broken;
  std::string current = line.substr(0, lead);
  bool is_empty = true;
  for (std::size_t at = lead; at < line.size();) {
    std::size_t end = std::min(line.find(' ', at), line.size());
    // A list without blanks may be wider than any line.
    const std::size_t comma = line.find(',', at);
    if (comma < end && end - at > width - hang) end = comma + 1;
    const std::size_t next = std::min(line.find_first_not_of(' ', end), line.size());
    const std::string word = line.substr(at, end - at);
    if (!is_empty && columns(current) + columns(word) > width) {
      broken += current.substr(0, current.find_last_not_of(' ') + 1) + '\n';
      current = std::string(hang, ' ');
    }
    current += word + line.substr(end, next - end);
    is_empty = false;
    at = next;
  }
  return broken + current;
}

}  // namespace

bool IsTerminal(int fd) {
  return isatty(fd) == 1;
}

bool CanRedraw(int fd) {
  const std::string_view term = EnvironmentVariable("TERM");
  return IsTerminal(fd) && !term.empty() && term != "dumb";
}

bool OwnsTerminal(int fd) {
  const pid_t owner = tcgetpgrp(fd);
  // -1: a terminal without job control.
  return owner < 0 || owner == getpgrp();
}

int TerminalWidth(int fd) {
  return KnownWidth(fd).value_or(kUsualWidth);
}

std::string Broken(int fd, const std::string& text, std::size_t indent) {
  const auto width = KnownWidth(fd);
  if (!width) return text;
  return BrokenAt(static_cast<std::size_t>(*width), text, indent);
}

std::string BrokenAt(std::size_t width, const std::string& text, std::size_t indent) {
  std::string broken;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    broken += BrokenLine(width, text.substr(begin, end - begin), indent);
    if (end < text.size()) broken += '\n';
    begin = end + 1;
  }
  return broken;
}

void PrintError(const std::string& text) {
  Print(stderr, "{}\n", Broken(STDERR_FILENO, "ollama-bench: " + text));
}

void PrintWarning(const std::string& text) {
  Print(stderr, "{}\n", Broken(STDERR_FILENO, "warning: " + text));
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
