#include "ollama_bench/machine/memory_bandwidth.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <csignal>
#include <thread>

#include "cpu_caches.h"
#include "support/sanitizers.h"
#include "support/share.h"
#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

constexpr std::size_t kMiB = 1024 * 1024;

TEST(MemoryBandwidthTest, MeasuresWithAllCpusThatThisProcessMayUse) {
  const auto measured = MeasureMemoryBandwidth({0, 3, 4 * kMiB}, StopRequest());
  ASSERT_TRUE(measured) << measured.error();
  EXPECT_EQ(measured->threads, static_cast<int>(UsableCpus().size()));
  EXPECT_EQ(measured->array_bytes, 4 * kMiB);
  EXPECT_GT(measured->gigabytes_per_second, 0.01);
}

TEST(MemoryBandwidthTest, TakesArraysLargerThanTheCachesUnlessToldOtherwise) {
  const auto measured = MeasureMemoryBandwidth({0, 2, 0}, StopRequest());
  ASSERT_TRUE(measured) << measured.error();
  EXPECT_GE(measured->array_bytes, 64 * kMiB);
  EXPECT_LE(measured->array_bytes, static_cast<std::size_t>(measured->threads) * 128 * kMiB);
}

TEST(MemoryBandwidthTest, TakesAnyNumberOfThreadsAndElementsThatDoNotDivide) {
  for (const int threads : {1, 2, 3, 7, 16}) {
    const auto measured = MeasureMemoryBandwidth({threads, 2, 1'000'003}, StopRequest());
    ASSERT_TRUE(measured) << measured.error();
    EXPECT_EQ(measured->threads, threads);
    EXPECT_EQ(measured->array_bytes, 1'000'000U);
    EXPECT_GT(measured->gigabytes_per_second, 0);
  }
}

TEST(MemoryBandwidthTest, LeavesTheAffinityOfTheCallingThreadAsItIs) {
  const std::vector<int> before = UsableCpus();
  ASSERT_TRUE(MeasureMemoryBandwidth({0, 2, kMiB}, StopRequest()));
  EXPECT_EQ(UsableCpus(), before);
}

TEST(MemoryBandwidthTest, UsesOnlyTheCpusOfTheAffinity) {
  const int first = UsableCpus().front();
  std::jthread([first] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(first), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    const auto measured = MeasureMemoryBandwidth({0, 2, kMiB}, StopRequest());
    ASSERT_TRUE(measured) << measured.error();
    EXPECT_EQ(measured->threads, 1);
  }).join();
}

TEST(MemoryBandwidthTest, AStopRequestEndsItWithoutAFigure) {
  StopRequest before;
  before.Request(SIGINT);
  EXPECT_EQ(MeasureMemoryBandwidth({}, before).error(), "stopped");
  // Comes at any time: as soon as it is seen, no repetition begins.
  StopRequest during;
  const std::jthread stopper([&during] { during.Request(SIGINT); });
  EXPECT_EQ(MeasureMemoryBandwidth({2, 1'000'000, kMiB}, during).error(), "stopped");
}

TEST(MemoryBandwidthTest, ArraysThatDoNotFitAreAnError) {
  EXPECT_EQ(MeasureMemoryBandwidth({4, 2, 16}, StopRequest()).error(),
            "there is not enough memory for 4 threads");
  if (kSanitized) GTEST_SKIP() << "a sanitizer ends the program at such an allocation";
  EXPECT_EQ(MeasureMemoryBandwidth({1, 2, std::size_t{1} << 60}, StopRequest()).error(),
            "no memory for three arrays of 1152921504606846976 bytes");
}

/// A machine's caches as the system reports them.
class CpuCachesTest : public testing::Test {
 protected:
  void Put(int cpu, int index, int level, const std::string& type, const std::string& size,
           const std::string& shared_by) const {
    const std::string name =
        "cpu" + std::to_string(cpu) + "/cache/index" + std::to_string(index) + "/";
    std::filesystem::create_directories(folder_ / name);
    folder_.Write(name + "level", std::to_string(level) + "\n");
    folder_.Write(name + "type", type + "\n");
    folder_.Write(name + "size", size + "\n");
    folder_.Write(name + "shared_cpu_list", shared_by + "\n");
  }
  TemporaryFolder folder_;
};

TEST_F(CpuCachesTest, EachLastLevelCacheCountsOnceAndOnlyThoseOfTheCpus) {
  for (int cpu = 0; cpu < 6; ++cpu) {
    Put(cpu, 0, 1, "Data", "48K", std::to_string(cpu));
    Put(cpu, 1, 1, "Instruction", "64K", std::to_string(cpu));
    Put(cpu, 2, 2, "Unified", "1024K", std::to_string(cpu));
    Put(cpu, 3, 3, "Unified", cpu < 2 ? "32768K" : "96M",
        cpu < 2 ? "0-1" : (cpu < 4 ? "2-3" : "4-5"));
  }
  EXPECT_EQ(LastLevelCacheBytes({0, 1, 2, 3}, folder_.path()), (32 + 96) * 1024 * 1024);
  EXPECT_EQ(LastLevelCacheBytes({1}, folder_.path()), 32 * 1024 * 1024);
}

TEST_F(CpuCachesTest, WithoutAThirdLevelTheSecondIsTheLast) {
  Put(0, 0, 1, "Data", "32K", "0");
  Put(0, 1, 2, "Unified", "512K", "0");
  Put(1, 0, 1, "Data", "32K", "1");
  Put(1, 1, 2, "Unified", "512K", "1");
  EXPECT_EQ(LastLevelCacheBytes({0, 1}, folder_.path()), 1024 * 1024);
}

TEST_F(CpuCachesTest, WhatIsNoSizeCountsAsNothing) {
  Put(0, 0, 3, "Unified", "many", "0");
  Put(1, 0, 3, "Unified", "-5K", "1");
  Put(2, 0, 3, "Unified", "99999999999999999999K", "2");
  EXPECT_EQ(LastLevelCacheBytes({0, 1, 2, 7}, folder_.path()), 0);
}

/// STREAM as McCalpin describes it: four kernels one after the other, each over threads of its own
/// that take every k-th block, one bound to each CPU, the arrays three vectors.
class Stream {
 public:
  Stream(std::size_t elements, std::vector<int> cpus)
      : cpus_(std::move(cpus)),
        threads_(cpus_.size()),
        a_(elements, 1),
        b_(elements, 2),
        c_(elements, 0) {}

  /// The triad's GB/s in one pass over all kernels.
  double Pass() {
    Kernel([this](std::size_t i) { c_[i] = a_[i]; });
    Kernel([this](std::size_t i) { b_[i] = 3 * c_[i]; });
    Kernel([this](std::size_t i) { c_[i] = a_[i] + b_[i]; });
    const double seconds = Kernel([this](std::size_t i) { a_[i] = b_[i] - 0.5 * c_[i]; });
    return 3 * sizeof(double) * static_cast<double>(a_.size()) / seconds / 1e9;
  }
  [[nodiscard]] const std::vector<double>& a() const { return a_; }

 private:
  template <class Step>
  double Kernel(Step step) {
    using Clock = std::chrono::steady_clock;
    std::vector<Clock::time_point> begins(threads_);
    std::vector<Clock::time_point> ends(threads_);
    std::vector<std::thread> running;
    for (std::size_t thread = 0; thread < threads_; ++thread) {
      running.emplace_back([&, thread, step] {
        constexpr std::size_t kBlock = 1 << 18;
        cpu_set_t own;
        CPU_ZERO(&own);
        CPU_SET(static_cast<std::size_t>(cpus_[thread]), &own);
        sched_setaffinity(0, sizeof own, &own);
        begins[thread] = Clock::now();
        for (std::size_t at = thread * kBlock; at < a_.size(); at += threads_ * kBlock) {
          const std::size_t end = std::min(at + kBlock, a_.size());
          for (std::size_t i = at; i < end; ++i) step(i);
        }
        ends[thread] = Clock::now();
      });
    }
    for (std::thread& thread : running) thread.join();
    const auto took = *std::max_element(ends.begin(), ends.end()) -
                      *std::min_element(begins.begin(), begins.end());
    return std::chrono::duration<double>(took).count();
  }

  std::vector<int> cpus_;
  std::size_t threads_;
  std::vector<double> a_, b_, c_;
};

// What other programs and other machines on the same host take of the memory changes by the second,
// so each figure is compared with one taken just after it, and the middle one of many ratios
// counts.
TEST(MemoryBandwidthLongTest, AgreesWithAStreamOfAnotherMaking) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer measures itself";
  // Few rounds on a machine that other tests keep busy show the size alone.
  const std::size_t rounds = FullCountsWanted() ? 101 : 5;
  const double tolerance = FullCountsWanted() ? 0.1 : 0.6;
  const std::vector<int> cpus = UsableCpus();
  const std::int64_t caches = LastLevelCacheBytes(cpus, "/sys/devices/system/cpu");
  // Short passes find a quiet moment more often.
  const auto array_bytes = std::max<std::size_t>(64 * kMiB, static_cast<std::size_t>(2 * caches));
  Stream stream(array_bytes / sizeof(double), cpus);
  std::vector<double> ratios;
  for (std::size_t round = 0; round < rounds; ++round) {
    constexpr int kPasses = 20;
    const auto measured = MeasureMemoryBandwidth({0, kPasses + 1, array_bytes}, StopRequest());
    ASSERT_TRUE(measured) << measured.error();
    double theirs = 0;
    for (int pass = 0; pass < kPasses; ++pass) theirs = std::max(theirs, stream.Pass());
    ratios.push_back(measured->gigabytes_per_second / theirs);
  }
  std::sort(ratios.begin(), ratios.end());
  std::cout << "triad / STREAM: median " << ratios[rounds / 2] << ", quartiles "
            << ratios[rounds / 4] << " and " << ratios[rounds * 3 / 4] << ", " << cpus.size()
            << " threads\n";
  EXPECT_NEAR(ratios[rounds / 2], 1, tolerance);
  EXPECT_EQ(stream.a(), std::vector<double>(stream.a().size(), 1)) << "each pass restores it";
}

}  // namespace
}  // namespace ollama_bench
