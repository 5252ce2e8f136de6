#include "ollama_bench/machine/free_memory.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "nvidia_smi.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;

std::optional<std::int64_t> AvailableRam() {
  std::ifstream in("/proc/meminfo");
  std::string key;
  std::int64_t kibibytes = 0;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    if (words >> key >> kibibytes && key == "MemAvailable:") return kibibytes * kKiB;
  }
  return std::nullopt;
}

std::optional<std::int64_t> ReadNumber(const fs::path& file) {
  std::ifstream in(file);
  std::int64_t value = 0;
  if (in >> value) return value;
  return std::nullopt;
}

void Add(std::optional<std::int64_t>& sum, std::int64_t bytes) {
  sum = sum.value_or(0) + bytes;
}

void AddAmd(std::optional<std::int64_t>& sum) {
  std::error_code error;
  for (const auto& card : fs::directory_iterator("/sys/class/drm", error)) {
    if (card.path().filename().string().find('-') != std::string::npos) continue;
    const auto total = ReadNumber(card.path() / "device" / "mem_info_vram_total");
    const auto used = ReadNumber(card.path() / "device" / "mem_info_vram_used");
    if (total && used) Add(sum, *total - *used);
  }
}

void AddNvidia(std::optional<std::int64_t>& sum, ProcessRunner& runner, const StopRequest& stop) {
  for (const auto& card : AskNvidiaSmi({"memory.free"}, runner, stop)) {
    std::int64_t mebibytes = 0;
    if (std::istringstream(card.front()) >> mebibytes) Add(sum, mebibytes * kMiB);
  }
}

}  // namespace

FreeMemory MeasureFreeMemory(ProcessRunner& runner, const StopRequest& stop) {
  FreeMemory memory;
  memory.ram = AvailableRam();
  AddAmd(memory.gpu);
  AddNvidia(memory.gpu, runner, stop);
  return memory;
}

}  // namespace ollama_bench
