#include "ollama_bench/workload/prompt_pass.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace ollama_bench {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kIdle{50};
// A client ends what is cancelled at once; this is for one that does not.
constexpr milliseconds kCancelLimit{300};

// What others would meet as well, whatever they ask.
bool IsOfTheServer(FailureKind kind) {
  return kind == FailureKind::kServerUnavailable || kind == FailureKind::kServerBusy ||
         kind == FailureKind::kRefused || kind == FailureKind::kModelMissing;
}

// After these the next request has to load the model again.
bool MayHaveUnloaded(FailureKind kind) {
  return kind == FailureKind::kServerUnavailable || kind == FailureKind::kRunnerCrash ||
         kind == FailureKind::kOutOfMemory || kind == FailureKind::kGpuResourceAllocation ||
         kind == FailureKind::kCannotLoad;
}

/// Counts failures that come one after another.
class Hope {
 public:
  explicit Hope(std::size_t concurrency) : concurrency_(concurrency) {}

  void Count(const StreamRecord& record) {
    // The server stopped a model that repeats itself.
    if (!record.failure || record.end == StreamEnd::kUnfinished) {
      of_server_ = 0;
      of_any_ = 0;
      return;
    }
    of_server_ = IsOfTheServer(record.failure->kind) ? of_server_ + 1 : 0;
    ++of_any_;
  }
  [[nodiscard]] bool IsLost() const {
    return of_server_ >= std::max(std::size_t{3}, concurrency_) ||
           of_any_ >= std::max(std::size_t{20}, 2 * concurrency_);
  }

 private:
  std::size_t concurrency_;
  std::size_t of_server_ = 0;
  std::size_t of_any_ = 0;
};

/// What the calling thread and the client's share. It outlives the pass where a client calls late.
class Pass : public std::enable_shared_from_this<Pass> {
 public:
  Pass(RequestClient& client, const PassOptions& options, const PassSeams& seams)
      : client_(client),
        options_(options),
        request_(seams.request),
        hope_(options.concurrency),
        is_loaded_(options.is_loaded),
        in_flight_(options.concurrency) {}

  void Begin() {
    const std::lock_guard lock(mutex_);
    for (std::size_t slot = 0; slot < options_.concurrency; ++slot) SendNext(slot);
  }
  /// What has ended since, after waiting for it for a moment.
  std::deque<PassAnswer> TakeAnswers() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kIdle, [this] { return !answers_.empty() || flying_ == 0; });
    return std::exchange(answers_, {});
  }
  void Cancel() {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
    for (const auto& id : in_flight_) {
      if (id) client_.Cancel(*id);
    }
  }
  [[nodiscard]] bool IsOver() {
    const std::lock_guard lock(mutex_);
    return flying_ == 0 && answers_.empty();
  }
  [[nodiscard]] std::optional<Failure> WhyHopeless() {
    const std::lock_guard lock(mutex_);
    return why_hopeless_;
  }

 private:
  // With the mutex held.
  void SendNext(std::size_t slot) {
    if (is_ending_ || why_hopeless_ || next_ == options_.turns) return;
    const std::size_t turn = next_++;
    ++flying_;
    const bool is_first = !is_loaded_;
    in_flight_[slot] = client_.Send(
        request_(turn), [self = shared_from_this(), turn, slot, is_first](StreamRecord record) {
          self->OnEnd({turn, slot, is_first, std::move(record)});
        });
  }

  // On the client's thread.
  void OnEnd(PassAnswer answer) {
    const std::lock_guard lock(mutex_);
    in_flight_[answer.slot].reset();
    --flying_;
    if (answer.record.end != StreamEnd::kCancelled) Consider(answer.record);
    SendNext(answer.slot);
    answers_.push_back(std::move(answer));
    changed_.notify_one();
  }

  void Consider(const StreamRecord& record) {
    if (!record.failure) is_loaded_ = true;
    if (record.failure && MayHaveUnloaded(record.failure->kind)) is_loaded_ = false;
    hope_.Count(record);
    if (hope_.IsLost() && !why_hopeless_) why_hopeless_ = record.failure;
  }

  RequestClient& client_;
  const PassOptions options_;
  const std::function<StreamRequest(std::size_t)> request_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<PassAnswer> answers_;
  Hope hope_;
  bool is_loaded_;
  bool is_ending_ = false;
  std::optional<Failure> why_hopeless_;
  std::vector<std::optional<std::uint64_t>> in_flight_;  ///< of each slot
  std::size_t flying_ = 0;
  std::size_t next_ = 0;
};

}  // namespace

PassEnd RunPass(RequestClient& client, const PassOptions& options, const PassSeams& seams,
                const StopRequest& stop) {
  const auto pass = std::make_shared<Pass>(client, options, seams);
  PassEnd end;
  std::optional<std::chrono::steady_clock::time_point> give_up;
  const auto end_early = [&](PassEnd::Reason reason, std::optional<Failure> failure) {
    if (give_up) return;
    end = {reason, std::move(failure)};
    give_up = std::chrono::steady_clock::now() + kCancelLimit;
    pass->Cancel();
  };
  pass->Begin();
  while (!pass->IsOver() && (!give_up || std::chrono::steady_clock::now() < *give_up)) {
    for (PassAnswer& answer : pass->TakeAnswers()) {
      if (end.reason == PassEnd::Reason::kRefused) break;
      if (!seams.on_answer(std::move(answer))) end_early(PassEnd::Reason::kRefused, std::nullopt);
    }
    if (stop.Requested()) end_early(PassEnd::Reason::kStopRequested, std::nullopt);
    if (auto why = pass->WhyHopeless()) end_early(PassEnd::Reason::kHopeless, std::move(why));
    seams.on_idle();
  }
  return end;
}

}  // namespace ollama_bench
