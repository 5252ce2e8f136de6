#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/labels.h"
#include "ollama_bench/core/telemetry.h"
#include "ollama_bench/core/window.h"

namespace ollama_bench {

/// What Ollama reports of one run: its `--verbose` block, or the last line of /api/generate.
/// A field is empty where Ollama printed no such line.
struct RunMetrics {
  std::optional<std::chrono::nanoseconds> total;
  std::optional<std::chrono::nanoseconds> load;    ///< bringing the model into memory
  std::optional<std::int64_t> prompt_eval_count;   ///< tokens
  std::optional<std::int64_t> prompt_eval_cached;  ///< tokens served from the prefix cache
  std::optional<std::chrono::nanoseconds> prompt_eval;
  std::optional<double> printed_prompt_eval_rate;  ///< tokens/s, as rounded by Ollama
  std::optional<std::int64_t> eval_count;          ///< tokens
  std::optional<std::chrono::nanoseconds> eval;
  std::optional<double> printed_eval_rate;  ///< tokens/s, as rounded by Ollama

  friend bool operator==(const RunMetrics&, const RunMetrics&) = default;
};

/// Prefill speed in tokens/s: tokens evaluated (count less cached) over their duration.
/// Empty without a count or a positive duration.
std::optional<double> PromptEvalRate(const RunMetrics& metrics);
/// Decode speed in tokens/s: the tokens after the first over their duration, for Ollama's eval
/// duration starts when the first token is sampled. Empty below two tokens.
std::optional<double> EvalRate(const RunMetrics& metrics);

/// What of the total no other duration accounts for: the wait for a slot of the server, and small
/// overheads. Rounding may take it below zero. Empty without a total.
std::optional<std::chrono::nanoseconds> UnaccountedTime(const RunMetrics& metrics);

/// What a run was made for. Only kWarmUp never counts.
enum class SampleRole { kWarmUp, kMeasure, kConfirm, kControl };

/// Why a sample does not enter the rate although Ollama reported one.
enum class Exclusion {
  kCached,
  kTruncated,
  kSettling,
  kWrongContext,
  kRateMismatch,
  kClock,
  kShortAnswer,
  kWrongOffload,
  kCutShort,
  kUntrusted,
  kWrongServer,
};

std::string_view KeyOf(SampleRole role);
std::string_view KeyOf(Exclusion exclusion);
std::optional<SampleRole> SampleRoleFromKey(std::string_view key);
std::optional<Exclusion> ExclusionFromKey(std::string_view key);
std::span<const Exclusion> AllExclusions();
/// "the prompt was cut to the context", for messages.
std::string_view Explain(Exclusion exclusion);

/// What slowed the machine down while a sample ran.
struct Disturbance {
  /// "cpu": other programs ran; "memory": they did while memory was short; "gpu": one of them
  /// computed on the server's GPU; "gpu_slowed": a GPU was slowed down by heat or power supply.
  std::string cause;
  std::optional<double> others_cpus;       ///< CPUs that they kept busy on average
  std::optional<double> pressure_percent;  ///< of the time in which something waited for a CPU
  std::optional<double> memory_pressure_percent;  ///< the same for memory

  friend bool operator==(const Disturbance&, const Disturbance&) = default;
};

/// "other programs used 1.4 CPUs", for messages.
std::string Explain(const Disturbance& disturbance);

/// One execution of a cell's workload. Of a window, what is reported of one run is that of its
/// request of median duration.
struct Sample {
  std::string id;     ///< ULID; for an old entry a hash of its content
  std::string visit;  ///< id of the visit that took it; empty: taken before visits were recorded
  std::int64_t load_id = 0;  ///< runs of one load of the model share it; 0: unknown
  SampleRole role = SampleRole::kMeasure;
  std::optional<Exclusion> excluded;
  RunMetrics metrics;
  std::optional<std::chrono::nanoseconds> wall;    ///< the whole run, as this program saw it
  std::optional<std::chrono::nanoseconds> create;  ///< the `ollama create` before it, once per load
  /// From sending the request to the first generated token, where the driver sees it.
  std::optional<std::chrono::nanoseconds> first_token;
  std::optional<std::int64_t> effective_context;  ///< what the server says it uses
  std::optional<Cell> effective_server;           ///< the same of settings of Scope::kServer
  std::optional<std::int64_t> size_bytes;         ///< the loaded model, by /api/ps
  std::optional<std::int64_t> size_vram_bytes;    ///< of these on GPUs
  int attempt = 1;
  std::string started;  ///< ISO 8601 with offset
  std::optional<Disturbance> disturbed;
  std::optional<Window> window;  ///< where the sample is one
  std::optional<Telemetry> telemetry;
  /// Taken from a file that does not say with which model, prompt, version or driver.
  bool unverified = false;

  friend bool operator==(const Sample&, const Sample&) = default;
};

/// Whether the sample enters a cell's rate: no warm-up, neither excluded nor disturbed.
bool IsCounted(const Sample& sample);

/// Tokens that the model generated once in a visit, for its decode rate.
struct DecodeRun {
  std::optional<std::int64_t> eval_count;  ///< tokens
  std::optional<std::chrono::nanoseconds> eval;

  friend bool operator==(const DecodeRun&, const DecodeRun&) = default;
};

/// Energy over the tokens that the sample read and generated, those of the prefix cache left out;
/// of a window over its output tokens. Empty where either is not known.
std::optional<double> JoulesPerToken(const Sample& sample);

/// In tokens/s, by the rule of EvalRate.
std::optional<double> DecodeRate(const DecodeRun& run);

/// One load of the model for one cell, as it was made. Its samples name it.
struct VisitRecord {
  std::string id;  ///< ULID; of a failure that an old file holds, a hash of its content
  SampleRole role = SampleRole::kMeasure;
  std::string started;             ///< ISO 8601 with offset
  std::int64_t load_id = 0;        ///< 0: unknown, or the model was never loaded
  std::string start;               ///< id of the start of the program that made it
  std::optional<Failure> failure;  ///< what ended it early
  std::optional<DecodeRun> decode = std::nullopt;
  /// Read from the disks of the server's machine during the load: about the size of the model where
  /// its file was not in the page cache.
  std::optional<std::int64_t> load_disk_bytes = std::nullopt;

  friend bool operator==(const VisitRecord&, const VisitRecord&) = default;
};

/// One start of a command that measured something.
struct StartRecord {
  std::string id;       ///< ULID
  std::string started;  ///< ISO 8601 with offset
  std::string host;     ///< the machine that it measured
  Labels labels = {};

  friend bool operator==(const StartRecord&, const StartRecord&) = default;
};

}  // namespace ollama_bench
