#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/telemetry.h"
#include "ollama_bench/machine/process_times.h"

namespace ollama_bench {

/// Where the machine shows what it does.
struct TelemetryPlaces {
  std::filesystem::path proc = "/proc";
  std::filesystem::path sysfs = "/sys";
  std::string nvml = "libnvidia-ml.so.1";  ///< as the loader finds it
};

/// What computed on a GPU between two readings, 0 to 1 each; empty where the driver does not say.
struct GpuShares {
  std::optional<double> server;  ///< by the server and its runners
  std::optional<double> others;  ///< by neither these nor ourselves
};

/// Reads what the server's machine does, whenever it is asked. Not thread-safe, but any one thread
/// may use it.
class TelemetryReader {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `port` is the server's; `self` is our process. May take seconds, for drivers that must wake.
  TelemetryReader(int port, int self, TelemetryPlaces places = {});
  TelemetryReader(const TelemetryReader&) = delete;
  TelemetryReader& operator=(const TelemetryReader&) = delete;
  ~TelemetryReader();

  /// Forgets what was read before and takes the first reading of a sample.
  void Begin(Time now);
  /// The next one.
  void Read(Time now);
  /// The last one. Where it comes right after another it takes its place.
  void End(Time now);

  /// Of the sample so far.
  [[nodiscard]] const TelemetryRecord& record() const { return record_; }
  /// For each of these readings, of each GPU.
  [[nodiscard]] const std::vector<std::vector<GpuShares>>& gpu_shares() const { return shares_; }

  /// What is there and may not be read, with the remedy: one line for a person; empty where there
  /// is nothing like it.
  [[nodiscard]] std::string Gap() const;
  /// What is read on this machine, one line for a person.
  [[nodiscard]] std::string Sources() const;

 private:
  struct Devices;
  struct Look;

  void FindServer();
  Look TakeLook(Time now, const Look* earlier);
  void ReadProcesses(Look& look, const Look* earlier);
  [[nodiscard]] TelemetryReading ReadingOf(const Look& look, const Look* earlier) const;
  void AddCpus(const Look& look, const Look& earlier, TelemetryReading& reading) const;
  void AddGpus(const Look& look, TelemetryReading& reading) const;
  [[nodiscard]] std::vector<GpuShares> SharesOf(const Look& look) const;

  int port_;
  int self_;
  TelemetryPlaces places_;
  std::unique_ptr<Devices> devices_;
  std::optional<ProcessId> server_;
  Time began_;
  std::int64_t began_ticks_ = 0;  ///< the same, since the system's start
  std::unique_ptr<Look> first_;
  std::unique_ptr<Look> before_;  ///< the last but one
  std::unique_ptr<Look> last_;
  TelemetryRecord record_;
  std::vector<std::vector<GpuShares>> shares_;
};

/// Bytes read from all disks since the system's start; empty where it does not count them.
std::optional<std::int64_t> DiskBytesRead(const std::filesystem::path& proc = "/proc");

}  // namespace ollama_bench
