#include "ollama_bench/machine/telemetry_sampler.h"

#include <algorithm>
#include <csignal>
#include <exception>
#include <utility>

namespace ollama_bench {
using std::chrono::steady_clock;

TelemetrySampler::TelemetrySampler(int port, int self, TelemetryPlaces places)
    : reader_(port, self, std::move(places)) {}

TelemetrySampler::~TelemetrySampler() {
  Cancel();
}

void TelemetrySampler::Begin() {
  Cancel();
  is_ending_ = false;
  began_ = steady_clock::now();
  reader_.Begin(began_);
  thread_ = std::thread([this] { Run(); });
}

void TelemetrySampler::Run() {
  // Signals are the main thread's, which waits in calls that they are to interrupt.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  auto next = began_;
  std::unique_lock lock(mutex_);
  while (true) {
    // After a pause of the whole machine the readings that were missed are not made up for.
    next = std::max(next + kInterval, steady_clock::now() + kInterval / 2);
    if (ends_.wait_until(lock, next, [this] { return is_ending_; })) return;
    lock.unlock();
    try {
      reader_.Read(steady_clock::now());
    } catch (const std::exception&) {
      return;  // out of memory, or of files: the sample goes without further readings
    }
    lock.lock();
  }
}

SampledTelemetry TelemetrySampler::End() {
  Cancel();
  reader_.End(steady_clock::now());
  return {began_, reader_.record(), reader_.gpu_shares()};
}

void TelemetrySampler::Cancel() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  ends_.notify_one();
  thread_.join();
}

}  // namespace ollama_bench
