#pragma once

#include <string>
#include <vector>

#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/process/process_runner.h"

namespace ollama_bench {

/// What nvidia-smi says of each card: the values of `fields` (names of --query-gpu) in their order,
/// in its own words, without units where it has a switch for them. No cards where there is no such
/// tool, where it fails, and where it does not know one of the fields.
std::vector<std::vector<std::string>> AskNvidiaSmi(const std::vector<std::string>& fields,
                                                   ProcessRunner& runner, const StopRequest& stop);

}  // namespace ollama_bench
