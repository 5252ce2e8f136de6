#include "ollama_bench/machine/telemetry_sampler.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>

#include "ollama_bench/core/unique_fd.h"

namespace ollama_bench {
namespace {

using std::chrono::steady_clock;

const TelemetryPlaces kHere{"/proc", "/sys", "no such library"};

double Seconds(steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

/// A process that takes one CPU and is seen as an Ollama server, for it listens and has the name.
class BusyServer {
 public:
  BusyServer() {
    const UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener.get(), any, length) != 0 || listen(listener.get(), 1) != 0 ||
        getsockname(listener.get(), any, &length) != 0) {
      throw std::runtime_error("listen");
    }
    port_ = ntohs(address.sin_port);
    auto named = MakePipe().value();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      prctl(PR_SET_NAME, "ollama");
      named.read_end.Reset();
      named.write_end.Reset();
      for (std::atomic<unsigned> turns;;) ++turns;
    }
    named.write_end.Reset();
    char none = 0;
    while (read(named.read_end.get(), &none, 1) > 0) {
    }
  }
  ~BusyServer() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  BusyServer(const BusyServer&) = delete;
  BusyServer& operator=(const BusyServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] double CpuSeconds() const {
    return static_cast<double>(ReadProcessStat("/proc", pid_)->own.Total()) / 100;
  }

 private:
  int port_ = 0;
  pid_t pid_ = -1;
};

// On a busy machine it gets less than a whole CPU, which both see.
TEST(TelemetrySamplerTest, AProcessThatTakesACpuShowsAsWhatTheSystemCountsOfIt) {
  const BusyServer server;
  TelemetrySampler sampler(server.port(), getpid(), kHere);
  sampler.Begin();
  const auto began = steady_clock::now();
  const double before = server.CpuSeconds();
  while (steady_clock::now() - began < std::chrono::seconds(3)) usleep(10'000);
  const double cpus = (server.CpuSeconds() - before) / Seconds(steady_clock::now() - began);
  const SampledTelemetry sampled = sampler.End();
  const Telemetry telemetry =
      SummarizeTelemetry(sampled.record, 0, sampled.record.readings.back().at_s);
  EXPECT_NEAR(telemetry.server_cpus_mean.value(), cpus, 0.05);
  EXPECT_GE(telemetry.cpus_mean.value(), telemetry.server_cpus_mean.value() - 0.05);
  EXPECT_GT(telemetry.server_bytes_max.value(), 0);
  EXPECT_GT(telemetry.available_bytes_min.value(), 0);
  EXPECT_GT(telemetry.page_cache_bytes_max.value(), 0);
}

TEST(TelemetrySamplerTest, ReadingsFollowOneAnotherFromTheBeginningToTheEnd) {
  TelemetrySampler sampler(1, getpid(), kHere);
  for (int sample = 0; sample < 3; ++sample) {
    const auto began = steady_clock::now();
    sampler.Begin();
    while (steady_clock::now() - began < std::chrono::milliseconds(700)) usleep(10'000);
    const auto ends = steady_clock::now();
    const SampledTelemetry sampled = sampler.End();
    const auto& readings = sampled.record.readings;
    ASSERT_GE(readings.size(), 2U);
    EXPECT_LE(readings.size(), 2U + Seconds(steady_clock::now() - began) / 0.1);
    EXPECT_GE(sampled.began, began);
    EXPECT_EQ(readings.front().at_s, 0);
    EXPECT_GE(readings.back().at_s, Seconds(ends - sampled.began));
    for (std::size_t i = 1; i < readings.size(); ++i) {
      EXPECT_GT(readings[i].at_s, readings[i - 1].at_s);
    }
    EXPECT_EQ(sampled.gpu_shares.size(), readings.size());
  }
}

TEST(TelemetrySamplerTest, ASampleMayBeGivenUpBegunAgainAndEndAtOnce) {
  TelemetrySampler sampler(1, getpid(), kHere);
  sampler.Cancel();
  sampler.Begin();
  sampler.Begin();
  sampler.Cancel();
  sampler.Begin();
  EXPECT_EQ(sampler.End().record.readings.size(), 2U);
  sampler.Begin();
}

TEST(TelemetrySamplerTest, SignalsAreLeftToTheOtherThreads) {
  static std::atomic<pthread_t> handler{};
  struct sigaction action {};
  action.sa_handler = [](int) { handler = pthread_self(); };
  struct sigaction before {};
  sigaction(SIGUSR1, &action, &before);
  TelemetrySampler sampler(1, getpid(), kHere);
  sampler.Begin();
  usleep(50'000);
  sigset_t all;
  sigset_t old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  kill(getpid(), SIGUSR1);
  usleep(50'000);
  EXPECT_EQ(handler.load(), pthread_t{}) << "nobody has taken it";
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  EXPECT_EQ(handler.load(), pthread_self());
  sampler.Cancel();
  sigaction(SIGUSR1, &before, nullptr);
}

}  // namespace
}  // namespace ollama_bench
