#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ollama_bench {

// What the server's machine did while a sample ran. Whatever it does not report, or forbids us to
// read, is empty.

/// One GPU at one moment.
struct GpuReading {
  int index = 0;                             ///< NVIDIA's first, in the order of the drivers
  std::optional<double> use;                 ///< share of the time in which it computed, 0 to 1
  std::optional<std::int64_t> memory_bytes;  ///< in use, by all programs
  std::optional<double> power_w;
  std::optional<double> clock_mhz;  ///< of its cores
  std::optional<double> temperature_c;
  std::optional<bool> is_slowed;   ///< by heat or by its power supply
  std::optional<double> energy_j;  ///< since the sample began, as its driver counts it

  friend bool operator==(const GpuReading&, const GpuReading&) = default;
};

/// The machine at one moment. CPU use is counted in CPUs: 1 is one CPU at 100 %.
struct TelemetryReading {
  double at_s = 0;  ///< since the sample began; the use of CPUs is that since the reading before
  std::optional<double> cpus;                ///< busy, of the whole machine
  std::optional<double> busiest_cpu;         ///< the CPU that was busiest, 0 to 1
  std::optional<double> server_cpus;         ///< of these by the server and its runners
  std::optional<double> others_cpus;         ///< by neither these nor ourselves
  std::optional<std::int64_t> server_bytes;  ///< memory of the server and its runners (RSS)
  std::optional<std::int64_t> available_bytes;
  std::optional<std::int64_t> page_cache_bytes;
  std::optional<double> power_w;  ///< of the CPUs
  std::vector<GpuReading> gpus;
  std::optional<double> cpu_energy_j;  ///< since the sample began

  friend bool operator==(const TelemetryReading&, const TelemetryReading&) = default;
};

/// All readings of a sample.
struct TelemetryRecord {
  std::vector<std::string> gpu_names;  ///< of the GPUs that each reading has, in their order
  double measured_from_s = 0;  ///< where the sample is a window: its measured stretch began then
  std::vector<TelemetryReading> readings;  ///< ascending in time; the first is from its beginning

  friend bool operator==(const TelemetryRecord&, const TelemetryRecord&) = default;
};

/// What one GPU did during a sample.
struct GpuTelemetry {
  int index = 0;
  std::string name;
  std::optional<double> use_mean;  ///< 0 to 1
  std::optional<double> use_max;
  std::optional<std::int64_t> memory_bytes_max;
  std::optional<double> power_w_mean;
  std::optional<double> power_w_max;
  std::optional<double> clock_mhz_mean;
  std::optional<double> temperature_c_max;
  std::optional<double> slowed_share;  ///< of the readings, 0 to 1
  std::optional<double> energy_j;

  friend bool operator==(const GpuTelemetry&, const GpuTelemetry&) = default;
};

/// What the machine did during a sample: means over its time and extremes of its readings.
struct Telemetry {
  std::int64_t readings = 0;
  std::optional<double> cpus_mean;
  std::optional<double> cpus_max;
  std::optional<double> busiest_cpu_mean;
  std::optional<double> busiest_cpu_max;
  std::optional<double> server_cpus_mean;
  std::optional<double> server_cpus_max;
  std::optional<double> others_cpus_mean;
  std::optional<std::int64_t> server_bytes_max;
  std::optional<std::int64_t> available_bytes_min;
  std::optional<std::int64_t> page_cache_bytes_max;
  std::optional<double> cpu_energy_j;
  std::vector<GpuTelemetry> gpus;

  friend bool operator==(const Telemetry&, const Telemetry&) = default;
};

/// Energy of a shorter time is not known: drivers count it in steps of up to a tenth of a second.
inline constexpr double kLeastEnergyTime_s = 0.5;

/// What the readings say of the time between two moments, in seconds since the sample began; energy
/// is interpolated. Rounded to what is more than noise.
Telemetry SummarizeTelemetry(const TelemetryRecord& record, double from_s, double to_s);

/// Of the CPUs, as far as they count it, and all GPUs; empty where nothing is counted, or a GPU
/// that computed does not count its energy, for the rest would pass for all of it.
std::optional<double> EnergyJoules(const Telemetry& telemetry);

}  // namespace ollama_bench
