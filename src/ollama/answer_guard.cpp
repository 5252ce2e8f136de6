#include "answer_guard.h"

#include <algorithm>
#include <csignal>

#include "bytes_received.h"

namespace ollama_bench {
namespace {

// Between two looks at how much has come; answers are usually there before the first.
constexpr std::chrono::milliseconds kLook{20};

}  // namespace

AnswerGuard::AnswerGuard(httplib::Client& client, std::chrono::milliseconds longest,
                         std::int64_t most_bytes)
    : client_(client),
      longest_(longest),
      most_bytes_(most_bytes),
      thread_([this](const std::stop_token& stop) { Watch(stop); }) {
  client_.set_socket_options([this](socket_t socket) {
    bytes_before_ = 0;
    socket_ = socket;
  });
}

void AnswerGuard::Begin() {
  const std::lock_guard lock(mutex_);
  due_ = std::chrono::steady_clock::now() + longest_;
  bytes_before_ = BytesReceived(socket_);
  changed_.notify_one();
}

void AnswerGuard::End() {
  const std::lock_guard lock(mutex_);
  due_.reset();
}

void AnswerGuard::Watch(const std::stop_token& stop) {
  // Signals are the main thread's, which waits in calls that they are to interrupt.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return due_.has_value(); })) {
    const Time due = *due_;
    const Time next = std::min(due, std::chrono::steady_clock::now() + kLook);
    changed_.wait_until(lock, stop, next, [&] { return due_ != due; });
    if (due_ != due) continue;
    const bool too_late = std::chrono::steady_clock::now() >= due;
    if (!too_late && BytesReceived(socket_) - bytes_before_ <= most_bytes_) continue;
    client_.stop();
    due_.reset();
  }
}

}  // namespace ollama_bench
