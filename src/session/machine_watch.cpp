#include "ollama_bench/session/machine_watch.h"

#include <fmt/format.h>

#include "ollama_bench/core/go_duration.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/machine/conditions.h"
#include "ollama_bench/machine/load_probe.h"

namespace ollama_bench {
namespace {

void AddLines(const std::vector<MachineCondition>& conditions, std::vector<std::string>& lines) {
  for (const MachineCondition& condition : conditions) {
    lines.push_back(fmt::format("{}; {}", condition.text, condition.remedy));
  }
}

}  // namespace

std::vector<std::string> MachineWatch::Begin(const StopRequest& stop) {
  std::vector<std::string> lines;
  AddLines(FindConditions(), lines);
  AddLines(FindGpuThrottling(runner_, stop), lines);
  slowdown_before_ = ReadGpuSlowdownTimes(runner_, stop);
  return lines;
}

std::vector<std::string> MachineWatch::End() {
  std::vector<std::string> lines;
  if (slowdown_before_.empty()) return lines;
  const StopRequest not_stopped;
  AddLines(GpuThrottlingBetween(slowdown_before_, ReadGpuSlowdownTimes(runner_, not_stopped)),
           lines);
  return lines;
}

namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::milliseconds kLook{2000};
constexpr int kQuietLooks = 3;
constexpr std::chrono::minutes kReminder{1};

}  // namespace

std::optional<nanoseconds> ParseQuietLimit(const std::string& text) {
  if (text.empty()) return nanoseconds(0);
  const auto limit = ParseGoDuration(text);
  if (!limit || limit->count() <= 0) return std::nullopt;
  return limit;
}

std::string CheckQuietLimit(const std::string& text) {
  if (ParseQuietLimit(text)) return {};
  return fmt::format("{}: a limit is a time such as 90s or 1h30m", text);
}

void WaitUntilQuiet(IdleLoad& load, nanoseconds limit, Clock& clock, const StopRequest& stop,
                    Observer& observer) {
  const auto began = clock.Now();
  std::optional<std::chrono::steady_clock::time_point> noticed;
  int quiet_looks = 0;
  load.OthersCpus();
  while (!stop.Requested()) {
    clock.Sleep(kLook, stop);
    const auto others = load.OthersCpus();
    if (!others) {
      return observer.OnNotice(NoticeLevel::kWarning,
                               "--wait-quiet: this system does not count the CPU time of programs; "
                               "not waiting");
    }
    quiet_looks = *others < MuchCpuUse(load.cpus()) ? quiet_looks + 1 : 0;
    const auto now = clock.Now();
    if (quiet_looks >= kQuietLooks) {
      if (noticed) {
        observer.OnNotice(NoticeLevel::kInfo, fmt::format("the machine is quiet after {}",
                                                          FormatDuration(now - began)));
      }
      return;
    }
    if (limit.count() > 0 && now - began >= limit) {
      return observer.OnNotice(
          NoticeLevel::kWarning,
          fmt::format("the machine was not quiet within {}: other programs use {:.1f} of {} CPUs",
                      FormatDuration(limit), *others, load.cpus()));
    }
    if (quiet_looks > 0 || (noticed && now - *noticed < kReminder)) continue;
    noticed = now;
    observer.OnNotice(
        NoticeLevel::kInfo,
        fmt::format("waiting{} until other programs leave the CPUs alone: they use {:.1f} of {}",
                    limit.count() > 0 ? " at most " + FormatDuration(limit) : "", *others,
                    load.cpus()));
  }
}

}  // namespace ollama_bench
