#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "ollama_bench/core/stop_request.h"

namespace ollama_bench {

/// Time, so that tests neither wait nor depend on the day. Not thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  /// Monotonic; for durations.
  virtual std::chrono::steady_clock::time_point Now() = 0;
  /// Wall time; for timestamps only, it may jump.
  virtual std::chrono::system_clock::time_point WallTime() = 0;
  /// Waits for `duration`, or until `stop` is requested.
  virtual void Sleep(std::chrono::milliseconds duration, const StopRequest& stop) = 0;
};

/// "2026-11-21T07:00:05+00:00", always UTC.
std::string FormatTimestamp(std::chrono::system_clock::time_point time);

/// The same of seconds since 1970; empty where it is no time from then to the year 9999.
std::string TimestampOfUnixTime(double seconds);

/// A time as FormatTimestamp writes it, for a person: where this machine is, with the offset
/// ("2026-11-27T18:33:28+01:00"). Any other text stays as it is.
std::string LocalTime(const std::string& timestamp);

/// "2026-11-21T07:00:04+00:00" (fraction of a second and "Z" allowed) as seconds since 1970; empty
/// where `text` is no such time.
std::optional<double> SecondsSince1970(std::string_view text);

/// The machine's clocks.
class SystemClock : public Clock {
 public:
  std::chrono::steady_clock::time_point Now() override;
  std::chrono::system_clock::time_point WallTime() override;
  void Sleep(std::chrono::milliseconds duration, const StopRequest& stop) override;
};

}  // namespace ollama_bench
