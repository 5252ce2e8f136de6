#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "progress.h"

namespace ollama_bench {

/// One block of three lines at the bottom of a terminal, redrawn in place: bar and time left, the
/// present cell and what is done with it, rates and the best so far. Notices and failed cells
/// scroll by above it. Begins again below what a shell has printed meanwhile (Ctrl+Z and `fg`), is
/// not drawn by a job in the background, and fits itself to a terminal that changes its width.
class LiveProgress : public ProgressObserver {
 public:
  /// `out` is a terminal; `colour` whether it may be given colours.
  LiveProgress(ProgressState state, Clock& clock, std::FILE* out, bool colour);
  ~LiveProgress() override;

  void OnCellStart(const Visit& visit, std::size_t remaining) override;
  void OnPhase(Phase phase, int run) override;
  void OnSample(const Cell& cell, const Sample& sample) override;
  void OnCellEnd(const CellResult& result) override;
  void OnNotice(NoticeLevel level, const std::string& text) override;

  /// Brings the running times up to date; for use while a child runs.
  void Redraw();

 private:
  void Erase();
  [[nodiscard]] std::string BackToStart(int width);
  void PrintAbove(const std::string& line);
  [[nodiscard]] std::string BarLine(int width) const;
  [[nodiscard]] std::string CellLine() const;
  [[nodiscard]] std::string RateLine() const;

  std::FILE* out_;
  bool colour_;
  std::vector<int> drawn_;  // columns of each line of the block on the screen
  unsigned continued_ = 0;  // how often the program had been continued when it was drawn
};

}  // namespace ollama_bench
