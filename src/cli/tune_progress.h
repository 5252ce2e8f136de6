#pragma once

#include <cstdio>
#include <memory>
#include <utility>

#include "ollama_bench/search/search.h"
#include "ollama_bench/session/tune_strategy.h"
#include "progress.h"

namespace ollama_bench {

/// Adds the answer so far and its probability to whatever way progress is shown.
class TuneProgress : public ProgressObserver {
 public:
  /// Search and strategy must outlive the object. With `json` every measurement becomes an event
  /// on that stream instead: {"event":"measurement", …}; of `shown` only notices remain.
  TuneProgress(std::unique_ptr<ProgressObserver> shown, Clock& clock, const Search& search,
               const TuneStrategy& strategy, std::FILE* json)
      : ProgressObserver({}, clock),
        shown_(std::move(shown)),
        search_(search),
        strategy_(strategy),
        json_(json) {}

  void OnCellStart(const Visit& visit, std::size_t remaining) override;
  void OnPhase(Phase phase, int run) override;
  void OnSample(const Cell& cell, const Sample& sample) override;
  void OnCellEnd(const CellResult& result) override;
  void OnNotice(NoticeLevel level, const std::string& text) override;

 private:
  std::unique_ptr<ProgressObserver> shown_;
  const Search& search_;
  const TuneStrategy& strategy_;
  std::FILE* json_;
};

}  // namespace ollama_bench
