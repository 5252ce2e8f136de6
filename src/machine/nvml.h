#pragma once

#include <memory>
#include <string>

#include "gpu_source.h"

namespace ollama_bench {

/// NVIDIA's GPUs, as its driver's library reports them. A call that fails, or that the driver does
/// not have yet, leaves its own field empty.
struct NvmlOpening {
  std::unique_ptr<GpuSource> gpus;  ///< null where there is no library, or it refuses to work
  std::string problem;              ///< where it refuses: why, for a person
};

/// `library` is a name that the loader finds, or a path. May take seconds where the driver is not
/// kept in memory.
NvmlOpening OpenNvml(const std::string& library);

}  // namespace ollama_bench
