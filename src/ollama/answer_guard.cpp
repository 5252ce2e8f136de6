#include "answer_guard.h"

#include <algorithm>
#include <csignal>

#include "bytes_received.h"

namespace ollama_bench {
namespace {

// Between two looks at how much has come; answers are usually there before the first.
constexpr std::chrono::milliseconds kLook{20};
constexpr std::chrono::seconds kLongestWhenStopped{5};
constexpr std::chrono::seconds kAllWhenStopped{15};

}  // namespace

AnswerGuard::AnswerGuard(httplib::Client& client, const StopRequest& stop,
                         std::chrono::milliseconds longest, std::int64_t most_bytes)
    : client_(client),
      stop_(stop),
      longest_(longest),
      most_bytes_(most_bytes),
      thread_([this](const std::stop_token& ending) { Watch(ending); }) {
  client_.set_socket_options([this](socket_t socket) {
    bytes_before_ = 0;
    socket_ = socket;
  });
}

bool AnswerGuard::Begin() {
  const std::lock_guard lock(mutex_);
  is_hurried_ = false;
  due_ = Clock::now() + longest_;
  ApplyStop();
  if (gave_up_ || *due_ <= Clock::now()) {
    due_.reset();
    return false;
  }
  bytes_before_ = BytesReceived(socket_);
  changed_.notify_one();
  return true;
}

void AnswerGuard::End(bool answered) {
  const std::lock_guard lock(mutex_);
  due_.reset();
  if (!answered && stop_.Requested()) gave_up_ = true;
}

// Lessens the time of the request under way, once.
void AnswerGuard::ApplyStop() {
  if (is_hurried_ || !stop_.Requested()) return;
  is_hurried_ = true;
  const Time now = Clock::now();
  if (!all_due_) all_due_ = now + kAllWhenStopped;
  due_ = std::min({*due_, now + kLongestWhenStopped, *all_due_});
}

bool AnswerGuard::IsTooMuch() const {
  return Clock::now() >= *due_ || BytesReceived(socket_) - bytes_before_ > most_bytes_;
}

void AnswerGuard::Watch(const std::stop_token& ending) {
  // Signals are the main thread's, which waits in calls that they are to interrupt.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, ending, [this] { return due_.has_value(); })) {
    const Time due = *due_;
    changed_.wait_until(lock, ending, Clock::now() + kLook, [&] { return due_ != due; });
    if (due_ != due) continue;
    ApplyStop();
    // Again at each look: a connection that is just being made cannot be broken.
    if (IsTooMuch()) client_.stop();
  }
}

}  // namespace ollama_bench
