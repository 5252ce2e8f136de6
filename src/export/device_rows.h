#pragma once

#include <optional>
#include <string>
#include <vector>

#include "records.h"

namespace ollama_bench {

/// A row of device_measurements. The whole machine is the device "machine", GPUs are "gpu0" and so
/// on; what a device has not is empty.
struct DeviceRow {
  int reading = 0;  ///< 0: the means and extremes of the whole sample
  std::string device;
  std::optional<double> time_s;       ///< since 1970
  std::optional<double> cpu_percent;  ///< 100 is one CPU
  std::optional<double> memory_mib;   ///< of the server and its runners
  std::optional<double> gpu_percent;
  std::optional<double> gpu_memory_mib;
  std::optional<double> power_w;
};

/// What the devices did while the sample ran; none where nothing is known. The summary of the
/// sample, and from `reading` 1 on what was read during it, where that is kept.
std::vector<DeviceRow> DeviceRowsOf(const Record& record);

}  // namespace ollama_bench
