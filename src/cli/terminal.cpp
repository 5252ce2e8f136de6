#include "terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
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

}  // namespace ollama_bench
