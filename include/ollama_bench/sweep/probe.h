#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "ollama_bench/core/sample.h"
#include "ollama_bench/core/telemetry.h"

namespace ollama_bench {

/// What the machine did during a run.
struct ProbeReport {
  std::optional<Disturbance> disturbed;         ///< empty where nothing did, or it is not known
  std::chrono::steady_clock::time_point began;  ///< from which the readings count
  TelemetryRecord telemetry;                    ///< without readings where none were taken
};

/// Watches the machine of the server while a sample runs. Not thread-safe.
class Probe {
 public:
  virtual ~Probe() = default;

  /// What it cannot see on this machine, one line for a person; empty where it sees all.
  [[nodiscard]] virtual std::string Gap() const = 0;
  /// Right before a run.
  virtual void Begin() = 0;
  /// Right after the run.
  virtual ProbeReport End() = 0;
  /// In place of End, after a run that failed.
  virtual void Cancel() = 0;
  /// Bytes read from all disks since the system's start; empty where it is not known.
  virtual std::optional<std::int64_t> DiskBytesRead() = 0;
};

}  // namespace ollama_bench
