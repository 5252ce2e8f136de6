#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/sample.h"

namespace ollama_bench {

/// Tokens that the model generated once in a visit, for its decode rate.
struct DecodeRun {
  std::optional<std::int64_t> eval_count;  ///< tokens
  std::optional<std::chrono::nanoseconds> eval;

  friend bool operator==(const DecodeRun&, const DecodeRun&) = default;
};

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

  friend bool operator==(const VisitRecord&, const VisitRecord&) = default;
};

/// One start of a command that measured something.
struct StartRecord {
  std::string id;       ///< ULID
  std::string started;  ///< ISO 8601 with offset
  std::string host;     ///< the machine that it measured

  friend bool operator==(const StartRecord&, const StartRecord&) = default;
};

}  // namespace ollama_bench
