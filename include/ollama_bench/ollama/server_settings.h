#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ollama_bench {

/// The variables of an `ollama serve` on this machine that change results (OLLAMA_NUM_PARALLEL,
/// CUDA_VISIBLE_DEVICES and the like), as its own environment has them. It is the process whose
/// OLLAMA_HOST means `port`. Empty where there is none, or another user's, which nobody else may
/// read. Linux; elsewhere always empty.
std::map<std::string, std::string> ReadServerSettings(int port,
                                                      const std::filesystem::path& proc = "/proc");

/// The value of an environment variable of the process `pid`, empty text where it is not set.
/// Empty where that environment is not readable.
std::optional<std::string> ReadVariableOf(int pid, std::string_view name,
                                          const std::filesystem::path& proc = "/proc");

}  // namespace ollama_bench
