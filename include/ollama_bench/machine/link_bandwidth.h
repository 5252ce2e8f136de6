#pragma once

#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/link_bandwidth.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/process/process_runner.h"

namespace ollama_bench {

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
