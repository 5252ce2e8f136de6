#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace ollama_bench::stand_in {

/// What one answered prompt cost, as Ollama reports it. Zero means that Ollama leaves the line out.
struct Metrics {
  std::chrono::nanoseconds total{0};
  std::chrono::nanoseconds load{0};
  std::int64_t prompt_tokens = 0;
  std::int64_t cached_tokens = 0;
  std::chrono::nanoseconds prompt_eval{0};
  std::int64_t eval_tokens = 0;
  std::chrono::nanoseconds eval{0};
};

/// A duration, not negative, as Go prints it: "1h2m3s", "1m2.3s", "235.13ms", "52.1µs", "999ns",
/// "0s".
std::string GoDuration(std::chrono::nanoseconds duration);

/// The lines of `ollama run --verbose` (v0.11.4/run_cold.stderr). With `tells_cached` the line
/// "prompt eval cached:" is there too and the rate leaves cached tokens out, as after v0.32.
std::string VerboseBlock(const Metrics& metrics, bool tells_cached);

}  // namespace ollama_bench::stand_in
