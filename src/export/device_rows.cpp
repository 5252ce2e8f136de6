#include "device_rows.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>

#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/telemetry.h"

namespace ollama_bench {
namespace {

constexpr const char* kMachine = "machine";

std::string NameOfGpu(int index) {
  return fmt::format("gpu{}", index);
}

std::optional<double> Times(const std::optional<double>& value, double factor) {
  if (!value) return std::nullopt;
  return *value * factor;
}

std::optional<double> Mebibytes(const std::optional<std::int64_t>& bytes) {
  if (!bytes) return std::nullopt;
  return static_cast<double>(*bytes) / (1 << 20);
}

// How long the sample took: what its energy is spread over.
std::optional<double> SecondsOf(const Sample& sample) {
  const auto duration = sample.window ? sample.window->duration : sample.wall;
  if (!duration || duration->count() <= 0) return std::nullopt;
  return std::chrono::duration<double>(*duration).count();
}

void AddReading(const TelemetryReading& reading, int number, std::optional<double> began,
                std::vector<DeviceRow>& rows) {
  const auto time = began ? std::optional<double>(*began + reading.at_s) : std::nullopt;
  DeviceRow& machine = rows.emplace_back();
  machine.reading = number;
  machine.device = kMachine;
  machine.time_s = time;
  machine.cpu_percent = Times(reading.cpus, 100);
  machine.memory_mib = Mebibytes(reading.server_bytes);
  machine.power_w = reading.power_w;
  for (const GpuReading& gpu : reading.gpus) {
    DeviceRow& row = rows.emplace_back();
    row.reading = number;
    row.device = NameOfGpu(gpu.index);
    row.time_s = time;
    row.gpu_percent = Times(gpu.use, 100);
    row.gpu_memory_mib = Mebibytes(gpu.memory_bytes);
    row.power_w = gpu.power_w;
  }
}

}  // namespace

std::vector<DeviceRow> DeviceRowsOf(const Record& record) {
  if (record.sample == nullptr || !record.sample->telemetry) return {};
  const Telemetry& telemetry = *record.sample->telemetry;
  const auto time = SecondsSince1970(record.started);
  std::vector<DeviceRow> rows;
  DeviceRow& machine = rows.emplace_back();
  machine.device = kMachine;
  machine.time_s = time;
  machine.cpu_percent = Times(telemetry.cpus_mean, 100);
  machine.memory_mib = Mebibytes(telemetry.server_bytes_max);
  const auto seconds = SecondsOf(*record.sample);
  if (seconds) machine.power_w = Times(telemetry.cpu_energy_j, 1 / *seconds);
  for (const GpuTelemetry& gpu : telemetry.gpus) {
    DeviceRow& row = rows.emplace_back();
    row.device = NameOfGpu(gpu.index);
    row.time_s = time;
    row.gpu_percent = Times(gpu.use_mean, 100);
    row.gpu_memory_mib = Mebibytes(gpu.memory_bytes_max);
    row.power_w = gpu.power_w_mean;
  }
  if (record.readings == nullptr) return rows;
  int number = 0;
  for (const TelemetryReading& reading : record.readings->readings) {
    AddReading(reading, ++number, time, rows);
  }
  return rows;
}

}  // namespace ollama_bench
