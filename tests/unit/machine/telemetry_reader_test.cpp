#include "ollama_bench/machine/telemetry_reader.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "support/fake_proc.h"
#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

constexpr int kPort = 11434;
constexpr int kSelf = 40;
constexpr int kServer = 50;
constexpr int kRunner = 51;
constexpr std::chrono::milliseconds kStep{500};

/// A machine of files, read every half a second.
class TelemetryReaderTest : public testing::Test {
 protected:
  TelemetryReaderTest() {
    proc_.Put(kSelf, {1, "ollama-bench"});
    proc_.Put(kServer, {1, "ollama"});
    proc_.Put(kRunner, {kServer, "ollama"});
    proc_.Listen(kPort, 0, 38402);
    proc_.Hold(kServer, 38402);
    places_ = {proc_.path(), sysfs_.path(), "no such library"};
    facts_.Write("facts", "");
    setenv("FAKE_NVML", (facts_ / "facts").c_str(), 1);
  }
  ~TelemetryReaderTest() override { unsetenv("FAKE_NVML"); }

  void Open() { reader_ = std::make_unique<TelemetryReader>(kPort, kSelf, places_); }
  void Begin() {
    if (!reader_) Open();
    reader_->Begin(now_);
  }
  void Step(std::chrono::milliseconds step = kStep) {
    proc_.Pass(step.count() / 10, 0);
    now_ += step;
    reader_->Read(now_);
  }
  [[nodiscard]] const TelemetryReading& Last() const { return reader_->record().readings.back(); }
  void PutPackage(const std::string& name, std::int64_t microjoules, const std::string& kind) {
    const std::string folder = "class/powercap/" + name;
    std::filesystem::create_directories(sysfs_ / folder);
    sysfs_.Write(folder + "/name", kind + "\n");
    sysfs_.Write(folder + "/energy_uj", std::to_string(microjoules) + "\n");
    sysfs_.Write(folder + "/max_energy_range_uj", "262143328850\n");
  }

  FakeProc proc_;
  TemporaryFolder sysfs_;
  TemporaryFolder facts_;
  TelemetryPlaces places_;
  TelemetryReader::Time now_ = TelemetryReader::Time() + std::chrono::hours(1);
  std::unique_ptr<TelemetryReader> reader_;
};

TEST_F(TelemetryReaderTest, CpuTimeIsDividedAmongTheServerOursAndOthers) {
  Begin();
  proc_.Pass(0, 80, 10);
  proc_.PassOnCpu(1, 45);
  proc_.PassOnCpu(0, 40);
  proc_.Spend(kRunner, 30, 5);
  proc_.Spend(kServer, 5);
  proc_.Spend(kSelf, 10);
  Step();
  EXPECT_NEAR(Last().at_s, 0.5, 1e-9);
  EXPECT_NEAR(Last().cpus.value(), 1.8, 1e-9);
  EXPECT_NEAR(Last().busiest_cpu.value(), 0.9, 1e-9);
  EXPECT_NEAR(Last().server_cpus.value(), 0.8, 1e-9);
  EXPECT_NEAR(Last().others_cpus.value(), 0.8, 1e-9);
}

TEST_F(TelemetryReaderTest, AServerThatWeHaveStartedIsNotTakenOffTwice) {
  proc_.Put(kServer, {kSelf, "ollama"});
  Begin();
  proc_.Pass(0, 60);
  proc_.Spend(kRunner, 40);
  Step();
  EXPECT_NEAR(Last().server_cpus.value(), 0.8, 1e-9);
  EXPECT_NEAR(Last().others_cpus.value(), 0.4, 1e-9);
}

TEST_F(TelemetryReaderTest, EachReadingIsOfTheTimeSinceTheOneBefore) {
  Begin();
  for (int i = 1; i <= 12; ++i) {
    proc_.Pass(0, 5 * i);
    proc_.Spend(kRunner, 4 * i);
    Step();
    EXPECT_NEAR(Last().cpus.value(), 0.1 * i, 1e-9) << i;
    EXPECT_NEAR(Last().server_cpus.value(), 0.08 * i, 1e-9) << i;
  }
  EXPECT_EQ(reader_->record().readings.size(), 13U);
}

TEST_F(TelemetryReaderTest,
       AClientAndARunnerThatStartMeanwhileAreFoundAndNothingOfTheirTimeIsLost) {
  Begin();
  proc_.Put(60, {kSelf, "ollama", proc_.uptime() + 1, 20});
  proc_.Pass(0, 20);
  Step();
  EXPECT_EQ(Last().others_cpus, 0) << "the client is ours";
  double server = 0;
  proc_.Put(61, {kServer, "ollama", proc_.uptime() + 1});
  for (int i = 0; i < 40; ++i) {
    proc_.Spend(61, 2);
    proc_.Pass(0, 2);
    Step();
    server += Last().server_cpus.value();
  }
  EXPECT_NEAR(server, 40 * 0.04, 1e-9);
}

TEST_F(TelemetryReaderTest, AnEndedRunnerAndARestartedServerLeaveNoNonsense) {
  Begin();
  Step();
  proc_.Spend(kRunner, 25);
  proc_.Pass(0, 25);
  proc_.End(kRunner);
  Step();
  EXPECT_NEAR(Last().server_cpus.value(), 0.5, 1e-9) << "its parent has its time";
  proc_.End(kServer);
  Step();
  EXPECT_FALSE(Last().server_cpus);
  EXPECT_TRUE(Last().cpus);
  proc_.Put(70, {1, "ollama", proc_.uptime()});
  proc_.Hold(70, 38402);
  Begin();
  proc_.Spend(70, 50);
  proc_.Pass(0, 50);
  Step();
  EXPECT_NEAR(Last().server_cpus.value(), 1, 1e-9);
}

TEST_F(TelemetryReaderTest, TheLastReadingTakesThePlaceOfOneRightBeforeIt) {
  Begin();
  Step();
  proc_.Pass(0, 50);
  Step();
  proc_.Pass(4, 4);
  now_ += std::chrono::milliseconds(40);
  reader_->End(now_);
  ASSERT_EQ(reader_->record().readings.size(), 3U);
  EXPECT_NEAR(Last().at_s, 1.04, 1e-9);
  EXPECT_NEAR(Last().cpus.value(), 1, 1e-9);
}

TEST_F(TelemetryReaderTest, OfAMomentTheUseOfCpusIsNotKnown) {
  Begin();
  proc_.Pass(3, 6);
  now_ += std::chrono::milliseconds(30);
  reader_->End(now_);
  ASSERT_EQ(reader_->record().readings.size(), 2U);
  EXPECT_FALSE(Last().cpus);
}

TEST_F(TelemetryReaderTest, MemoryIsThatOfTheServersProcessesAndOfTheMachine) {
  proc_.Write("50/statm", "9000 1000 20 1 0 1 0\n");
  proc_.Write("51/statm", "9000 5000 20 1 0 1 0\n");
  proc_.Write("meminfo",
              "MemTotal:  100 kB\nMemFree:  50 kB\nMemAvailable:  70 kB\nBuffers:  2 kB\n"
              "Cached:  30 kB\nSwapCached:  1 kB\n");
  Begin();
  EXPECT_EQ(Last().server_bytes, 6000 * sysconf(_SC_PAGESIZE));
  EXPECT_EQ(Last().available_bytes, 70 * 1024);
  EXPECT_EQ(Last().page_cache_bytes, 30 * 1024);
}

TEST_F(TelemetryReaderTest, AMachineThatShowsNothingLeavesAllEmpty) {
  places_.proc = sysfs_ / "none";
  places_.sysfs = sysfs_ / "none";
  Begin();
  now_ += kStep;
  reader_->Read(now_);
  TelemetryReading empty;
  empty.at_s = 0.5;
  EXPECT_EQ(Last(), empty);
  EXPECT_EQ(reader_->Gap(), "");
  EXPECT_FALSE(DiskBytesRead(places_.proc));
}

TEST_F(TelemetryReaderTest, DiskReadsAreCountedInBytes) {
  proc_.Write("vmstat", "nr_free_pages 12\npgpgin 3000\npgpgout 9\n");
  EXPECT_EQ(DiskBytesRead(proc_.path()), 3000 * 1024);
}

TEST_F(TelemetryReaderTest, EnergyOfThePackagesIsSummedAndSurvivesTheWrapAroundOfItsCounter) {
  PutPackage("intel-rapl:0", 262'143'000'000, "package-0");
  PutPackage("intel-rapl:0:0", 5, "core");
  PutPackage("intel-rapl:1", 1'000'000, "package-1");
  PutPackage("intel-rapl:2", 7, "psys");
  Begin();
  EXPECT_EQ(Last().cpu_energy_j, 0);
  double sum = 0;
  for (int i = 1; i <= 20; ++i) {
    PutPackage("intel-rapl:0", (262'143'000'000 + i * 30'000'000) % 262'143'328'850, "package-0");
    PutPackage("intel-rapl:1", 1'000'000 + i * 5'000'000, "package-1");
    Step();
    EXPECT_NEAR(Last().power_w.value(), 70, 1e-3) << i;
    sum += Last().power_w.value() * 0.5;
    EXPECT_NEAR(Last().cpu_energy_j.value(), 35.0 * i, 1e-3);
  }
  EXPECT_NEAR(sum, Last().cpu_energy_j.value(), 0.01) << "powers add up to the counter";
}

TEST_F(TelemetryReaderTest, CountersThatMayNotBeReadAreSaidOnceWithTheRemedy) {
  PutPackage("intel-rapl:0", 1, "package-0");
  std::filesystem::remove(sysfs_ / "class/powercap/intel-rapl:0/energy_uj");  // as for another user
  Begin();
  EXPECT_NE(reader_->Gap().find("sudo chmod a+r"), std::string::npos) << reader_->Gap();
  EXPECT_EQ(reader_->Gap().find('\n'), std::string::npos);
  Step();
  EXPECT_FALSE(Last().power_w);
  EXPECT_FALSE(Last().cpu_energy_j);
}

TEST_F(TelemetryReaderTest, AmdsCardsAreReadAsTheirDriverShowsThem) {
  places_.sysfs = std::filesystem::path(OLLAMA_BENCH_TEST_DATA) / "sysfs_amd";
  Begin();
  EXPECT_EQ(reader_->record().gpu_names,
            (std::vector<std::string>{"AMD GPU 0x744c", "AMD INSTINCT MI210"}));
  GpuReading first;
  first.use = 0.97;
  first.memory_bytes = 21'474'836'480;
  first.power_w = 285;
  first.clock_mhz = 2304;
  first.temperature_c = 71;
  GpuReading second;
  second.index = 1;
  second.use = 0.03;
  second.power_w = 43;
  second.clock_mhz = 19;
  EXPECT_EQ(Last().gpus, (std::vector<GpuReading>{first, second}));
}

TEST_F(TelemetryReaderTest, EveryGpuOfNvidiasLibraryIsRead) {
  places_.nvml = OLLAMA_BENCH_FAKE_NVML;
  facts_.Write("facts", "slowed 1 0x40\nenergy 0 1000000\nenergy 1 5000000\n");
  Begin();
  EXPECT_EQ(reader_->record().gpu_names, (std::vector<std::string>{"Fake GPU A", "Fake GPU B"}));
  facts_.Write("facts", "slowed 1 0x40\nenergy 0 1100000\nenergy 1 5025000\n");
  Step();
  EXPECT_EQ(Last().gpus[0], (GpuReading{0, 0.9, 4'000'000'000, 200.0, 1800.0, 65.0, false, 100.0}));
  EXPECT_EQ(Last().gpus[1], (GpuReading{1, 0.3, 8'000'000'000, 50.0, 1800.0, 65.0, true, 25.0}));
  EXPECT_NE(reader_->Sources().find("Fake GPU B"), std::string::npos) << reader_->Sources();
}

TEST_F(TelemetryReaderTest, ACallThatFailsLeavesItsOwnFieldEmptyAndNoOther) {
  places_.nvml = OLLAMA_BENCH_FAKE_NVML;
  const std::map<std::string, std::function<void(GpuReading&)>> calls = {
      {"nvmlDeviceGetUtilizationRates", [](GpuReading& gpu) { gpu.use.reset(); }},
      {"nvmlDeviceGetMemoryInfo", [](GpuReading& gpu) { gpu.memory_bytes.reset(); }},
      {"nvmlDeviceGetPowerUsage", [](GpuReading& gpu) { gpu.power_w.reset(); }},
      {"nvmlDeviceGetClockInfo", [](GpuReading& gpu) { gpu.clock_mhz.reset(); }},
      {"nvmlDeviceGetTemperature", [](GpuReading& gpu) { gpu.temperature_c.reset(); }},
      {"nvmlDeviceGetCurrentClocksThrottleReasons", [](GpuReading& gpu) { gpu.is_slowed.reset(); }},
      {"nvmlDeviceGetTotalEnergyConsumption", [](GpuReading& gpu) { gpu.energy_j.reset(); }},
      {"nvmlDeviceGetProcessUtilization", [](GpuReading&) {}}};
  const std::string energy = "energy 0 1000\nenergy 1 1000\n";
  facts_.Write("facts", energy);
  Begin();
  const std::vector<GpuReading> whole = Last().gpus;
  for (const auto& [call, clear] : calls) {
    facts_.Write("facts", energy + "fail " + call + " 1\n");
    Step();
    std::vector<GpuReading> expected = whole;
    clear(expected[1]);
    EXPECT_EQ(Last().gpus, expected) << call;
    EXPECT_EQ(reader_->gpu_shares().back()[1].others.has_value(),
              call != "nvmlDeviceGetProcessUtilization");
  }
}

TEST_F(TelemetryReaderTest, AGpuThatCannotBeOpenedOrNamedIsListedAllTheSame) {
  places_.nvml = OLLAMA_BENCH_FAKE_NVML;
  facts_.Write("facts", "fail nvmlDeviceGetHandleByIndex_v2 0\nfail nvmlDeviceGetName 1\n");
  Begin();
  EXPECT_EQ(reader_->record().gpu_names, (std::vector<std::string>{"", ""}));
  EXPECT_EQ(Last().gpus[0], GpuReading());
  EXPECT_EQ(Last().gpus[1].power_w, 50);
}

TEST_F(TelemetryReaderTest, GpusOfTwoMakersHaveNumbersOfTheirOwn) {
  places_.nvml = OLLAMA_BENCH_FAKE_NVML;
  places_.sysfs = std::filesystem::path(OLLAMA_BENCH_TEST_DATA) / "sysfs_amd";
  Begin();
  Step();
  const std::vector<GpuReading>& gpus = Last().gpus;
  ASSERT_GT(gpus.size(), 2U);
  for (std::size_t i = 0; i < gpus.size(); ++i) EXPECT_EQ(gpus[i].index, static_cast<int>(i));
}

TEST_F(TelemetryReaderTest, ALibraryThatRefusesToWorkIsSaidAndThatThereIsNoneIsNot) {
  Open();
  EXPECT_EQ(reader_->Gap(), "");
  places_.nvml = OLLAMA_BENCH_FAKE_NVML;
  for (const std::string call : {"nvmlInit_v2", "nvmlDeviceGetCount_v2"}) {
    facts_.Write("facts", "fail " + call + "\n");
    reader_.reset();
    Begin();
    EXPECT_TRUE(Last().gpus.empty());
    EXPECT_TRUE(Last().cpu_energy_j == std::nullopt);
    EXPECT_NE(reader_->Gap().find("NVIDIA"), std::string::npos) << call;
  }
}

TEST_F(TelemetryReaderTest, WhatComputedOnAGpuIsTheServersOrAnothersAndTimePastIsLeftOut) {
  places_.nvml = OLLAMA_BENCH_FAKE_NVML;
  facts_.Write("facts", "process 0 999 80\n");
  Begin();
  facts_.Write("facts", "process 0 51 60\nprocess 0 999 25\nprocess 0 40 5\n");
  Step();
  const GpuShares& shares = reader_->gpu_shares().back()[0];
  EXPECT_NEAR(shares.server.value(), 0.6, 1e-9);
  EXPECT_NEAR(shares.others.value(), 0.25, 1e-9);
  EXPECT_EQ(reader_->gpu_shares().back()[1].others, 0);
  std::string many;
  for (int pid = 1000; pid < 1100; ++pid) many += "process 0 " + std::to_string(pid) + " 1\n";
  facts_.Write("facts", many);
  Step();
  EXPECT_NEAR(reader_->gpu_shares().back()[0].others.value(), 1, 1e-9) << "also of many";
}

}  // namespace
}  // namespace ollama_bench
