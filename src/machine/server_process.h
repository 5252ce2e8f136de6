#pragma once

#include <filesystem>
#include <string>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/machine/process_times.h"

namespace ollama_bench {

/// The Ollama server of this machine that listens on `port`. It is known by its socket; where
/// another user's may not be looked at, by its name, its owner and its network. The error says why
/// it cannot be seen, as in a container of its own. Linux.
Expected<ProcessId, std::string> FindServerProcess(int port,
                                                   const std::filesystem::path& proc = "/proc");

}  // namespace ollama_bench
