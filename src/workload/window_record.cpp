#include "window_record.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "ollama_bench/workload/verify.h"

namespace ollama_bench {
namespace {

using Time = WindowRun::Time;
using std::chrono::nanoseconds;

constexpr double kMostLag_s = 0.010;
constexpr double kHarmlessLag_s = 0.001;
constexpr double kMostLagOfTtft = 0.05;
constexpr double kLittleTolerance = 0.05;
constexpr double kLeastOfRate = 0.95;
constexpr double kMostClientCpus = 0.5;

double Seconds(nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

nanoseconds Nanoseconds(double seconds) {
  return std::chrono::round<nanoseconds>(std::chrono::duration<double>(seconds));
}

// The smallest value that at least this share of all does not exceed.
std::optional<nanoseconds> Percentile(std::vector<double> values, double share) {
  if (values.empty()) return std::nullopt;
  const double rank = std::ceil(share * static_cast<double>(values.size()));
  const auto place = static_cast<std::ptrdiff_t>(std::max(rank, 1.0)) - 1;
  std::nth_element(values.begin(), values.begin() + place, values.end());
  return Nanoseconds(values[static_cast<std::size_t>(place)]);
}

std::optional<double> QueueWait(const RunMetrics& metrics) {
  if (!metrics.total || !metrics.prompt_eval || !metrics.eval) return std::nullopt;
  return Seconds(*UnaccountedTime(metrics));
}

/// Makes the figures of one run.
class Summary {
 public:
  Summary(const WindowRun& run, const WindowPlan& plan)
      : run_(run), plan_(plan), begin_(*run.begin), end_(*run.end) {}

  WindowReport Make() {
    Window& window = report_.window;
    window.duration = end_ - begin_;
    report_.measured_from = begin_;
    window.is_cut = run_.is_cut;
    window.client_cpus = Seconds(run_.cpu) / std::max(Seconds(run_.wall), 1e-9);
    for (const WindowRequest& request : run_.requests) Add(request);
    window.mean_in_flight = in_flight_s_ / Seconds(end_ - begin_);
    window.ttft_p50 = Percentile(ttft_, 0.5);
    window.ttft_p95 = Percentile(ttft_, 0.95);
    window.tpot_p50 = Percentile(tpot_, 0.5);
    window.e2e_p50 = Percentile(e2e_, 0.5);
    window.e2e_p95 = Percentile(e2e_, 0.95);
    window.sender_lag_p99 = Percentile(lag_, 0.99);
    window.idle_queue = idle_queue_s_ ? std::optional(Nanoseconds(*idle_queue_s_)) : std::nullopt;
    window.queue_p50 = Percentile(queue_, 0.5);
    if (window.queue_p50 && idle_queue_s_) {
      window.queue_p50 = std::max(nanoseconds(0), *window.queue_p50 - *window.idle_queue);
    }
    Check();
    ChooseTypical();
    return std::move(report_);
  }

 private:
  [[nodiscard]] bool IsIn(Time time) const { return time > begin_ && time <= end_; }

  [[nodiscard]] WindowPart PartOf(const WindowRequest& request) const {
    if (request.is_calibration) return WindowPart::kCalibration;
    const Time time = plan_.concurrency ? EndOf(request.record) : request.record.due;
    if (time <= begin_) return WindowPart::kWarmUp;
    return time <= end_ ? WindowPart::kMeasured : WindowPart::kTail;
  }

  [[nodiscard]] RequestFigures FiguresOf(const WindowRequest& request) const {
    const StreamRecord& record = request.record;
    const Time sent = record.sent.value_or(record.due);
    const auto since_sent = [&sent](const std::optional<Time>& time) {
      return time ? std::optional(Seconds(*time - sent)) : std::nullopt;
    };
    RequestFigures figures;
    figures.part = PartOf(request);
    figures.end = KeyOf(record.end);
    figures.due_s = Seconds(record.due - begin_);
    figures.lag_s = Seconds(sent - record.due);
    figures.e2e_s = Seconds(EndOf(record) - sent);
    figures.ttfr_s = since_sent(record.first_byte);
    figures.ttft_s = since_sent(record.first_text);
    figures.ttfo_s = since_sent(record.first_answer);
    if (const auto tpot = TimePerOutputToken(record)) figures.tpot_s = Seconds(*tpot);
    figures.queue_s = QueueWait(record.metrics);
    const auto seconds = [](const std::optional<nanoseconds>& duration) {
      return duration ? std::optional(Seconds(*duration)) : std::nullopt;
    };
    figures.load_s = seconds(record.metrics.load);
    figures.prefill_s = seconds(record.metrics.prompt_eval);
    figures.decode_s = seconds(record.metrics.eval);
    figures.prompt_tokens = record.metrics.prompt_eval_count.value_or(0);
    figures.output_tokens = record.metrics.eval_count.value_or(0);
    for (const StreamChunk& chunk : record.chunks) {
      figures.chunks_s.push_back(Seconds(chunk.arrived - sent));
      figures.created_s.push_back(chunk.created_s - record.chunks.front().created_s);
    }
    return figures;
  }

  void Add(const WindowRequest& request) {
    const RequestFigures& figures = report_.requests.emplace_back(FiguresOf(request));
    const StreamRecord& record = request.record;
    Window& window = report_.window;
    if (request.is_calibration) idle_queue_s_ = figures.queue_s;
    const Time sent = record.sent.value_or(record.due);
    const Time over = EndOf(record);
    in_flight_s_ += std::max(0.0, Seconds(std::min(over, end_) - std::max(sent, begin_)));
    if (sent <= end_ && over > end_) ++window.in_flight_at_end;
    if (figures.IsDone() && IsIn(over)) {
      ++window.completed;
      window.output_tokens += figures.output_tokens;
      completed_s_ += figures.e2e_s;
    }
    if (figures.part == WindowPart::kMeasured) AddMeasured(request, figures);
  }

  void AddMeasured(const WindowRequest& request, const RequestFigures& figures) {
    const StreamRecord& record = request.record;
    Window& window = report_.window;
    ++window.requests;
    lag_.push_back(figures.lag_s);
    window.merged_chunks += static_cast<std::int64_t>(record.merged_chunks);
    window.unstamped_reads += static_cast<std::int64_t>(record.unstamped_reads);
    if (!figures.IsDone()) {
      ++window.failures[figures.end];
      return;
    }
    if (figures.ttft_s) ttft_.push_back(figures.lag_s + *figures.ttft_s);
    if (figures.tpot_s) tpot_.push_back(*figures.tpot_s);
    e2e_.push_back(figures.IntendedE2e());
    if (figures.queue_s) queue_.push_back(*figures.queue_s);
    reports_cached_ = reports_cached_ || record.metrics.prompt_eval_cached;
    if (IsPromptCached(record.metrics)) ++window.cached_requests;
    if (figures.output_tokens < request.num_predict) ++window.short_answers;
    done_.push_back(&request);
  }

  void Check() {
    Window& window = report_.window;
    WindowChecks& checks = window.checks;
    if (window.sender_lag_p99 && window.ttft_p50) {
      const double lag_s = Seconds(*window.sender_lag_p99);
      const double allowed_s =
          std::clamp(kMostLagOfTtft * Seconds(*window.ttft_p50), kHarmlessLag_s, kMostLag_s);
      checks.sender_lag = lag_s <= allowed_s;
    }
    checks.rate = ReachesLevel();
    if (window.completed > 0 && *window.mean_in_flight > 0) {
      // Throughput times mean latency is the time in flight of those completed over the duration.
      const double expected = completed_s_ / Seconds(*window.duration);
      checks.littles_law =
          std::abs(expected - *window.mean_in_flight) <= kLittleTolerance * *window.mean_in_flight;
    }
    checks.client_cpu = *window.client_cpus <= kMostClientCpus;
    if (reports_cached_) checks.cache = window.cached_requests == 0;
  }

  // All due requests are sent in the end; those that left behind the window's end were late.
  [[nodiscard]] std::optional<bool> ReachesLevel() const {
    if (plan_.concurrency) {
      return *report_.window.mean_in_flight >= kLeastOfRate * *plan_.concurrency;
    }
    std::int64_t sent = 0;
    std::int64_t due = 0;
    for (const WindowRequest& request : run_.requests) {
      if (request.is_calibration || !IsIn(request.record.due)) continue;
      ++due;
      if (request.record.sent && *request.record.sent <= end_) ++sent;
    }
    if (due == 0) return std::nullopt;
    return static_cast<double>(sent) >= kLeastOfRate * static_cast<double>(due);
  }

  void ChooseTypical() {
    if (done_.empty()) return;
    const auto middle = done_.begin() + static_cast<std::ptrdiff_t>(done_.size() / 2);
    std::nth_element(done_.begin(), middle, done_.end(),
                     [](const WindowRequest* a, const WindowRequest* b) {
                       return a->record.metrics.total < b->record.metrics.total;
                     });
    report_.metrics = (*middle)->record.metrics;
    report_.first_token = TimeToFirstToken((*middle)->record);
  }

  const WindowRun& run_;
  const WindowPlan& plan_;
  Time begin_;
  Time end_;
  WindowReport report_;
  std::vector<double> ttft_;
  std::vector<double> tpot_;
  std::vector<double> e2e_;
  std::vector<double> queue_;
  std::vector<double> lag_;
  std::vector<const WindowRequest*> done_;  ///< measured, in the order in which they ended
  std::optional<double> idle_queue_s_;
  double in_flight_s_ = 0;
  double completed_s_ = 0;  ///< latencies of those completed in the window
  bool reports_cached_ = false;
};

}  // namespace

WindowRun::Time EndOf(const StreamRecord& record) {
  return record.done.value_or(record.ended);
}

WindowReport Summarize(const WindowRun& run, const WindowPlan& plan) {
  return Summary(run, plan).Make();
}

}  // namespace ollama_bench
