#include "ollama_bench/machine/memory_bandwidth.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "available_ram.h"
#include "cpu_caches.h"
#include "system_file.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kMiB = 1024 * 1024;
constexpr int kArrays = 3;
constexpr double kBytesPerElement = kArrays * sizeof(double);
constexpr std::chrono::seconds kLongest{2};  // of all repetitions
constexpr std::chrono::seconds kUsual{1};    // where their number is not given
constexpr int kFewest = 10;

// What the control groups of this process, from its own to the topmost, let it take.
std::optional<std::int64_t> MemoryLimit() {
  std::string group = FirstLine("/proc/self/cgroup");
  if (!group.starts_with("0::/")) return std::nullopt;
  std::optional<std::int64_t> limit;
  for (fs::path path = group.substr(4);; path = path.parent_path()) {
    std::ifstream in(fs::path("/sys/fs/cgroup") / path / "memory.max");
    if (std::int64_t bytes = 0; in >> bytes) limit = std::min(limit.value_or(bytes), bytes);
    if (path.empty()) return limit;
  }
}

std::size_t ArrayBytes(const std::vector<int>& cpus, int threads) {
  const std::int64_t caches = LastLevelCacheBytes(cpus, "/sys/devices/system/cpu");
  const std::int64_t wanted =
      std::clamp(4 * caches, 64 * kMiB, std::max<std::int64_t>(1, threads) * 128 * kMiB);
  std::int64_t memory = AvailableRam().value_or(INT64_MAX);
  memory = std::min(memory, MemoryLimit().value_or(INT64_MAX));
  return static_cast<std::size_t>(std::min(wanted, memory / 4 / kArrays));
}

// Memory that nobody has touched yet: the first write decides which node it is on.
std::unique_ptr<double[]> Untouched(std::size_t elements) {
  return std::make_unique_for_overwrite<double[]>(elements);
}

void BindTo(int cpu) {
  const std::size_t size = CPU_ALLOC_SIZE(cpu + 1);
  cpu_set_t* const set = CPU_ALLOC(cpu + 1);
  if (set == nullptr) return;
  CPU_ZERO_S(size, set);
  CPU_SET_S(static_cast<std::size_t>(cpu), size, set);
  sched_setaffinity(0, size, set);  // of the calling thread; without it the figure may be lower
  CPU_FREE(set);
}

struct Part {
  double* a;
  double* b;
  double* c;
  std::size_t elements;
};

void Touch(const Part& part) {
  std::fill_n(part.a, part.elements, 0.0);
  std::fill_n(part.b, part.elements, 1.0);
  std::fill_n(part.c, part.elements, 2.0);
}

void Triad(const Part& part, double scalar) {
  double* const __restrict a = part.a;
  const double* const __restrict b = part.b;
  const double* const __restrict c = part.c;
  for (std::size_t i = 0; i < part.elements; ++i) a[i] = b[i] + scalar * c[i];
}

// When each repetition ended, for all threads at once.
class Pace {
 public:
  Pace(int repetitions, const StopRequest& stop)
      : fewest_(static_cast<std::size_t>(repetitions > 0 ? std::max(2, repetitions) : kFewest)),
        least_(repetitions > 0 ? std::chrono::seconds(0) : kUsual),
        stop_(stop) {}

  // One thread calls it when all have come, and before any goes on.
  void Note() noexcept {
    const auto now = Clock::now();
    if (ends_ == 0) {
      first_ = now;
    } else if (ends_ > 1) {
      const std::chrono::duration<double> took = now - last_;
      fastest_ = std::min(fastest_.value_or(took), took);
    }
    last_ = now;
    const bool is_enough = ends_ >= fewest_ && now - first_ >= least_;
    const bool is_late = ends_ > 1 && now - first_ > kLongest;
    is_over_ = is_enough || is_late || was_abandoned_ || stop_.Requested();
    ++ends_;
  }
  // There is to be no repetition. Only while a thread has not come yet.
  void Abandon() { was_abandoned_ = true; }

  [[nodiscard]] bool is_over() const { return is_over_; }
  // Empty where none but the first, which warms up, came to its end.
  [[nodiscard]] std::optional<std::chrono::duration<double>> fastest() const { return fastest_; }

 private:
  std::size_t fewest_;
  std::chrono::seconds least_;
  const StopRequest& stop_;
  std::size_t ends_ = 0;  // the first: of the touching
  Clock::time_point first_;
  Clock::time_point last_;
  std::optional<std::chrono::duration<double>> fastest_;
  std::atomic<bool> was_abandoned_{false};
  bool is_over_ = false;
};

// The error of the first thread that could not be started, else empty.
std::string RunOnThreads(const Part& whole, int threads, const std::vector<int>& cpus, Pace& pace) {
  const auto count = static_cast<std::size_t>(threads);
  std::barrier barrier(threads, [&pace]() noexcept { pace.Note(); });
  const auto work = [&](std::size_t index) {
    if (count <= cpus.size()) BindTo(cpus[index]);
    const std::size_t begin = whole.elements / count * index;
    const std::size_t end =
        index + 1 == count ? whole.elements : whole.elements / count * (index + 1);
    const Part part{whole.a + begin, whole.b + begin, whole.c + begin, end - begin};
    Touch(part);
    for (double scalar = 3;; scalar += 1) {
      barrier.arrive_and_wait();
      if (pace.is_over()) return;
      Triad(part, scalar);
    }
  };
  std::vector<std::jthread> running;
  try {
    for (std::size_t index = 0; index < count; ++index) running.emplace_back(work, index);
  } catch (const std::system_error& error) {
    pace.Abandon();
    for (std::size_t missing = running.size(); missing < count; ++missing) {
      barrier.arrive_and_drop();
    }
    return error.what();
  }
  return {};
}

}  // namespace

Expected<MemoryBandwidth, std::string> MeasureMemoryBandwidth(const MemoryBandwidthOptions& options,
                                                              const StopRequest& stop) {
  using Error = Unexpected<std::string>;
  const std::vector<int> cpus = UsableCpus();
  MemoryBandwidth result;
  result.threads = options.threads > 0 ? options.threads : static_cast<int>(cpus.size());
  const std::size_t wanted =
      options.array_bytes > 0 ? options.array_bytes : ArrayBytes(cpus, result.threads);
  const std::size_t elements = wanted / sizeof(double);
  result.array_bytes = elements * sizeof(double);
  if (elements < static_cast<std::size_t>(result.threads)) {
    return Error(fmt::format("there is not enough memory for {} threads", result.threads));
  }
  if (stop.Requested()) return Error("stopped");
  Pace pace(options.repetitions, stop);
  try {
    const auto a = Untouched(elements);
    const auto b = Untouched(elements);
    const auto c = Untouched(elements);
    const std::string why =
        RunOnThreads({a.get(), b.get(), c.get(), elements}, result.threads, cpus, pace);
    if (!why.empty()) return Error(fmt::format("cannot start {} threads: {}", result.threads, why));
  } catch (const std::bad_alloc&) {
    return Error(fmt::format("no memory for three arrays of {} bytes", result.array_bytes));
  }
  if (stop.Requested()) return Error("stopped");
  const auto fastest = pace.fastest();
  if (!fastest || fastest->count() <= 0) return Error("the clock shows no time for a repetition");
  result.gigabytes_per_second =
      kBytesPerElement * static_cast<double>(elements) / fastest->count() / 1e9;
  return result;
}

}  // namespace ollama_bench
