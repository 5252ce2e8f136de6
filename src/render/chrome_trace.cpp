#include "ollama_bench/render/chrome_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> kPartNames = {"load", "queue", "prefill", "decode"};
constexpr int kProcess = 1;

// In microseconds, to a nanosecond.
double Microseconds(double milliseconds) {
  return std::round(milliseconds * 1e6) / 1e3;
}

std::string Dump(const Json& event) {
  return event.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json Named(const char* what, int thread, const std::string& name) {
  return {
      {"name", what}, {"ph", "M"}, {"pid", kProcess}, {"tid", thread}, {"args", {{"name", name}}}};
}

Json Complete(std::string_view name, std::string_view category, double start_ms, double lasted_ms,
              int thread) {
  return {{"name", name},
          {"cat", category},
          {"ph", "X"},
          {"ts", Microseconds(start_ms)},
          {"dur", Microseconds(lasted_ms)},
          {"pid", kProcess},
          {"tid", thread}};
}

}  // namespace

void ChromeTrace::Add(const PromptRecord& record) {
  const PromptTiming& timing = record.timing;
  Span span;
  span.name = Printable(StartOf(record.item.id, 80), false);
  span.outcome = record.failure ? std::string(Describe(record.failure->kind).key) : record.end;
  span.started_s = record.started_unix_s;
  span.lasted_ms = timing.e2e_ms.value_or(record.lasted_ms);
  span.slot = record.slot;
  span.repeat = record.repeat;
  span.prompt_tokens = timing.prompt_tokens.value_or(0);
  span.generated_tokens = timing.generated_tokens.value_or(0);
  if (timing.ttft_ms && timing.e2e_ms) {
    const double first = std::clamp(*timing.ttft_ms, 0.0, *timing.e2e_ms);
    const double load = std::clamp(timing.load_ms.value_or(0), 0.0, first);
    const double prefill = std::clamp(timing.prefill_ms.value_or(0), 0.0, first - load);
    span.parts_ms = {load, first - load - prefill, prefill, *timing.e2e_ms - first};
  }
  spans_.push_back(std::move(span));
}

void ChromeTrace::Write(const std::function<void(std::string_view)>& out) const {
  double begin_s = 0;
  std::set<int> slots;
  for (const Span& span : spans_) {
    begin_s = slots.empty() ? span.started_s : std::min(begin_s, span.started_s);
    slots.insert(span.slot);
  }
  out("{\"traceEvents\":[\n");
  out(Dump(Named("process_name", 0, "ollama-bench prompts: " + Printable(model_, false))));
  for (const int slot : slots) {
    out(",\n" + Dump(Named("thread_name", slot + 1, fmt::format("request slot {}", slot + 1))));
  }
  std::vector<std::pair<double, int>> changes;  // of the number in flight
  for (const Span& span : spans_) {
    const double start_ms = 1000 * (span.started_s - begin_s);
    Json whole = Complete(span.name, "request", start_ms, span.lasted_ms, span.slot + 1);
    whole["args"] = {{"repeat", span.repeat},
                     {"end", span.outcome},
                     {"prompt_tokens", span.prompt_tokens},
                     {"generated_tokens", span.generated_tokens}};
    out(",\n" + Dump(whole));
    double part_ms = start_ms;
    for (std::size_t i = 0; i < kParts; ++i) {
      if (!(span.parts_ms.at(i) > 0)) continue;
      out(",\n" +
          Dump(Complete(kPartNames.at(i), "part", part_ms, span.parts_ms.at(i), span.slot + 1)));
      part_ms += span.parts_ms.at(i);
    }
    changes.emplace_back(start_ms, 1);
    changes.emplace_back(start_ms + span.lasted_ms, -1);
  }
  std::sort(changes.begin(), changes.end());
  int in_flight = 0;
  for (const auto& [time_ms, change] : changes) {
    in_flight += change;
    out(",\n" + Dump({{"name", "requests in flight"},
                      {"ph", "C"},
                      {"ts", Microseconds(time_ms)},
                      {"pid", kProcess},
                      {"args", {{"requests", in_flight}}}}));
  }
  out("\n],\"displayTimeUnit\":\"ms\"}\n");
}

std::string ChromeTrace::Statistics() const {
  Json json;
  for (std::size_t i = 0; i <= kParts; ++i) {
    const bool is_whole = i == kParts;
    std::int64_t count = 0;
    double total = 0;
    double mean = 0;
    double squares = 0;
    for (const Span& span : spans_) {
      const double part = is_whole ? span.lasted_ms : span.parts_ms.at(i);
      if (!(part > 0)) continue;
      ++count;
      total += part;
      const double before = part - mean;
      mean += before / static_cast<double>(count);
      squares += before * (part - mean);
    }
    json[std::string(is_whole ? "request" : kPartNames.at(i))] = {
        {"count", count},
        {"total_ms", total},
        {"mean_ms", count > 0 ? Json(mean) : Json()},
        {"sd_ms", count > 1 ? Json(std::sqrt(squares / static_cast<double>(count - 1))) : Json()}};
  }
  Json statistics;
  statistics["spans"] = std::move(json);
  return statistics.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace ollama_bench
