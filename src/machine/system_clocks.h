#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace ollama_bench {

/// USER_HZ: the same on all of Linux but Alpha and Itanium.
inline constexpr double kTicksPerSecond = 100;

inline double SecondsOfTicks(std::int64_t ticks) {
  return static_cast<double>(ticks) / kTicksPerSecond;
}

/// Since the system's start; 0 where it does not say.
std::int64_t UptimeTicks(const std::filesystem::path& proc);

/// Ticks that CPUs were busy since the system's start, interrupts included.
struct CpuClocks {
  std::int64_t all = 0;            ///< of the whole machine
  std::vector<std::int64_t> each;  ///< of each CPU that is on
};

/// Empty where the system does not count.
std::optional<CpuClocks> ReadCpuClocks(const std::filesystem::path& proc);

/// Bytes.
struct MemoryState {
  std::optional<std::int64_t> available;
  std::optional<std::int64_t> page_cache;
};

MemoryState ReadMemoryState(const std::filesystem::path& proc);

}  // namespace ollama_bench
