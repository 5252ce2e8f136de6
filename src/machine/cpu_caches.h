#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace ollama_bench {

/// The CPUs that this process may run on, in order; never empty.
std::vector<int> UsableCpus();

/// Bytes of all last-level caches that serve `cpus`, each counted once; 0 where the system reports
/// none. `folder` has the form of /sys/devices/system/cpu.
std::int64_t LastLevelCacheBytes(const std::vector<int>& cpus, const std::filesystem::path& folder);

}  // namespace ollama_bench
