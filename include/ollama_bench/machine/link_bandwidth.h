#pragma once

#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/process/process_runner.h"

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

/// The nominal rate in 1e9 bytes per second of what the named test measures; empty where it is not
/// known.
using NominalRate = std::function<std::optional<double>(const std::string& test)>;

/// Reads what `nvbandwidth -j` prints (v0.5 to v0.8), or what nccl-tests write with `-J FILE`
/// (since v2.14; their file versions 1 and 2). Tests that did not pass are left out; one at least
/// did. `name` is the file's.
///
/// Error: "NAME:LINE: what is wrong", for damaged, truncated and other files alike.
Expected<std::vector<LinkBandwidth>, std::string> ReadLinkBandwidth(
    std::istream& in, const std::string& name, const NominalRate& nominal = nullptr);

/// Runs `nvbandwidth -j` with all its tests, which takes minutes on a machine with many GPUs.
/// Error: in words, why there is no result; "stopped" on a stop request.
Expected<std::vector<LinkBandwidth>, std::string> RunNvbandwidth(
    ProcessRunner& runner, const StopRequest& stop, const NominalRate& nominal = nullptr);

}  // namespace ollama_bench
