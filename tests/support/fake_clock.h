#pragma once

#include <functional>

#include "ollama_bench/core/clock.h"

namespace ollama_bench {

/// A clock that moves only when it is told to, or slept on.
class FakeClock : public Clock {
 public:
  std::chrono::steady_clock::time_point Now() override { return now; }
  std::chrono::system_clock::time_point WallTime() override { return wall; }
  void Sleep(std::chrono::milliseconds duration, const StopRequest& stop) override {
    ++sleeps;
    if (on_sleep) on_sleep();
    if (!stop.Requested()) Advance(duration);
  }

  void Advance(std::chrono::nanoseconds duration) {
    now += duration;
    wall += std::chrono::duration_cast<std::chrono::system_clock::duration>(duration);
  }

  int sleeps = 0;
  std::function<void()> on_sleep;  ///< what happens in the world while somebody sleeps

  std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
  /// 2026-11-21T07:00:00+00:00
  std::chrono::system_clock::time_point wall{std::chrono::seconds(1'795'244'400)};
};

}  // namespace ollama_bench
