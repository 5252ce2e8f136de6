#include "load_header.h"

#include <fmt/format.h>

#include <chrono>

#include "ollama_bench/core/text.h"
#include "ollama_bench/plan/remaining_time.h"
#include "ollama_bench/session/sweep_rules.h"
#include "run_report.h"

namespace ollama_bench {
namespace {

std::string DescribeWindows(const SweepConfig& config, const LoadNeed& need) {
  const TrafficOptions& traffic = config.traffic;
  const std::string size = traffic.duration ? fmt::format("{} s", traffic.duration->count())
                                            : fmt::format("{} requests or more", traffic.requests);
  const std::string each = fmt::format("{} of each level, {} each", WindowsOfLevel(config), size);
  if (traffic.searches_capacity) return each + ", doubling, then halving";
  return fmt::format("{}; {} to measure", each, need.windows);
}

std::string DescribeRequests(const LoadNeed& need) {
  if (!need.requests) return "as many as are answered in the windows";
  return fmt::format("about {} measured, and some before and behind each window", *need.requests);
}

std::string DescribeTime(const LoadHeader& header) {
  const LoadNeed& need = header.need;
  if (need.windows == 0) return "none, all is done";
  const auto times = WindowTimes(header.known);
  const auto one = RemainingTime(times, 1);
  const bool is_search = header.config.traffic.searches_capacity;
  if (one && !is_search) {
    return fmt::format("about {} ({} a window so far)",
                       FormatDuration(*RemainingTime(times, need.windows)), FormatDuration(*one));
  }
  if (one) return fmt::format("{} a window so far", FormatDuration(*one));
  if (header.config.traffic.duration && !is_search) {
    const auto least = *header.config.traffic.duration * static_cast<std::int64_t>(need.windows);
    return fmt::format("more than {}", FormatDuration(std::chrono::duration<double>(least)));
  }
  return "known after the first window";
}

}  // namespace

std::string LoadHeaderText(const LoadHeader& header) {
  const SweepConfig& config = header.config;
  std::string text = HeaderTitle(header.identity, header.server);
  const auto line = [&text](std::string_view label, const std::string& value) {
    text += fmt::format("  {:<12} {}\n", label, value);
  };
  for (const Axis& axis : config.space.axes) line(KeyOf(axis.parameter), DescribeAxis(axis));
  for (const Objective& objective : config.traffic.objectives) {
    line("objective", FormatObjective(objective));
  }
  line("windows", DescribeWindows(config, header.need));
  const bool is_known = header.need.windows > 0 && !config.traffic.searches_capacity;
  if (is_known) line("requests", DescribeRequests(header.need));
  if (config.space.Find(Parameter::kRequestRate) != nullptr) {
    line("arrival", std::string(KeyOf(config.traffic.arrival)));
  }
  line("prompt", header.prompt);
  if (config.space.Find(Parameter::kNumPredict) == nullptr) {
    line(KeyOf(Parameter::kNumPredict), std::to_string(config.num_predict));
  }
  line("time", DescribeTime(header));
  line("results", header.results.string());
  return text;
}

}  // namespace ollama_bench
