#include "live_progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/text.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

using Seconds = std::chrono::duration<double>;

std::string_view PhaseName(const std::optional<Phase>& phase) {
  if (!phase) return "starting";
  switch (*phase) {
    case Phase::kCreate:
      return "create";
    case Phase::kWarmUp:
      return "load and warm-up";
    case Phase::kDecode:
      return "decode";
    case Phase::kRun:
      return "run";
  }
  return "";
}

// Everything in the block is ASCII but the bar, so bytes are columns here.
std::string Clip(std::string text, int width) {
  if (std::ssize(text) > width) text.resize(static_cast<std::size_t>(std::max(0, width)));
  return text;
}

// Of text with colours, whose characters are all one column wide.
int ColumnsOf(std::string_view line) {
  int columns = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b') {
      i = line.find('m', i);
    } else if ((static_cast<unsigned char>(line[i]) & 0xC0U) != 0x80U) {
      ++columns;
    }
  }
  return columns;
}

// Full cells and eighths of one.
std::string Bar(double fraction, int width) {
  static constexpr std::array<std::string_view, 8> kEighths = {
      "", "\u258F", "\u258E", "\u258D", "\u258C", "\u258B", "\u258A", "\u2589"};
  const int eighths = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * 8 * width);
  std::string bar;
  for (int i = 0; i < eighths / 8; ++i) bar += "\u2588";
  int used = eighths / 8;
  if (eighths % 8 != 0) {
    bar += kEighths.at(static_cast<std::size_t>(eighths % 8));
    ++used;
  }
  bar.append(static_cast<std::size_t>(std::max(0, width - used)), ' ');
  return bar;
}

}  // namespace

LiveProgress::LiveProgress(ProgressState state, Clock& clock, std::FILE* out, bool colour)
    : ProgressObserver(std::move(state), clock), out_(out), colour_(colour) {}

LiveProgress::~LiveProgress() {
  Erase();
  std::fflush(out_);
}

void LiveProgress::OnCellStart(const Visit& visit, std::size_t remaining) {
  ProgressObserver::OnCellStart(visit, remaining);
  Redraw();
}

void LiveProgress::OnPhase(Phase phase, int run) {
  ProgressObserver::OnPhase(phase, run);
  Redraw();
}

void LiveProgress::OnSample(const Cell& cell, const Sample& sample) {
  ProgressObserver::OnSample(cell, sample);
  Redraw();
}

void LiveProgress::OnCellEnd(const CellResult& result) {
  ProgressObserver::OnCellEnd(result);
  if (LatestFailure(result) != nullptr) {
    PrintAbove(fmt::format("{}  {}", NameOf(result.cell), DescribeVisit(state(), result)));
  }
  Redraw();
}

void LiveProgress::OnNotice(NoticeLevel level, const std::string& text) {
  PrintAbove(level == NoticeLevel::kWarning ? "warning: " + text : text);
  Redraw();
}

void LiveProgress::PrintAbove(const std::string& line) {
  Erase();
  Print(out_, "{}\n", Broken(fileno(out_), line));
}

// Back to the block's first line and clear from there on (ECMA-48: CPL, ED). A terminal that became
// narrower has wrapped the lines meanwhile.
std::string LiveProgress::BackToStart(int width) {
  int rows = 0;
  for (const int columns : drawn_) rows += std::max(1, (columns + width - 1) / width);
  drawn_.clear();
  // After a stop the shell's lines are below the block.
  if (rows == 0 || continued_ != TimesContinued()) return {};
  return fmt::format("\x1b[{}F\x1b[J", rows);
}

void LiveProgress::Erase() {
  if (!OwnsTerminal(fileno(out_))) return drawn_.clear();
  Print(out_, "{}", BackToStart(TerminalWidth(fileno(out_))));
}

void LiveProgress::Redraw() {
  const int fd = fileno(out_);
  if (!OwnsTerminal(fd)) return drawn_.clear();
  const int terminal_width = TerminalWidth(fd);
  const int width = std::max(20, terminal_width - 1);
  const std::array<std::string, 3> lines = {BarLine(width), Clip(CellLine(), width),
                                            Clip(RateLine(), width)};
  // One write for the whole block keeps it from flickering.
  std::string block = BackToStart(terminal_width);
  continued_ = TimesContinued();
  for (const std::string& line : lines) {
    block += line + '\n';
    drawn_.push_back(ColumnsOf(line));
  }
  std::fwrite(block.data(), 1, block.size(), out_);
  std::fflush(out_);
}

std::string LiveProgress::BarLine(int width) const {
  const ProgressState& now = state();
  const double fraction =
      now.total == 0 ? 0 : static_cast<double>(now.done) / static_cast<double>(now.total);
  std::string text;
  switch (now.role) {
    case SampleRole::kConfirm:
      text = fmt::format("  confirming, {} to go", now.left);
      break;
    case SampleRole::kControl:
      text = "  control cell";
      break;
    default:
      text = now.IsOfTheGrid()
                 ? fmt::format("  {} {} of {}", now.counts_windows ? "window" : "cell",
                               std::min(now.done + 1, now.total), now.total)
                 : fmt::format("  {}", VisitName(now));
  }
  if (const auto left = now.TimeLeft()) {
    const Seconds spent = clock().Now() - now.cell_started;
    text += fmt::format("  {} left", FormatDuration(std::max(Seconds(0), *left - spent)));
  }
  const int bar_width = std::clamp(width - static_cast<int>(text.size()) - 2, 0, 40);
  const std::string bar = Bar(fraction, bar_width);
  const std::string shown = colour_ ? fmt::format("\x1b[36m{}\x1b[0m", bar) : bar;
  return fmt::format("\u2595{}\u258F{}", shown, Clip(text, width - bar_width - 2));
}

std::string LiveProgress::CellLine() const {
  const ProgressState& now = state();
  const bool is_window = now.counts_windows && now.phase == Phase::kRun;
  std::string line =
      fmt::format("{}  {}", NameOf(now.cell), is_window ? "under load" : PhaseName(now.phase));
  if (now.run > 0 && !is_window) line += fmt::format(" {}", now.run);
  return line + fmt::format("  {}", FormatDuration(clock().Now() - now.cell_started));
}

std::string LiveProgress::RateLine() const {
  const ProgressState& now = state();
  std::string line = "tokens/s:";
  const std::size_t shown = std::min<std::size_t>(3, now.cell_rates.size());
  for (std::size_t i = now.cell_rates.size() - shown; i < now.cell_rates.size(); ++i) {
    line += fmt::format(" {:.2f}", now.cell_rates[i]);
  }
  if (shown == 0) line += " -";
  if (now.best) {
    line += fmt::format("   best so far {:.2f} at {}", now.best_rate, NameOf(*now.best));
  }
  return line;
}

}  // namespace ollama_bench
