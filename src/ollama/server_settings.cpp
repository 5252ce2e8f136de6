#include "ollama_bench/ollama/server_settings.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "ollama_bench/core/text.h"
#include "ollama_bench/ollama/server_address.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 15> kVariables = {
    "OLLAMA_FLASH_ATTENTION", "OLLAMA_KV_CACHE_TYPE",     "OLLAMA_NUM_PARALLEL",
    "OLLAMA_CONTEXT_LENGTH",  "OLLAMA_SCHED_SPREAD",      "OLLAMA_GPU_OVERHEAD",
    "OLLAMA_MAX_QUEUE",       "OLLAMA_MAX_LOADED_MODELS", "OLLAMA_KEEP_ALIVE",
    "OLLAMA_LOAD_TIMEOUT",    "OLLAMA_NEW_ENGINE",        "OLLAMA_LLM_LIBRARY",
    "CUDA_VISIBLE_DEVICES",   "HIP_VISIBLE_DEVICES",      "ROCR_VISIBLE_DEVICES"};
constexpr std::size_t kLargestFile = std::size_t{256} * 1024;

// The parts of a /proc file whose parts end with NUL.
std::vector<std::string> Parts(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::vector<std::string> parts;
  std::size_t size = 0;
  for (std::string part; std::getline(in, part, '\0') && size < kLargestFile;) {
    size += part.size();
    parts.push_back(std::move(part));
  }
  return parts;
}

bool IsServer(const fs::path& process) {
  const std::vector<std::string> argv = Parts(process / "cmdline");
  return argv.size() >= 2 && fs::path(argv[0]).filename() == "ollama" && argv[1] == "serve";
}

std::string ValueOf(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string& entry : environment) {
    if (entry.starts_with(name) && entry.size() > name.size() && entry[name.size()] == '=') {
      return entry.substr(name.size() + 1);
    }
  }
  return {};
}

}  // namespace

std::map<std::string, std::string> ReadServerSettings(int port, const fs::path& proc) {
  std::map<std::string, std::string> settings;
  std::error_code error;
  for (const auto& process : fs::directory_iterator(proc, error)) {
    const std::string name = process.path().filename().string();
    if (!std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; }) ||
        !IsServer(process.path())) {
      continue;
    }
    const std::vector<std::string> environment = Parts(process.path() / "environ");
    const auto address = ParseServerAddress(ValueOf(environment, "OLLAMA_HOST"));
    if (environment.empty() || !address || address->port != port) continue;
    for (const std::string_view variable : kVariables) {
      const std::string value = ValueOf(environment, variable);
      if (!value.empty()) settings[std::string(variable)] = Printable(value, false);
    }
    break;
  }
  return settings;
}

std::optional<std::string> ReadVariableOf(int pid, std::string_view name, const fs::path& proc) {
  const std::vector<std::string> environment = Parts(proc / std::to_string(pid) / "environ");
  if (environment.empty()) return std::nullopt;
  return ValueOf(environment, name);
}

}  // namespace ollama_bench
