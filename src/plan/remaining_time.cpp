#include "ollama_bench/plan/remaining_time.h"

#include <time.h>  // NOLINT(modernize-deprecated-headers): strptime is POSIX, not C++

#include <algorithm>
#include <ctime>
#include <map>
#include <string>
#include <utility>

#include "ollama_bench/core/median.h"

namespace ollama_bench {
namespace {

using std::chrono::nanoseconds;

bool BelongsToTheSweep(const Sample& sample) {
  return sample.role == SampleRole::kWarmUp || sample.role == SampleRole::kMeasure;
}

// Reads "2025-12-22T20:29:17.123456" to the second. An offset is left out, for a file's entries
// were all written in one place.
std::optional<std::chrono::sys_seconds> ParseTimestamp(const std::string& text) {
  std::tm fields{};
  const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &fields);
  if (end == nullptr) return std::nullopt;
  const std::chrono::year_month_day day{
      std::chrono::year(fields.tm_year + 1900),
      std::chrono::month(static_cast<unsigned>(fields.tm_mon + 1)),
      std::chrono::day(static_cast<unsigned>(fields.tm_mday))};
  if (!day.ok()) return std::nullopt;
  return std::chrono::sys_days(day) + std::chrono::hours(fields.tm_hour) +
         std::chrono::minutes(fields.tm_min) + std::chrono::seconds(fields.tm_sec);
}

}  // namespace

std::vector<nanoseconds> KnownCellTimes(std::span<const CellResult> results) {
  std::vector<nanoseconds> times = CellTimes(results);
  if (!times.empty()) return times;
  std::vector<std::chrono::sys_seconds> ends;
  for (const CellResult& result : results) {
    if (const auto end = ParseTimestamp(result.timestamp)) ends.push_back(*end);
  }
  std::sort(ends.begin(), ends.end());
  for (std::size_t i = 1; i < ends.size(); ++i) {
    if (ends[i] > ends[i - 1]) times.emplace_back(ends[i] - ends[i - 1]);
  }
  return times;
}

std::vector<nanoseconds> CellTimes(std::span<const CellResult> results) {
  std::vector<nanoseconds> times;
  for (const CellResult& result : results) {
    nanoseconds time{0};
    for (const Sample& sample : result.samples) {
      if (!BelongsToTheSweep(sample)) continue;
      time += sample.wall.value_or(nanoseconds(0)) + sample.create.value_or(nanoseconds(0));
    }
    if (time.count() > 0) times.push_back(time);
  }
  return times;
}

std::vector<nanoseconds> WindowTimes(std::span<const CellResult> results) {
  std::vector<nanoseconds> times;
  for (const CellResult& result : results) {
    nanoseconds before{0};
    for (const Sample& sample : result.samples) {
      before += sample.wall.value_or(nanoseconds(0)) + sample.create.value_or(nanoseconds(0));
      if (!sample.window) continue;
      if (sample.wall && !sample.window->is_cut) times.push_back(before);
      before = nanoseconds(0);
    }
  }
  return times;
}

std::vector<nanoseconds> SingleRunTimes(std::span<const CellResult> results) {
  struct Load {
    nanoseconds time{0};
    bool has_run = false;
  };
  std::map<std::int64_t, Load> loads;
  for (const CellResult& result : results) {
    for (const Sample& sample : result.samples) {
      if (!BelongsToTheSweep(sample) || !sample.wall) continue;
      Load& load = loads[sample.load_id];
      if (load.has_run) continue;
      load.time += *sample.wall + sample.create.value_or(nanoseconds(0));
      load.has_run = sample.role != SampleRole::kWarmUp;
    }
  }
  std::vector<nanoseconds> times;
  for (const auto& [id, load] : loads) {
    if (load.has_run) times.push_back(load.time);
  }
  return times;
}

std::optional<std::chrono::duration<double>> RemainingTime(std::span<const nanoseconds> cell_times,
                                                           std::size_t cells_left) {
  std::vector<double> seconds;
  seconds.reserve(cell_times.size());
  for (const nanoseconds time : cell_times) {
    seconds.push_back(std::chrono::duration<double>(time).count());
  }
  const auto median = Median(std::move(seconds));
  if (!median) return std::nullopt;
  return std::chrono::duration<double>(*median * static_cast<double>(cells_left));
}

}  // namespace ollama_bench
