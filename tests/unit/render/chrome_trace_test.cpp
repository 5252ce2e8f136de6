// The trace against what the Trace Event Format says of it (JSON object format).
#include "ollama_bench/render/chrome_trace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "ollama_bench/core/random.h"
#include "support/prompt_records.h"

namespace ollama_bench {
namespace {

using nlohmann::json;

/// Why an event is none of the format's; empty where it is.
std::string WhyInvalid(const json& event) {
  if (!event.is_object()) return "no object";
  if (!event.value("name", json()).is_string()) return "no name";
  if (!event.value("pid", json()).is_number_integer()) return "no pid";
  const std::string phase = event.value("ph", "");
  const std::map<std::string, std::set<std::string>> keys = {
      {"X", {"name", "cat", "ph", "ts", "dur", "pid", "tid", "args"}},
      {"C", {"name", "ph", "ts", "pid", "args"}},
      {"M", {"name", "ph", "pid", "tid", "args"}}};
  const auto known = keys.find(phase);
  if (known == keys.end()) return "unknown phase " + phase;
  for (const auto& [key, value] : event.items()) {
    if (!known->second.contains(key)) return "unknown key " + key;
  }
  for (const char* time : {"ts", "dur"}) {
    const bool has = known->second.contains(time);
    if (has != event.contains(time)) return std::string("lacks or has ") + time;
    if (has && (!event[time].is_number() || event[time] < 0)) return "a time below zero";
  }
  if (phase == "X" && !event.value("tid", json()).is_number_integer()) return "no tid";
  if (phase == "M") {
    const std::string name = event["name"];
    if (name != "process_name" && name != "thread_name") return "unknown metadata " + name;
    if (!event["args"].value("name", json()).is_string()) return "a name without a name";
  }
  if (phase == "C") {
    for (const auto& [key, value] : event["args"].items()) {
      if (!value.is_number()) return "a counter of " + key + " that is no number";
    }
  }
  return {};
}

json TraceOf(const ChromeTrace& trace) {
  std::string text;
  trace.Write([&text](std::string_view part) { text += part; });
  return json::parse(text, nullptr, false);
}

// Perfetto puts spans of one row into each other: each must lie within the one above it.
void ExpectNested(const json& events) {
  std::map<int, std::vector<const json*>> rows;
  for (const json& event : events) {
    if (event["ph"] == "X") rows[event["tid"]].push_back(&event);
  }
  constexpr double kRounding = 0.01;
  for (auto& [row, spans] : rows) {
    const json* request = nullptr;
    double part_end = 0;
    for (const json* span : spans) {
      const double begin = (*span)["ts"];
      const double end = begin + (*span)["dur"].get<double>();
      if ((*span)["cat"] == "request") {
        if (request != nullptr) {
          EXPECT_GE(begin + kRounding,
                    (*request)["ts"].get<double>() + (*request)["dur"].get<double>());
        }
        request = span;
        part_end = begin;
        continue;
      }
      ASSERT_NE(request, nullptr);
      EXPECT_GE(begin + kRounding, part_end);
      EXPECT_LE(end, (*request)["ts"].get<double>() + (*request)["dur"].get<double>() + kRounding);
      part_end = end;
    }
  }
}

ChromeTrace RandomTrace(std::uint64_t seed) {
  Random random(seed);
  ChromeTrace trace("smollm2");
  std::vector<double> free(3, 1'800'000'000);
  for (int i = 0; i < 60; ++i) {
    const std::size_t slot = random.Below(free.size());
    PromptRecord record = AnsweredPrompt(i, 60, random.Uniform(1, 500));
    if (random.Uniform() < 0.2) record = FailedPrompt(i, 60, FailureKind::kTimeout, "timed_out");
    record.slot = static_cast<int>(slot);
    record.started_unix_s = free[slot];
    record.timing.load_ms = random.Uniform(0, 400);
    record.timing.prefill_ms = random.Uniform(0, 400);
    if (record.timing.ttft_ms) record.timing.ttft_ms = random.Uniform(0, 600);
    free[slot] += record.lasted_ms / 1000 + 0.001;
    trace.Add(record);
  }
  return trace;
}

TEST(ChromeTraceTest, EveryEventIsOneOfTheFormatAndSpansAreNested) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const json trace = TraceOf(RandomTrace(seed));
    ASSERT_FALSE(trace.is_discarded());
    EXPECT_EQ(trace["displayTimeUnit"], "ms");
    for (const json& event : trace["traceEvents"]) EXPECT_EQ(WhyInvalid(event), "") << event;
    ExpectNested(trace["traceEvents"]);
  }
}

TEST(ChromeTraceTest, EverySlotIsARowAndTheCounterEndsAtZero) {
  const json trace = TraceOf(RandomTrace(7));
  std::set<int> named;
  std::set<int> used;
  int in_flight = -1;
  double time = 0;
  for (const json& event : trace["traceEvents"]) {
    if (event["name"] == "thread_name") named.insert(event["tid"].get<int>());
    if (event["ph"] == "X") used.insert(event["tid"].get<int>());
    if (event["ph"] != "C") continue;
    in_flight = event["args"]["requests"];
    EXPECT_GE(in_flight, 0);
    EXPECT_LE(in_flight, 3);
    EXPECT_GE(event["ts"], time);
    time = event["ts"];
  }
  EXPECT_EQ(named, used);
  EXPECT_EQ(in_flight, 0);
}

TEST(ChromeTraceTest, PartsOfAnAnswerAddUpToIt) {
  ChromeTrace trace("m");
  trace.Add(AnsweredPrompt(0, 1, 100));
  const json spans = json::parse(trace.Statistics())["spans"];
  double total = 0;
  for (const char* part : {"load", "queue", "prefill", "decode"}) {
    EXPECT_EQ(spans[part]["count"], 1) << part;
    total += spans[part]["total_ms"].get<double>();
  }
  EXPECT_NEAR(total, 100, 1e-6);
  EXPECT_EQ(spans["request"]["mean_ms"], 100);
  EXPECT_TRUE(spans["request"]["sd_ms"].is_null());
}

}  // namespace
}  // namespace ollama_bench
