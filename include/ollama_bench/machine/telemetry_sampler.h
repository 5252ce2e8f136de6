#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ollama_bench/machine/telemetry_reader.h"

namespace ollama_bench {

/// What was read while a sample ran.
struct SampledTelemetry {
  TelemetryReader::Time began;
  TelemetryRecord record;
  std::vector<std::vector<GpuShares>> gpu_shares;  ///< as of TelemetryReader
};

/// Reads what the machine does about five times a second while a sample runs, on a thread of its
/// own that is there only then. Call its functions from one thread.
class TelemetrySampler {
 public:
  static constexpr std::chrono::milliseconds kInterval{200};

  TelemetrySampler(int port, int self, TelemetryPlaces places = {});
  TelemetrySampler(const TelemetrySampler&) = delete;
  TelemetrySampler& operator=(const TelemetrySampler&) = delete;
  ~TelemetrySampler();

  /// Takes the first reading, in this thread.
  void Begin();
  /// Takes the last reading. Call it once after each Begin, unless Cancel is called.
  SampledTelemetry End();
  /// In place of End: what was read is of no use.
  void Cancel();

  /// Not between Begin and End.
  [[nodiscard]] const TelemetryReader& reader() const { return reader_; }

 private:
  void Run();

  TelemetryReader reader_;  ///< of the thread while there is one
  TelemetryReader::Time began_;
  std::mutex mutex_;
  std::condition_variable ends_;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace ollama_bench
