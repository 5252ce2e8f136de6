#include "cpu_caches.h"

#include <fmt/format.h>
#include <sched.h>

#include <map>
#include <memory>
#include <sstream>
#include <string>

#include "system_file.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kKiB = 1024;

struct Cache {
  int level = 0;
  std::int64_t bytes = 0;
  std::string shared_by;  // a list of CPUs, as the system writes it
};

// "32768K", "1M".
std::int64_t BytesOf(const std::string& size) {
  std::istringstream in(size);
  std::int64_t number = 0;
  char unit = ' ';
  if (!(in >> number) || number < 0 || number > kKiB * kKiB * kKiB) return 0;
  in >> unit;
  return unit == 'K' ? number * kKiB : unit == 'M' ? number * kKiB * kKiB : number;
}

Cache LastLevel(const fs::path& caches) {
  Cache last;
  std::error_code error;
  for (const auto& index : fs::directory_iterator(caches, error)) {
    const std::string type = FirstLine(index.path() / "type");
    if (type != "Unified" && type != "Data") continue;
    Cache cache;
    std::istringstream(FirstLine(index.path() / "level")) >> cache.level;
    if (cache.level <= last.level) continue;
    cache.bytes = BytesOf(FirstLine(index.path() / "size"));
    cache.shared_by = FirstLine(index.path() / "shared_cpu_list");
    if (cache.bytes > 0) last = std::move(cache);
  }
  return last;
}

}  // namespace

std::vector<int> UsableCpus() {
  constexpr int kMost = 1 << 16;
  const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> set(
      CPU_ALLOC(kMost), [](cpu_set_t* allocated) { CPU_FREE(allocated); });
  const std::size_t size = CPU_ALLOC_SIZE(kMost);
  std::vector<int> cpus;
  if (set && sched_getaffinity(0, size, set.get()) == 0) {
    for (int cpu = 0; cpu < kMost; ++cpu) {
      if (CPU_ISSET_S(static_cast<std::size_t>(cpu), size, set.get())) cpus.push_back(cpu);
    }
  }
  if (cpus.empty()) cpus.push_back(0);
  return cpus;
}

std::int64_t LastLevelCacheBytes(const std::vector<int>& cpus, const fs::path& folder) {
  std::map<std::string, std::int64_t> caches;
  for (const int cpu : cpus) {
    Cache cache = LastLevel(folder / fmt::format("cpu{}", cpu) / "cache");
    if (cache.shared_by.empty()) cache.shared_by = fmt::format("{}", cpu);
    caches[cache.shared_by] = cache.bytes;
  }
  std::int64_t sum = 0;
  for (const auto& [shared_by, bytes] : caches) sum += bytes;
  return sum;
}

}  // namespace ollama_bench
