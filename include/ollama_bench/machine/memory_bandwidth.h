#pragma once

#include <cstddef>
#include <string>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/stop_request.h"

namespace ollama_bench {

struct MemoryBandwidthOptions {
  /// 0: one for each CPU that this process may use. One that is not more than those is bound to a
  /// CPU each, so that on NUMA machines the memory it touches stays near it.
  int threads = 0;
  /// 2 at least, for the first is warm-up, and fewer where they take over 2 s. 0: ten, and more of
  /// them until a second is over, as the fastest is to find a moment without other programs.
  int repetitions = 0;
  std::size_t array_bytes = 0;  ///< of each of the three arrays; 0: from the caches and the memory
};

/// What the memory moves for the CPUs of this process.
struct MemoryBandwidth {
  double gigabytes_per_second = 0;  ///< 1e9 bytes; of the fastest repetition
  int threads = 0;
  std::size_t array_bytes = 0;  ///< of each of the three arrays
};

/// The STREAM triad a = b + s·c (McCalpin 1995) on doubles, by all threads at once; 24 bytes count
/// for an element, so what a write fetches before it is not counted. The arrays are four times as
/// large as the last-level caches, 64 to 128 MiB a thread, and together a quarter of the available
/// memory at most. Takes less than 3 s unless the machine is far slower than usual; a stop request
/// ends it after the repetition under way.
///
/// Error: in words, why there is no figure; "stopped" on a stop request.
Expected<MemoryBandwidth, std::string> MeasureMemoryBandwidth(const MemoryBandwidthOptions& options,
                                                              const StopRequest& stop);

}  // namespace ollama_bench
