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

/// The event of a notice, for what happens outside a sweep.
void PrintJsonNotice(std::FILE* out, NoticeLevel level, const std::string& text);

}  // namespace ollama_bench
