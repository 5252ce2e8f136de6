#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ollama_bench {

/// Which requests of a window a request is of.
enum class WindowPart {
  kCalibration,  ///< sent alone, to an idle server
  kWarmUp,       ///< before the measured stretch
  kMeasured,
  kTail,  ///< after it, or in flight at its end
};
std::string_view KeyOf(WindowPart part);
std::optional<WindowPart> WindowPartFromKey(std::string_view key);

/// One request of a window. Times are seconds; latencies count from its sending.
struct RequestFigures {
  WindowPart part = WindowPart::kMeasured;
  std::string end;                ///< "done", else how it failed
  double due_s = 0;               ///< when it was to be sent, since the measured stretch began
  double lag_s = 0;               ///< from then until it was sent
  double e2e_s = 0;               ///< until the last line; of a failed one until it failed
  std::optional<double> ttfr_s;   ///< until the first byte
  std::optional<double> ttft_s;   ///< until the first text or thinking
  std::optional<double> ttfo_s;   ///< until the first text that is not thinking
  std::optional<double> tpot_s;   ///< of a token after the first
  std::optional<double> queue_s;  ///< that no duration of the server's accounts for
  std::optional<double> load_s;   ///< the server's own durations
  std::optional<double> prefill_s;
  std::optional<double> decode_s;
  std::int64_t prompt_tokens = 0;
  std::int64_t output_tokens = 0;
  std::vector<double> chunks_s;   ///< arrivals, since its sending
  std::vector<double> created_s;  ///< the server's times of the same, since the first one

  [[nodiscard]] bool IsDone() const { return end == "done"; }
  /// From when it was to be sent: what a user waits.
  [[nodiscard]] double IntendedE2e() const { return lag_s + e2e_s; }
};

/// Whether a window may be trusted. Empty: it cannot be known.
struct WindowChecks {
  std::optional<bool> sender_lag;   ///< requests left when they were due
  std::optional<bool> rate;         ///< as many were in flight, or sent, as asked for
  std::optional<bool> littles_law;  ///< mean in flight = throughput x mean latency, within 5 %
  std::optional<bool> client_cpu;   ///< this program used less than half a CPU
  std::optional<bool> cache;        ///< no prompt was read from the server's cache

  friend bool operator==(const WindowChecks&, const WindowChecks&) = default;
};
/// Names and values of all of them, in their order.
std::vector<std::pair<std::string_view, std::optional<bool>>> AllOf(const WindowChecks& checks);

/// A stretch of steady load: many requests, measured together. The closed loop counts the requests
/// that ended in it, the open loop those that were due in it.
struct Window {
  using Duration = std::chrono::nanoseconds;

  std::optional<Duration> duration;
  std::int64_t requests = 0;                     ///< failed ones included
  std::map<std::string, std::int64_t> failures;  ///< of these, by their end
  std::int64_t completed = 0;                    ///< that ended well in it, whenever sent
  std::int64_t output_tokens = 0;                ///< of those completed
  std::optional<double> mean_in_flight;
  std::int64_t in_flight_at_end = 0;
  std::optional<Duration> ttft_p50;  ///< percentiles of the requests that did not fail
  std::optional<Duration> ttft_p95;
  std::optional<Duration> tpot_p50;
  std::optional<Duration> e2e_p50;  ///< from when they were to be sent
  std::optional<Duration> e2e_p95;
  std::optional<Duration> queue_p50;   ///< `idle_queue` taken off
  std::optional<Duration> idle_queue;  ///< what the calibration's request has for a queue wait
  std::optional<Duration> sender_lag_p99;
  std::optional<double> client_cpus;  ///< that this program kept busy
  std::int64_t cached_requests = 0;   ///< whose prompts were read from the server's cache
  std::int64_t short_answers = 0;     ///< with fewer tokens than asked for
  std::int64_t merged_chunks = 0;     ///< whose arrival is a later one's
  std::int64_t unstamped_reads = 0;   ///< whose time is not the kernel's
  bool is_cut = false;                ///< a stop ended it early
  WindowChecks checks;

  [[nodiscard]] std::int64_t Failed() const {
    std::int64_t failed = 0;
    for (const auto& [end, count] : failures) failed += count;
    return failed;
  }
  friend bool operator==(const Window&, const Window&) = default;
};

/// Output tokens/s of the window; empty where nothing was measured.
std::optional<double> OutputThroughput(const Window& window);
/// Completed requests per second.
std::optional<double> RequestThroughput(const Window& window);

}  // namespace ollama_bench
