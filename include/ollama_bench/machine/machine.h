#pragma once

#include <cstdint>
#include <optional>

#include "ollama_bench/core/identity.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/process/process_runner.h"

namespace ollama_bench {

/// Describes the machine that this program runs on. What the system does not report stays empty.
Environment DescribeMachine();

/// What programs on this machine could still take, in bytes; empty where the system does not report
/// it.
struct FreeMemory {
  std::optional<std::int64_t> ram;
  std::optional<std::int64_t> gpu;  ///< of all GPUs together
};

/// Reads /proc and /sys, and asks nvidia-smi where there is one.
FreeMemory MeasureFreeMemory(ProcessRunner& runner, const StopRequest& stop);

}  // namespace ollama_bench
