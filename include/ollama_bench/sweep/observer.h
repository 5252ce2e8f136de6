#pragma once

#include <cstddef>
#include <string>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/sample.h"
#include "ollama_bench/core/strategy.h"

namespace ollama_bench {

/// What is being done with the current cell.
enum class Phase { kCreate, kWarmUp, kRun, kDecode };

enum class NoticeLevel { kInfo, kWarning };

/// Learns how a sweep proceeds, to show it. Implementations must not throw and must return quickly:
/// the time they take is not measured, but it is waited for.
class Observer {
 public:
  virtual ~Observer() = default;

  /// `remaining`: visits that the strategy expects after this one.
  virtual void OnCellStart(const Visit& visit, std::size_t remaining) = 0;
  /// `run` counts from 1 within kRun; 0 otherwise.
  virtual void OnPhase(Phase phase, int run) = 0;
  /// Called after the sample is safe on disk.
  virtual void OnSample(const Cell& cell, const Sample& sample) = 0;
  /// The cell is done: it has its samples, or a failure that stays.
  virtual void OnCellEnd(const CellResult& result) = 0;
  /// One line for a person.
  virtual void OnNotice(NoticeLevel level, const std::string& text) = 0;
};

}  // namespace ollama_bench
