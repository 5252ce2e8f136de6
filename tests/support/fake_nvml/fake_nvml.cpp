// Two GPUs that do not exist, by the functions of NVIDIA's library that ollama-bench calls. The
// file that FAKE_NVML names is read at each call; its lines, one fact each:
//   fail FUNCTION [GPU]          the function fails, for all GPUs or for one
//   slowed GPU REASONS           why its clock is low, as a number
//   energy GPU MILLIJOULES       its counter; without it the counter follows power and time
//   process GPU PID PERCENT      a process that computes on it, in every sample
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace {

constexpr int kSuccess = 0;
constexpr int kNotFound = 6;
constexpr int kTooSmall = 7;
constexpr int kUnknown = 999;
constexpr unsigned kGpus = 2;

using Words = std::vector<std::string>;

std::vector<Words> Facts() {
  std::vector<Words> facts;
  const char* const path = std::getenv("FAKE_NVML");
  if (path == nullptr) return facts;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::istringstream text(line);
    Words& words = facts.emplace_back();
    for (std::string word; text >> word;) words.push_back(word);
  }
  return facts;
}

// Devices are numbers from 1.
std::uintptr_t NumberOf(const void* device) {
  return reinterpret_cast<std::uintptr_t>(device) - 1;
}

bool Fails(const char* function, std::optional<std::uintptr_t> gpu = std::nullopt) {
  for (const Words& words : Facts()) {
    if (words.size() < 2 || words[0] != "fail" || words[1] != function) continue;
    if (words.size() == 2 || !gpu || words[2] == std::to_string(*gpu)) return true;
  }
  return false;
}

std::optional<unsigned long long> Fact(const char* key, std::uintptr_t gpu) {
  for (const Words& words : Facts()) {
    if (words.size() == 3 && words[0] == key && words[1] == std::to_string(gpu)) {
      return std::stoull(words[2], nullptr, 0);
    }
  }
  return std::nullopt;
}

unsigned PowerOf(std::uintptr_t gpu) {
  return gpu == 0 ? 200'000 : 50'000;
}

template <class Value>
int Give(const char* function, const void* device, Value* to, Value value) {
  if (Fails(function, NumberOf(device))) return kUnknown;
  *to = value;
  return kSuccess;
}

unsigned long long MicrosecondsNow() {
  return static_cast<unsigned long long>(std::chrono::duration_cast<std::chrono::microseconds>(
                                             std::chrono::steady_clock::now().time_since_epoch())
                                             .count());
}

}  // namespace

extern "C" {

struct FakeUtilization {
  unsigned gpu, memory;
};
struct FakeMemory {
  unsigned long long total, free, used;
};
struct FakeProcess {
  unsigned pid;
  unsigned long long time;
  unsigned cores, memory, encoder, decoder;
};

int nvmlInit_v2() {
  return Fails("nvmlInit_v2") ? 18 : kSuccess;
}

int nvmlShutdown() {
  return kSuccess;
}

int nvmlDeviceGetCount_v2(unsigned* count) {
  if (Fails("nvmlDeviceGetCount_v2")) return kUnknown;
  *count = kGpus;
  return kSuccess;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  if (Fails("nvmlDeviceGetHandleByIndex_v2", index)) return kUnknown;
  *device = reinterpret_cast<void*>(static_cast<std::uintptr_t>(index) + 1);
  return kSuccess;
}

int nvmlDeviceGetName(void* device, char* name, unsigned length) {
  if (Fails("nvmlDeviceGetName", NumberOf(device))) return kUnknown;
  std::snprintf(name, length, "Fake GPU %c", static_cast<char>('A' + NumberOf(device)));
  return kSuccess;
}

int nvmlDeviceGetUtilizationRates(void* device, FakeUtilization* use) {
  const unsigned percent = NumberOf(device) == 0 ? 90 : 30;
  return Give("nvmlDeviceGetUtilizationRates", device, use, {percent, percent / 2});
}

int nvmlDeviceGetMemoryInfo(void* device, FakeMemory* memory) {
  constexpr unsigned long long kTotal = 24'000'000'000;
  const unsigned long long used = (NumberOf(device) + 1) * 4'000'000'000;
  return Give("nvmlDeviceGetMemoryInfo", device, memory, {kTotal, kTotal - used, used});
}

int nvmlDeviceGetPowerUsage(void* device, unsigned* milliwatts) {
  return Give("nvmlDeviceGetPowerUsage", device, milliwatts, PowerOf(NumberOf(device)));
}

int nvmlDeviceGetClockInfo(void* device, unsigned type, unsigned* megahertz) {
  return Give("nvmlDeviceGetClockInfo", device, megahertz, type == 1 ? 1800U : 0U);
}

int nvmlDeviceGetTemperature(void* device, unsigned sensor, unsigned* celsius) {
  return Give("nvmlDeviceGetTemperature", device, celsius, sensor == 0 ? 65U : 0U);
}

// By its older name, which all drivers have.
int nvmlDeviceGetCurrentClocksThrottleReasons(void* device, unsigned long long* reasons) {
  return Give("nvmlDeviceGetCurrentClocksThrottleReasons", device, reasons,
              Fact("slowed", NumberOf(device)).value_or(4));  // its usual limit of power
}

int nvmlDeviceGetTotalEnergyConsumption(void* device, unsigned long long* millijoules) {
  const std::uintptr_t gpu = NumberOf(device);
  const unsigned long long counted = MicrosecondsNow() / 1000 * PowerOf(gpu) / 1000;
  return Give("nvmlDeviceGetTotalEnergyConsumption", device, millijoules,
              Fact("energy", gpu).value_or(counted));
}

int nvmlDeviceGetProcessUtilization(void* device, FakeProcess* uses, unsigned* count,
                                    unsigned long long seen) {
  const std::uintptr_t gpu = NumberOf(device);
  if (Fails("nvmlDeviceGetProcessUtilization", gpu)) return kUnknown;
  std::vector<FakeProcess> found;
  for (const Words& words : Facts()) {
    if (words.size() != 4 || words[0] != "process" || words[1] != std::to_string(gpu)) continue;
    const auto number = [&](std::size_t i) { return static_cast<unsigned>(std::stoul(words[i])); };
    // The driver gives old samples again to anyone who asks for them.
    found.push_back({number(2), seen, number(3), 0, 0, 0});
    found.push_back({number(2), MicrosecondsNow(), number(3), 0, 0, 0});
  }
  if (found.empty()) return kNotFound;
  const bool fits = found.size() <= *count;
  *count = static_cast<unsigned>(found.size());
  if (!fits) return kTooSmall;
  std::memcpy(uses, found.data(), found.size() * sizeof(FakeProcess));
  return kSuccess;
}

}  // extern "C"
