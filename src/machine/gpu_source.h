#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/telemetry.h"

namespace ollama_bench {

/// What a process used of a GPU lately.
struct GpuProcess {
  int pid = 0;     ///< in the namespace of the driver, which need not be ours
  double use = 0;  ///< of its cores, 0 to 1
};

/// A GPU at one moment. Whatever the driver does not say is empty.
struct GpuState {
  GpuReading reading;                                ///< but for its energy
  std::optional<double> counted_j;                   ///< energy since some moment in the past
  std::optional<std::vector<GpuProcess>> processes;  ///< that computed since the last look
};

/// The GPUs of one driver. Not thread-safe.
class GpuSource {
 public:
  virtual ~GpuSource() = default;

  /// Of all GPUs, in the driver's order; empty where one does not say.
  [[nodiscard]] virtual const std::vector<std::string>& names() const = 0;
  /// All of them, in that order.
  virtual std::vector<GpuState> Read() = 0;
};

}  // namespace ollama_bench
