#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "ollama_bench/core/debug_log.h"
#include "ollama_bench/core/labels.h"

namespace ollama_bench {

/// What to measure with.
struct DriverOptions {
  std::string driver;            ///< "cli", "api", "private" or "replay"; empty: what fits
  bool prefers_api = false;      ///< where none is named: for what the API alone shows
  std::string host;              ///< empty: OLLAMA_HOST, else Ollama's default
  std::filesystem::path models;  ///< folder of models of a private server; empty: the user's
  std::string temporary_model;   ///< empty: named after the store
  std::filesystem::path replay;  ///< the recording; empty: none
  double replay_noise = 0;       ///< see ReplayOptions
  std::uint64_t seed = 1;        ///< of all that is drawn at random
  DebugLog log;                  ///< takes each request and each child
};

/// How a command that measures is to do it, unchecked but for the types.
struct SessionOptions {
  std::filesystem::path results = "benchmark_results.json";
  DriverOptions driver;
  std::filesystem::path save_config;  ///< empty: not saved
  bool force_mixed = false;
  bool ignore_disturbance = false;
  std::optional<std::string> wait_quiet;  ///< as ParseQuietLimit reads it
  Labels labels;
};

/// What `run` is to measure and how, unchecked but for the types.
struct RunOptions {
  SessionOptions session;
  std::optional<std::size_t> limit;  ///< cells measured by this start at most
  bool retry_failed = false;
  bool remeasure_unverified = false;
  bool baseline = true;          ///< measure what the user has at present, too
  bool measure_aliases = false;  ///< also cells that are known to be the same measurement
};

}  // namespace ollama_bench
