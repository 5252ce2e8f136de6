#pragma once

#include <concepts>
#include <type_traits>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/identity.h"
#include "ollama_bench/store/results_store.h"

// The keys of each value on disk, once, in the order in which they are written. A visitor reads,
// writes or lists them. Derived keys are written for other readers and never read back; a flag is
// written only where it is set.

namespace ollama_bench {

template <class T, class Value>
concept Is = std::same_as<std::remove_const_t<T>, Value>;

// One key for each parameter that is set.
void VisitFields(auto& visit, Is<Cell> auto& cell) {
  for (const ParameterInfo& info : AllParameters()) visit.Setting(info, cell);
}

void VisitFields(auto& visit, Is<Axis> auto& axis) {
  visit("name", axis.parameter);
  visit.Values("values", axis);
}

void VisitFields(auto& visit, Is<Sample> auto& sample) {
  visit("id", sample.id);
  visit("visit", sample.visit);
  visit("load_id", sample.load_id);
  visit("role", sample.role);
  visit("excluded", sample.excluded);
  visit("prompt_eval_count", sample.metrics.prompt_eval_count);
  visit("prompt_eval_cached", sample.metrics.prompt_eval_cached);
  visit("prompt_eval_ms", sample.metrics.prompt_eval);
  visit.Derived("prompt_eval_rate", PromptEvalRate(sample.metrics));
  visit("printed_prompt_eval_rate", sample.metrics.printed_prompt_eval_rate);
  visit("eval_count", sample.metrics.eval_count);
  visit("eval_ms", sample.metrics.eval);
  visit.Derived("eval_rate", EvalRate(sample.metrics));
  visit("printed_eval_rate", sample.metrics.printed_eval_rate);
  visit("load_ms", sample.metrics.load);
  visit("total_ms", sample.metrics.total);
  visit("wall_ms", sample.wall);
  visit("create_ms", sample.create);
  visit("ttft_ms", sample.first_token);
  visit("effective_num_ctx", sample.effective_context);
  visit("effective_server", sample.effective_server);
  visit("size_bytes", sample.size_bytes);
  visit("size_vram_bytes", sample.size_vram_bytes);
  visit("attempt", sample.attempt);
  visit("started", sample.started);
  visit.Flag("unverified", sample.unverified);
  visit("disturbed", sample.disturbed);
  visit("window", sample.window);
  visit("telemetry", sample.telemetry);
}

void VisitFields(auto& visit, Is<GpuTelemetry> auto& gpu) {
  visit("index", gpu.index);
  visit("name", gpu.name);
  visit("use_mean", gpu.use_mean);
  visit("use_max", gpu.use_max);
  visit("memory_bytes_max", gpu.memory_bytes_max);
  visit("power_w_mean", gpu.power_w_mean);
  visit("power_w_max", gpu.power_w_max);
  visit("clock_mhz_mean", gpu.clock_mhz_mean);
  visit("temperature_c_max", gpu.temperature_c_max);
  visit("slowed_share", gpu.slowed_share);
  visit("energy_j", gpu.energy_j);
}

void VisitFields(auto& visit, Is<Telemetry> auto& telemetry) {
  visit("readings", telemetry.readings);
  visit("cpus_mean", telemetry.cpus_mean);
  visit("cpus_max", telemetry.cpus_max);
  visit("busiest_cpu_mean", telemetry.busiest_cpu_mean);
  visit("busiest_cpu_max", telemetry.busiest_cpu_max);
  visit("server_cpus_mean", telemetry.server_cpus_mean);
  visit("server_cpus_max", telemetry.server_cpus_max);
  visit("others_cpus_mean", telemetry.others_cpus_mean);
  visit("server_bytes_max", telemetry.server_bytes_max);
  visit("available_bytes_min", telemetry.available_bytes_min);
  visit("page_cache_bytes_max", telemetry.page_cache_bytes_max);
  visit("cpu_energy_j", telemetry.cpu_energy_j);
  visit("gpus", telemetry.gpus);
}

void VisitFields(auto& visit, Is<GpuReading> auto& gpu) {
  visit("index", gpu.index);
  visit("use", gpu.use);
  visit("memory_bytes", gpu.memory_bytes);
  visit("power_w", gpu.power_w);
  visit("clock_mhz", gpu.clock_mhz);
  visit("temperature_c", gpu.temperature_c);
  visit("is_slowed", gpu.is_slowed);
  visit("energy_j", gpu.energy_j);
}

// But for its time.
void VisitFields(auto& visit, Is<TelemetryReading> auto& reading) {
  visit("cpus", reading.cpus);
  visit("busiest_cpu", reading.busiest_cpu);
  visit("server_cpus", reading.server_cpus);
  visit("others_cpus", reading.others_cpus);
  visit("server_bytes", reading.server_bytes);
  visit("available_bytes", reading.available_bytes);
  visit("page_cache_bytes", reading.page_cache_bytes);
  visit("power_w", reading.power_w);
  visit("cpu_energy_j", reading.cpu_energy_j);
  visit("gpus", reading.gpus);
}

void VisitFields(auto& visit, Is<Disturbance> auto& disturbance) {
  visit("cause", disturbance.cause);
  visit("others_cpus", disturbance.others_cpus);
  visit("pressure_percent", disturbance.pressure_percent);
  visit("memory_pressure_percent", disturbance.memory_pressure_percent);
}

void VisitFields(auto& visit, Is<WindowChecks> auto& checks) {
  visit("sender_lag", checks.sender_lag);
  visit("rate", checks.rate);
  visit("littles_law", checks.littles_law);
  visit("client_cpu", checks.client_cpu);
  visit("cache", checks.cache);
}

void VisitFields(auto& visit, Is<Window> auto& window) {
  visit("duration_ms", window.duration);
  visit("requests", window.requests);
  visit("failures", window.failures);
  visit("completed", window.completed);
  visit("output_tokens", window.output_tokens);
  visit.Derived("output_tokens_per_s", OutputThroughput(window));
  visit("mean_in_flight", window.mean_in_flight);
  visit("in_flight_at_end", window.in_flight_at_end);
  visit("ttft_p50_ms", window.ttft_p50);
  visit("ttft_p95_ms", window.ttft_p95);
  visit("tpot_p50_ms", window.tpot_p50);
  visit("e2e_p50_ms", window.e2e_p50);
  visit("e2e_p95_ms", window.e2e_p95);
  visit("queue_p50_ms", window.queue_p50);
  visit("idle_queue_ms", window.idle_queue);
  visit("sender_lag_p99_ms", window.sender_lag_p99);
  visit("client_cpus", window.client_cpus);
  visit("cached_requests", window.cached_requests);
  visit("short_answers", window.short_answers);
  visit("merged_chunks", window.merged_chunks);
  visit("unstamped_reads", window.unstamped_reads);
  visit.Flag("is_cut", window.is_cut);
  visit("checks", window.checks);
}

void VisitFields(auto& visit, Is<Failure> auto& failure) {
  visit("kind", failure.kind);
  visit("message", failure.message);
  visit("output_tail", failure.output_tail);
  visit("attempts", failure.attempts);
}

void VisitFields(auto& visit, Is<VisitRecord> auto& record) {
  visit("id", record.id);
  visit("role", record.role);
  visit("started", record.started);
  visit("load_id", record.load_id);
  visit("start", record.start);
  visit("failure", record.failure);
  visit("decode", record.decode);
  visit("load_disk_bytes", record.load_disk_bytes);
}

void VisitFields(auto& visit, Is<DecodeRun> auto& run) {
  visit("eval_count", run.eval_count);
  visit("eval_ms", run.eval);
}

void VisitFields(auto& visit, Is<StartRecord> auto& start) {
  visit("id", start.id);
  visit("started", start.started);
  visit("host", start.host);
  visit.Labels("labels", start.labels);
}

void VisitFields(auto& visit, Is<Identity> auto& identity) {
  visit("model", identity.model);
  visit("model_digest", identity.model_digest);
  visit("prompt_sha256", identity.prompt_sha256);
  visit("prompt_tokens", identity.prompt_tokens);
  visit("num_predict", identity.num_predict);
  visit("driver", identity.driver);
  visit("ollama_version", identity.ollama_version);
}

void VisitFields(auto& visit, Is<Environment> auto& environment) {
  visit("host", environment.host);
  visit("os", environment.os);
  visit("cpu", environment.cpu);
  visit("gpus", environment.gpus);
  visit("server_settings", environment.server_settings);
  visit("server_is_local", environment.server_is_local);
}

void VisitFields(auto& visit, Is<TemporaryModel> auto& model) {
  visit("name", model.name);
  visit("digest", model.digest);
}

void VisitFields(auto& visit, Is<PromptSize> auto& size) {
  visit("prompt_tokens", size.length);
  visit("words", size.words);
  visit("counted", size.tokens);
}

void VisitFields(auto& visit, Is<Baseline> auto& baseline) {
  VisitFields(visit, baseline.cell);
  visit("source", baseline.source);
}

void VisitFields(auto& visit, Is<Metadata> auto& metadata) {
  visit("schema_version", metadata.schema_version);
  visit("tool_version", metadata.tool_version);
  visit("store_id", metadata.store_id);
  visit("start_time", metadata.start_time);
  visit("total_tests", metadata.total_tests);
  visit("num_ctx_range", metadata.across_range);
  visit("num_batch_range", metadata.down_range);
  visit("axes", metadata.axes);
  visit("workload", metadata.workload);
  visit("identity", metadata.identity);
  visit("environment", metadata.environment);
  visit("replayed", metadata.replayed);
  visit("mixed", metadata.mixed);
  visit.Flag("unverified", metadata.unverified);
  visit("prompt_words", metadata.prompt_words);
  visit("prompt_sizes", metadata.prompt_sizes);
  visit("temporary_models", metadata.temporary_models);
  visit("baseline", metadata.baseline);
  visit("warnings", metadata.warnings);
  visit("starts", metadata.starts);
}

void VisitFields(auto& visit, Is<CellResult> auto& result) {
  VisitFields(visit, result.cell);
  visit.Derived("prompt_eval_rate", MedianPromptEvalRate(result));
  visit.Error("error", result);
  visit("timestamp", result.timestamp);
  visit.EntryFailure("failure", result);
  visit("alias_of", result.alias_of);
  visit("reason", result.reason);
  visit.Rows("visits", result.visits);
  visit.Rows("samples", result.samples);
}

/// A value that is an object of its own.
template <class T>
concept HasFields = Is<T, Cell> || Is<T, Axis> || Is<T, Sample> || Is<T, Disturbance> ||
    Is<T, DecodeRun> || Is<T, Failure> || Is<T, Identity> || Is<T, Environment> ||
    Is<T, TemporaryModel> || Is<T, Window> || Is<T, WindowChecks> || Is<T, Baseline> ||
    Is<T, VisitRecord> || Is<T, StartRecord> || Is<T, PromptSize> || Is<T, Telemetry> ||
    Is<T, GpuTelemetry> || Is<T, TelemetryReading> || Is<T, GpuReading>;

/// A value of which an entry holds a list, each with an id of its own.
template <class T>
concept IsRow = Is<T, Sample> || Is<T, VisitRecord>;

}  // namespace ollama_bench
