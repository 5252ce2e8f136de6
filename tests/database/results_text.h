#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

namespace ollama_bench::testing {

/// What every text of `ResultsText` holds.
inline constexpr const char* kHostile =
    "'; DROP TABLE ollama_bench.benchmarks; -- \\ \\N \\. \"q\" $$ $migrate$ %s {0} \n é 显 😀";

/// A results file of `samples` samples in cells of ten, each of a visit of its own, by two starts;
/// every 70th visit failed. Texts are kHostile where they may be.
inline std::string ResultsText(int samples) {
  using Json = nlohmann::ordered_json;
  const std::string hostile = kHostile;
  Json results = Json::array();
  for (int i = 0; i < samples; ++i) {
    if (i % 10 == 0) {
      const int cell = i / 10;
      results.push_back({{"num_ctx", 1024 * (1 + cell / 17)},
                         {"num_batch", 128 * (1 + cell % 17)},
                         {"samples", Json::array()},
                         {"visits", Json::array()}});
    }
    const std::string id = fmt::format("{:06}", i);
    const std::string started = fmt::format("2026-11-{:02}T{:02}:{:02}:{:02}.5+00:00", 1 + i / 3000,
                                            i / 3600 % 24, i / 60 % 60, i % 60);
    Json visit = {{"id", "V" + id},
                  {"role", "measure"},
                  {"started", started},
                  {"load_id", 5'000'000'000 + i},
                  {"start", i % 2 == 0 ? "START0" : "START1"}};
    if (i % 70 == 69) {
      visit["failure"] = {{"kind", "out_of_memory"}, {"message", hostile}, {"attempts", 1}};
    }
    Json telemetry = {{"readings", 10},
                      {"cpus_mean", 1.5},
                      {"server_bytes_max", 1'000'000'000},
                      {"cpu_energy_j", 20.5}};
    telemetry["gpus"] = Json::array({{{"index", 0},
                                      {"name", hostile},
                                      {"use_mean", 0.5},
                                      {"memory_bytes_max", 1 << 30},
                                      {"power_w_mean", 99.5},
                                      {"energy_j", 50.5}}});
    Json sample = {{"id", "S" + id},
                   {"visit", "V" + id},
                   {"load_id", 5'000'000'000 + i},
                   {"role", "measure"},
                   {"excluded", nullptr},
                   {"prompt_eval_count", 261},
                   {"prompt_eval_ms", 700 + i % 97},
                   {"eval_count", 64},
                   {"eval_ms", 1200 + i % 89},
                   {"total_ms", 2100.25},
                   {"load_ms", 100.5},
                   {"ttft_ms", 50 + i % 13},
                   {"wall_ms", 2200.125},
                   {"started", started}};
    sample["telemetry"] = std::move(telemetry);
    if (i % 31 == 30) sample["disturbed"] = {{"cause", hostile}, {"others_cpus", 1.5}};
    results.back()["visits"].push_back(std::move(visit));
    results.back()["samples"].push_back(std::move(sample));
  }
  Json metadata = {{"schema_version", 1},
                   {"store_id", "STORE"},
                   {"tool_version", hostile},
                   {"start_time", "2026-11-01T00:00:00+00:00"}};
  metadata["identity"] = {{"model", hostile},
                          {"model_digest", hostile},
                          {"num_predict", 64},
                          {"driver", hostile},
                          {"ollama_version", hostile}};
  metadata["environment"] = {{"host", hostile},
                             {"os", hostile},
                             {"cpu", hostile},
                             {"gpus", {hostile, hostile}},
                             {"server_settings", {{hostile, hostile}}},
                             {"server_is_local", true}};
  for (const char* start : {"START0", "START1"}) {
    Json labels = {{"commit", start + hostile}, {"branch", hostile}, {hostile, hostile}};
    metadata["starts"].push_back({{"id", start},
                                  {"started", "2026-11-21T07:00:00+00:00"},
                                  {"host", hostile},
                                  {"labels", labels}});
  }
  return Json{{"metadata", metadata}, {"results", results}}.dump();
}

}  // namespace ollama_bench::testing
