#include "ollama_bench/workload/window.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>

#include "arrivals.h"
#include "ollama_bench/core/random.h"
#include "ollama_bench/core/unique_fd.h"
#include "window_record.h"

namespace ollama_bench {
namespace {

using std::chrono::steady_clock;
using Time = WindowRun::Time;

// Requests of a rate are handed to the client so long before they are due.
constexpr std::chrono::milliseconds kAhead{200};
constexpr std::chrono::milliseconds kTick{50};
// A user whose request failed asks again after so long.
constexpr std::chrono::seconds kPause{1};
// Before the first answer, so many failures are those of every request.
constexpr int kHopeless = 3;
// What the sockets of one process suffice for.
constexpr std::size_t kMostInFlight = 900;

/// Brings the load about. Its state is changed by the client's thread and by that of Run.
class WindowExecutor : public std::enable_shared_from_this<WindowExecutor> {
 public:
  WindowExecutor(const WindowPlan& plan, RequestClient& client, const RequestMaker& make)
      : plan_(plan), client_(client), make_(make), random_(plan.seed) {}

  Expected<WindowReport, Failure> Run(const StopRequest& stop,
                                      const std::function<void()>& on_idle) {
    auto ends = MakePipe();
    if (!ends) throw std::system_error(errno, std::generic_category(), "pipe");
    over_ = std::move(ends->write_end);
    const auto began = steady_clock::now();
    const auto cpu_before = client_.CpuTime();
    Begin();
    while (!IsOver(ends->read_end.get(), stop)) {
      if (on_idle) on_idle();
      Tick(stop.Requested());
    }
    const std::lock_guard lock(mutex_);
    run_.cpu = client_.CpuTime() - cpu_before;
    run_.wall = steady_clock::now() - began;
    if (failure_) return Unexpected<Failure>(*failure_);
    if (!run_.begin || *run_.end <= *run_.begin) {
      return Unexpected<Failure>(Stopped());
    }
    return Summarize(run_, plan_);
  }

 private:
  struct InFlight {
    std::uint64_t id = 0;  ///< of the client's
    Time due;
  };
  enum class Stage {
    kCalibrating,
    kFilling,  ///< warm-up
    kMeasuring,
    kFollowing,  ///< behind the measured stretch, requests go on being sent
    kEnding,     ///< nothing is sent any more
  };

  // True once the last request has ended; false a few times a second, or after a stop request.
  bool IsOver(int pipe_end, const StopRequest& stop) {
    std::array<pollfd, 2> fds = {pollfd{pipe_end, POLLIN, 0},
                                 pollfd{is_stopped_ ? -1 : stop.wake_fd(), POLLIN, 0}};
    const int ready = poll(fds.data(), fds.size(), static_cast<int>(kTick.count()));
    return ready > 0 && fds[0].revents != 0;
  }

  void Begin() {
    const std::lock_guard lock(mutex_);
    Send(plan_.num_predict, std::nullopt, true);
  }

  void Tick(bool is_stop_requested) {
    const std::lock_guard lock(mutex_);
    if (is_stop_requested && !std::exchange(is_stopped_, true)) return Stop();
    if (stage_ != Stage::kEnding && failed_ > 0 && steady_clock::now() > answered_ + patience_) {
      return Fail(*last_failure_);
    }
    if (stage_ == Stage::kMeasuring && plan_.traffic.duration) {
      const Time end = *run_.begin + *plan_.traffic.duration;
      if (steady_clock::now() >= end) EndMeasuring(end);
    }
    if (arrivals_ && stage_ != Stage::kEnding) SendDue();
  }

  void Send(int num_predict, std::optional<Time> due, bool is_calibration = false) {
    StreamRequest request = make_(num_predict);
    request.due = due.value_or(steady_clock::now());
    patience_ = request.timeout;
    const std::uint64_t number = next_number_++;
    InFlight& sent = in_flight_[number];
    sent.due = *request.due;
    sent.id = client_.Send(std::move(request), [self = shared_from_this(), number, num_predict,
                                                is_calibration](StreamRecord record) {
      self->OnEnd(number, {std::move(record), num_predict, is_calibration});
    });
  }

  void OnEnd(std::uint64_t number, WindowRequest request) {
    const std::lock_guard lock(mutex_);
    in_flight_.erase(number);
    const Time time = EndOf(request.record);
    const bool is_done = request.record.end == StreamEnd::kDone;
    const Time sent = request.record.sent.value_or(request.record.due);
    Judge(request.record);
    run_.requests.push_back(std::move(request));
    switch (stage_) {
      case Stage::kCalibrating:
        StartFilling();
        break;
      case Stage::kFilling:
        is_done ? CountWarmUp(sent, time) : SendNext(is_done);
        break;
      case Stage::kMeasuring:
        ++counted_;
        if (plan_.concurrency && !plan_.traffic.duration && counted_ >= Wanted()) {
          EndMeasuring(time);
        }
        SendNext(is_done);
        break;
      case Stage::kFollowing:
        if (!CountsAny()) EndSending();
        break;
      case Stage::kEnding:
        break;
    }
    if (stage_ == Stage::kEnding && in_flight_.empty()) over_.Reset();
  }

  // Whether a request is in flight that was due in the measured stretch.
  [[nodiscard]] bool CountsAny() const {
    return std::any_of(in_flight_.begin(), in_flight_.end(),
                       [this](const auto& entry) { return entry.second.due <= *run_.end; });
  }

  [[nodiscard]] int Wanted() const {
    return plan_.traffic.RequestsOf(plan_.concurrency.value_or(0));
  }

  // Whether to go on at all.
  void Judge(const StreamRecord& record) {
    if (is_stopped_ || failure_) return;
    if (record.end == StreamEnd::kDone) {
      has_answer_ = true;
      failed_ = 0;
      answered_ = steady_clock::now();
      return;
    }
    ++failed_;
    last_failure_ = record.failure;
    const bool is_gone = record.end == StreamEnd::kUnreachable;
    if (is_gone || (!has_answer_ && failed_ >= kHopeless)) Fail(*record.failure);
  }

  void Fail(Failure failure) {
    failure_ = std::move(failure);
    EndSending();
    Cancel();
  }

  void StartFilling() {
    stage_ = Stage::kFilling;
    if (!plan_.concurrency) {
      arrivals_.emplace(plan_.traffic.arrival, *plan_.request_rate, plan_.seed,
                        steady_clock::now());
      return SendDue();
    }
    // Equal steps of length, at random among the users.
    std::vector<int> lengths;
    for (int user = 0; user < *plan_.concurrency; ++user) {
      lengths.push_back(std::max(1, plan_.num_predict * (2 * user + 1) / (2 * *plan_.concurrency)));
    }
    Shuffle(std::span(lengths), random_);
    for (const int length : lengths) Send(length, std::nullopt);
  }

  void CountWarmUp(Time sent, Time time) {
    if (plan_.concurrency) {
      if (++counted_ >= *plan_.concurrency) BeginMeasuring(time);
      return SendNext(true);
    }
    if (!first_answer_) first_answer_ = time;
    if (sent > *first_answer_) BeginMeasuring(time);
  }

  void BeginMeasuring(Time time) {
    stage_ = Stage::kMeasuring;
    run_.begin = time;
    counted_ = 0;
  }

  void EndMeasuring(Time time) {
    run_.end = time;
    if (plan_.concurrency) return EndSending();
    stage_ = Stage::kFollowing;
    following_ = static_cast<int>(in_flight_.size());
  }

  // The next request of the user whose request ended.
  void SendNext(bool is_done) {
    if (!plan_.concurrency || stage_ == Stage::kEnding) return;
    Send(plan_.num_predict, is_done ? std::nullopt : std::optional(steady_clock::now() + kPause));
  }

  // What is due soon, of a rate.
  void SendDue() {
    const Time now = steady_clock::now();
    while (stage_ != Stage::kEnding && arrivals_->next() <= now + kAhead) {
      if (in_flight_.size() >= kMostInFlight) return GiveUp(now);
      const Time due = arrivals_->Take();
      Send(plan_.num_predict, due);
      if (stage_ == Stage::kFollowing && --following_ <= 0) EndSending();
      if (stage_ != Stage::kMeasuring || due <= *run_.begin) continue;
      if (++due_ >= plan_.traffic.requests && !plan_.traffic.duration) EndMeasuring(due);
    }
  }

  // The server falls ever further behind the rate.
  void GiveUp(Time now) {
    if (!run_.begin) run_.begin = run_.requests.front().record.ended;
    if (!run_.end) run_.end = now;
    EndSending();
    Cancel();
  }

  void Stop() {
    run_.is_cut = !run_.end;
    if (run_.begin && !run_.end) run_.end = steady_clock::now();
    EndSending();
    Cancel();
  }

  void EndSending() {
    stage_ = Stage::kEnding;
    if (in_flight_.empty()) over_.Reset();
  }

  void Cancel() {
    for (const auto& [number, sent] : in_flight_) client_.Cancel(sent.id);
  }

  const WindowPlan& plan_;
  RequestClient& client_;
  const RequestMaker& make_;
  std::mutex mutex_;
  Random random_;
  Stage stage_ = Stage::kCalibrating;
  WindowRun run_;
  std::map<std::uint64_t, InFlight> in_flight_;  ///< by our number
  std::uint64_t next_number_ = 0;
  UniqueFd over_;  ///< closed once all is over
  std::optional<Arrivals> arrivals_;
  std::optional<Time> first_answer_;
  std::optional<Failure> failure_;
  int counted_ = 0;    ///< completions in the stage
  int due_ = 0;        ///< requests due in the measured stretch
  int following_ = 0;  ///< still to be sent behind it
  int failed_ = 0;     ///< since the last answer
  std::optional<Failure> last_failure_;
  Time answered_ = steady_clock::now();  ///< last
  std::chrono::milliseconds patience_{0};
  bool has_answer_ = false;
  bool is_stopped_ = false;
};

}  // namespace

Expected<WindowReport, Failure> RunWindow(const WindowPlan& plan, RequestClient& client,
                                          const RequestMaker& make, const StopRequest& stop,
                                          const std::function<void()>& on_idle) {
  if (stop.Requested()) {
    return Unexpected<Failure>(Stopped());
  }
  return std::make_shared<WindowExecutor>(plan, client, make)->Run(stop, on_idle);
}

}  // namespace ollama_bench
