#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "ollama_bench/workload/stream_record.h"
#include "ollama_bench/workload/window.h"

namespace ollama_bench {

/// A request of a window as it ended.
struct WindowRequest {
  StreamRecord record;
  int num_predict = 0;  ///< asked for
  bool is_calibration = false;
};

/// A window as it was run, before anything is made of it.
struct WindowRun {
  using Time = std::chrono::steady_clock::time_point;

  std::vector<WindowRequest> requests;  ///< in the order in which they ended
  std::optional<Time> begin;            ///< of what is measured; excluded, as `end` is included
  std::optional<Time> end;
  bool is_cut = false;
  std::chrono::nanoseconds cpu{0};   ///< that the client used
  std::chrono::nanoseconds wall{0};  ///< meanwhile
};

/// When the request was over: the arrival of its last line, else when it failed.
WindowRun::Time EndOf(const StreamRecord& record);

/// The figures of a run that has a begin and an end.
WindowReport Summarize(const WindowRun& run, const WindowPlan& plan);

}  // namespace ollama_bench
