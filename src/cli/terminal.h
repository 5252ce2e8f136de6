#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/render/terminal_style.h"

namespace ollama_bench {

bool IsTerminal(int fd);

/// Whether what was written to `fd` can be replaced: a terminal, and not a dumb one.
bool CanRedraw(int fd);

/// Whether the terminal at `fd` is this program's to draw on: false for a job in the background,
/// whose shell is at work there.
bool OwnsTerminal(int fd);

/// In columns: of the terminal at `fd`, else what COLUMNS says, else 80.
int TerminalWidth(int fd);

/// `text` with lines broken at words where they are wider than `width`; what follows a break is
/// indented as its line was, and by `indent` more.
std::string BrokenAt(std::size_t width, const std::string& text, std::size_t indent = 0);

/// The same for `fd`: `text`, broken at the width of the terminal, or at COLUMNS. Where neither
/// is known lines stay whole, for whatever searches them.
std::string Broken(int fd, const std::string& text, std::size_t indent = 0);

/// What the environment says about colours; empty where a variable is not set.
struct ColorWishes {
  std::string_view no_color;   ///< NO_COLOR: anything forbids colours (no-color.org)
  std::string_view term;       ///< TERM
  std::string_view colorterm;  ///< COLORTERM
};
ColorDepth DecideColorDepth(bool is_terminal, const ColorWishes& wishes);

/// The same for `fd` and this process' environment.
ColorDepth TerminalColorDepth(int fd);

/// How to write to `fd`: its width and colours, and `colormap` for values.
TerminalStyle StyleOf(int fd, const Colormap& colormap = DefaultColormap());

/// Whether `fd` is to get any colours.
bool UseColor(int fd);

/// Formats to `out`. Unlike fmt::print it does not throw where nobody reads any more, a closed
/// terminal or `| head`: a sweep must get to its end and clean up. The stream remembers the error.
template <class... Values>
void Print(std::FILE* out, fmt::format_string<Values...> format, Values&&... values) {
  const std::string text = fmt::format(format, std::forward<Values>(values)...);
  // Where both go to one place, what was said first comes first.
  if (out == stderr) std::fflush(stdout);
  std::fwrite(text.data(), 1, text.size(), out);
}

/// Turns INT, TERM and HUP into requests on `stop`; a second signal ends the program at once. PIPE
/// becomes one when nobody reads standard output or error any more; otherwise it, and XFSZ, only
/// show as failed writes. A signal that was ignored at the start stays ignored (nohup). Started
/// programs inherit none of this. `stop` must live until the program ends; call once.
void InstallSignalHandlers(StopRequest& stop);

/// How often the program was continued after a stop (Ctrl+Z and `fg`).
unsigned TimesContinued();

/// Dies of `signal_number`, so that the shell sees what ended the program.
[[noreturn]] void DieOfSignal(int signal_number);

/// "ollama-bench: …" and "warning: …" on stderr.
void PrintError(const std::string& text);
void PrintWarning(const std::string& text);

}  // namespace ollama_bench
