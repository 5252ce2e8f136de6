#include "ollama_bench/machine/machine.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "available_ram.h"
#include "nvidia_smi.h"
#include "ollama_bench/core/text.h"
#include "system_file.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

// The value of the first line "key : value" of a /proc file.
std::string ProcValue(const fs::path& file, std::string_view key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key)) continue;
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const auto begin = line.find_first_not_of(" \t", colon + 1);
    if (begin != std::string::npos) return Printable(line.substr(begin), false);
  }
  return {};
}

std::string OsName() {
  std::ifstream in("/etc/os-release");
  constexpr std::string_view kKey = "PRETTY_NAME=\"";
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(kKey) && line.ends_with('"')) {
      return Printable(line.substr(kKey.size(), line.size() - kKey.size() - 1), false);
    }
  }
  utsname names{};
  return uname(&names) == 0 ? Printable(std::string(names.sysname) + ' ' + names.release, false)
                            : std::string();
}

// "card0", not its connectors ("card0-DP-1") and not its second name ("renderD128").
bool IsCard(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with("card") && name.find('-') == std::string::npos;
}

// The drivers list their cards here; no tool needs to be started.
std::vector<std::string> Gpus() {
  std::vector<std::string> gpus;
  std::error_code error;
  for (const auto& card : fs::directory_iterator("/proc/driver/nvidia/gpus", error)) {
    const std::string name = ProcValue(card.path() / "information", "Model");
    if (!name.empty()) gpus.push_back(name);
  }
  for (const auto& card : fs::directory_iterator("/sys/class/drm", error)) {
    if (!IsCard(card.path())) continue;
    const std::string name = FirstLine(card.path() / "device" / "product_name");
    if (!name.empty()) gpus.push_back(name);
  }
  std::sort(gpus.begin(), gpus.end());
  return gpus;
}

}  // namespace

Environment DescribeMachine() {
  Environment environment;
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) == 0) {
    environment.host = Printable(host.data(), false);
  }
  environment.os = OsName();
  environment.cpu = ProcValue("/proc/cpuinfo", "model name");
  environment.gpus = Gpus();
  return environment;
}

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMiB = 1024 * 1024;

void Add(std::optional<std::int64_t>& sum, std::int64_t bytes) {
  sum = sum.value_or(0) + bytes;
}

void AddAmd(std::optional<std::int64_t>& sum) {
  std::error_code error;
  for (const auto& card : fs::directory_iterator("/sys/class/drm", error)) {
    if (!IsCard(card.path())) continue;
    const auto total = NumberIn(card.path() / "device" / "mem_info_vram_total");
    const auto used = NumberIn(card.path() / "device" / "mem_info_vram_used");
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
