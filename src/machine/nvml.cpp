#include "nvml.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <utility>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

// The part of NVIDIA's management library that is used here. It promises that what exists stays.
using Device = void*;
constexpr int kSuccess = 0;
constexpr int kNotFound = 6;
constexpr int kTooSmall = 7;

struct Utilization {
  unsigned gpu;
  unsigned memory;
};
struct Memory {
  unsigned long long total;
  unsigned long long free;
  unsigned long long used;
};
struct ProcessUse {
  unsigned pid;
  unsigned long long time_us;
  unsigned cores;  // per cent
  unsigned memory;
  unsigned encoder;
  unsigned decoder;
};

constexpr unsigned kCoreClock = 1;
constexpr unsigned kCoreTemperature = 0;
// Reasons for a lower clock: heat or power supply, at half speed or less; heat; heat; power brake.
constexpr unsigned long long kSlowdowns = 0x08 | 0x20 | 0x40 | 0x80;

struct Closer {
  void operator()(void* library) const { dlclose(library); }
};

/// A function of the library; one that is missing fails.
template <class... Arguments>
class Call {
 public:
  Call(void* library, const char* name) { Find(library, name); }
  Call(void* library, const char* name, const char* older) {
    Find(library, name);
    if (function_ == nullptr) Find(library, older);
  }

  int operator()(Arguments... arguments) const {
    constexpr int kMissing = 13;
    return function_ == nullptr ? kMissing : function_(arguments...);
  }

 private:
  void Find(void* library, const char* name) {
    function_ = reinterpret_cast<int (*)(Arguments...)>(dlsym(library, name));
  }

  int (*function_)(Arguments...) = nullptr;
};

struct Library {
  explicit Library(void* opened) : handle(opened) {}

  std::unique_ptr<void, Closer> handle;
  void* raw = handle.get();
  Call<> init{raw, "nvmlInit_v2"};
  Call<> shutdown{raw, "nvmlShutdown"};
  Call<unsigned*> count{raw, "nvmlDeviceGetCount_v2"};
  Call<unsigned, Device*> device{raw, "nvmlDeviceGetHandleByIndex_v2"};
  Call<Device, char*, unsigned> name{raw, "nvmlDeviceGetName"};
  Call<Device, Utilization*> utilization{raw, "nvmlDeviceGetUtilizationRates"};
  Call<Device, Memory*> memory{raw, "nvmlDeviceGetMemoryInfo"};
  Call<Device, unsigned*> power{raw, "nvmlDeviceGetPowerUsage"};
  Call<Device, unsigned, unsigned*> clock{raw, "nvmlDeviceGetClockInfo"};
  Call<Device, unsigned, unsigned*> temperature{raw, "nvmlDeviceGetTemperature"};
  Call<Device, unsigned long long*> reasons{raw, "nvmlDeviceGetCurrentClocksEventReasons",
                                            "nvmlDeviceGetCurrentClocksThrottleReasons"};
  Call<Device, unsigned long long*> energy{raw, "nvmlDeviceGetTotalEnergyConsumption"};
  Call<Device, ProcessUse*, unsigned*, unsigned long long> processes{
      raw, "nvmlDeviceGetProcessUtilization"};
};

class NvmlGpus : public GpuSource {
 public:
  /// `library` is initialised, which the object undoes.
  explicit NvmlGpus(std::unique_ptr<Library> library) : library_(std::move(library)) {
    unsigned count = 0;
    counts_ = library_->count(&count) == kSuccess;
    if (!counts_) return;
    for (unsigned i = 0; i < count; ++i) {
      Card& card = cards_.emplace_back();
      card.is_open = library_->device(i, &card.device) == kSuccess;
      std::array<char, 96> name{};
      const bool has_name =
          card.is_open && library_->name(card.device, name.data(), name.size() - 1) == kSuccess;
      names_.push_back(has_name ? Printable(name.data(), false) : std::string());
    }
  }
  NvmlGpus(const NvmlGpus&) = delete;
  NvmlGpus& operator=(const NvmlGpus&) = delete;
  ~NvmlGpus() override { library_->shutdown(); }

  [[nodiscard]] const std::vector<std::string>& names() const override { return names_; }
  /// Whether the library knows how many there are.
  [[nodiscard]] bool counts() const { return counts_; }

  std::vector<GpuState> Read() override {
    std::vector<GpuState> states;
    for (std::size_t i = 0; i < cards_.size(); ++i) {
      GpuState& state = states.emplace_back();
      state.reading.index = static_cast<int>(i);
      if (cards_[i].is_open) ReadCard(cards_[i], state);
    }
    return states;
  }

 private:
  struct Card {
    Device device = nullptr;
    bool is_open = false;
    unsigned long long seen_us = 0;  ///< of what processes used
  };

  void ReadCard(Card& card, GpuState& state) const {
    GpuReading& reading = state.reading;
    const Library& nvml = *library_;
    Utilization use{};
    if (nvml.utilization(card.device, &use) == kSuccess) reading.use = use.gpu / 100.0;
    Memory memory{};
    if (nvml.memory(card.device, &memory) == kSuccess) {
      reading.memory_bytes = static_cast<std::int64_t>(memory.used);
    }
    unsigned value = 0;
    if (nvml.power(card.device, &value) == kSuccess) reading.power_w = value / 1e3;
    if (nvml.clock(card.device, kCoreClock, &value) == kSuccess) reading.clock_mhz = value;
    if (nvml.temperature(card.device, kCoreTemperature, &value) == kSuccess) {
      reading.temperature_c = value;
    }
    unsigned long long large = 0;
    if (nvml.reasons(card.device, &large) == kSuccess) {
      reading.is_slowed = (large & kSlowdowns) != 0;
    }
    if (nvml.energy(card.device, &large) == kSuccess) {
      state.counted_j = static_cast<double>(large) / 1e3;
    }
    state.processes = ReadProcesses(card);
  }

  // The driver keeps some samples of each process; those since the last look are new.
  std::optional<std::vector<GpuProcess>> ReadProcesses(Card& card) const {
    std::vector<ProcessUse> uses(64);
    for (int attempt = 0; attempt < 3; ++attempt) {
      auto count = static_cast<unsigned>(uses.size());
      const int result = library_->processes(card.device, uses.data(), &count, card.seen_us);
      if (result == kNotFound) return std::vector<GpuProcess>();
      if (result == kTooSmall && count > uses.size()) {
        uses.resize(count);
        continue;
      }
      if (result != kSuccess) return std::nullopt;
      uses.resize(std::min<std::size_t>(count, uses.size()));
      return MeansOf(uses, card);
    }
    return std::nullopt;
  }

  static std::vector<GpuProcess> MeansOf(const std::vector<ProcessUse>& uses, Card& card) {
    const unsigned long long before = card.seen_us;
    std::map<int, std::pair<double, int>> sums;
    for (const ProcessUse& use : uses) {
      if (use.time_us <= before) continue;
      card.seen_us = std::max(card.seen_us, use.time_us);
      auto& [sum, count] = sums[static_cast<int>(use.pid)];
      sum += use.cores / 100.0;
      ++count;
    }
    std::vector<GpuProcess> processes;
    for (const auto& [pid, sum] : sums) processes.push_back({pid, sum.first / sum.second});
    return processes;
  }

  std::unique_ptr<Library> library_;
  std::vector<Card> cards_;
  std::vector<std::string> names_;
  bool counts_ = false;
};

}  // namespace

NvmlOpening OpenNvml(const std::string& library) {
  void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return {};
  auto nvml = std::make_unique<Library>(handle);
  if (const int result = nvml->init(); result != kSuccess) {
    constexpr int kNoDriver = 9;
    constexpr int kOtherVersion = 18;
    const std::string why = result == kNoDriver ? "the driver is not running"
                            : result == kOtherVersion
                                ? "driver and library are of different versions; restart"
                                : fmt::format("error {}", result);
    return {nullptr, fmt::format("NVIDIA's library reports no GPU ({})", why)};
  }
  auto gpus = std::make_unique<NvmlGpus>(std::move(nvml));
  if (!gpus->counts()) return {nullptr, "NVIDIA's library does not count its GPUs"};
  return {std::move(gpus), {}};
}

}  // namespace ollama_bench
