#pragma once

#include <cstdio>

#include "progress.h"

namespace ollama_bench {

/// One JSON object per line on `out`: {"event":"cell_start"|"sample"|"cell"|"notice", …}.
class JsonProgress : public ProgressObserver {
 public:
  JsonProgress(ProgressState state, Clock& clock, std::FILE* out)
      : ProgressObserver(std::move(state), clock), out_(out) {}

  void OnCellStart(const Visit& visit, std::size_t remaining) override;
  void OnSample(const Cell& cell, const Sample& sample) override;
  void OnCellEnd(const CellResult& result) override;
  void OnNotice(NoticeLevel level, const std::string& text) override;

 private:
  std::FILE* out_;
};

/// One line per finished cell, for a pipe or a file: "[3/624] num_ctx=32768 num_batch=384  83.34
/// tokens/s  ETA 21.7 h". Visits that are not of the grid are named in the place of the count.
class PlainProgress : public ProgressObserver {
 public:
  PlainProgress(ProgressState state, Clock& clock, std::FILE* out)
      : ProgressObserver(std::move(state), clock), out_(out) {}

  void OnCellEnd(const CellResult& result) override;
  void OnNotice(NoticeLevel level, const std::string& text) override;

 private:
  std::FILE* out_;
};

/// Only warnings and failures.
class QuietProgress : public ProgressObserver {
 public:
  QuietProgress(ProgressState state, Clock& clock, std::FILE* out)
      : ProgressObserver(std::move(state), clock), out_(out) {}

  void OnNotice(NoticeLevel level, const std::string& text) override;

 private:
  std::FILE* out_;
};

}  // namespace ollama_bench
