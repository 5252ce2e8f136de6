#pragma once

#include "ollama_bench/core/clock.h"

namespace ollama_bench {

/// The machine's clocks.
class SystemClock : public Clock {
 public:
  std::chrono::steady_clock::time_point Now() override;
  std::chrono::system_clock::time_point WallTime() override;
  void Sleep(std::chrono::milliseconds duration, const StopRequest& stop) override;
};

}  // namespace ollama_bench
