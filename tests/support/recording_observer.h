#pragma once

#include <string>
#include <vector>

#include "ollama_bench/sweep/observer.h"

namespace ollama_bench {

/// Remembers what it was told.
class RecordingObserver : public Observer {
 public:
  void OnCellStart(const Visit& visit, std::size_t) override { started.push_back(visit.cell); }
  void OnPhase(Phase phase, int run) override { phases.emplace_back(phase, run); }
  void OnSample(const Cell&, const Sample& sample) override { samples.push_back(sample); }
  void OnCellEnd(const CellResult& result) override { ended.push_back(result); }
  void OnNotice(NoticeLevel level, const std::string& text) override {
    notices.emplace_back(level, text);
  }

  std::vector<Cell> started;
  std::vector<std::pair<Phase, int>> phases;
  std::vector<Sample> samples;
  std::vector<CellResult> ended;
  std::vector<std::pair<NoticeLevel, std::string>> notices;
};

}  // namespace ollama_bench
