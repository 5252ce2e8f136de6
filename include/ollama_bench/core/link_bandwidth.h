#pragma once

#include <optional>
#include <string>

namespace ollama_bench {

/// What one test of nvbandwidth or nccl-tests found of a link, or of a GPU's memory.
struct LinkBandwidth {
  std::string name;  ///< "device_to_device_memcpy_read_ce", "all_reduce_perf"; printable
  /// 1e9 bytes per second; of the fastest pair of devices, or, for nccl-tests, the highest bus
  /// bandwidth of any message size. Empty for tests of the latency.
  std::optional<double> peak_bandwidth_gb_s;
  /// Of the fastest pair of devices in nvbandwidth's tests of the latency; for nccl-tests the time
  /// of the smallest message that is not empty. Empty for tests of the bandwidth.
  std::optional<double> latency_microseconds;
  std::optional<double> efficiency_percent;  ///< of the nominal rate, where that is known
  std::string source;                        ///< the file, or "nvbandwidth"
};

}  // namespace ollama_bench
