#include "ollama_bench/core/telemetry.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace ollama_bench {
namespace {

std::optional<double> Rounded(const std::optional<double>& value, int decimals) {
  if (!value) return std::nullopt;
  const double power = std::pow(10.0, decimals);
  return std::round(*value * power) / power;
}

/// What one stretch of a sample's readings says.
class StretchSummary {
 public:
  StretchSummary(const std::vector<TelemetryReading>& readings, double from_s, double to_s)
      : readings_(readings), from_s_(from_s), to_s_(to_s), weights_(readings.size(), 0) {
    for (std::size_t i = 1; i < readings.size(); ++i) {
      const double begin = std::max(readings[i - 1].at_s, from_s);
      weights_[i] = std::max(0.0, std::min(readings[i].at_s, to_s) - begin);
    }
    ChooseInside();
  }

  [[nodiscard]] std::int64_t Count() const { return static_cast<std::int64_t>(inside_.size()); }

  /// Over the time, of the readings that have it.
  template <class Get>
  std::optional<double> Mean(Get get, int decimals) const {
    double sum = 0;
    double time = 0;
    for (std::size_t i = 0; i < readings_.size(); ++i) {
      const auto value = get(readings_[i]);
      if (!value || weights_[i] <= 0) continue;
      sum += weights_[i] * static_cast<double>(*value);
      time += weights_[i];
    }
    return time > 0 ? Rounded(sum / time, decimals) : std::nullopt;
  }
  template <class Get>
  std::optional<double> Max(Get get, int decimals) const {
    return Rounded(Extreme<double>(get, 1), decimals);
  }
  template <class Get>
  std::optional<std::int64_t> MaxBytes(Get get) const {
    return Extreme<std::int64_t>(get, 1);
  }
  template <class Get>
  std::optional<std::int64_t> MinBytes(Get get) const {
    return Extreme<std::int64_t>(get, -1);
  }
  /// Of a value that counts up from the sample's beginning.
  template <class Get>
  std::optional<double> Growth(Get get, int decimals) const {
    if (to_s_ - from_s_ < kLeastEnergyTime_s) return std::nullopt;
    const auto before = CountedAt(get, from_s_);
    const auto after = CountedAt(get, to_s_);
    if (!before || !after) return std::nullopt;
    return Rounded(std::max(0.0, *after - *before), decimals);
  }

 private:
  // Those that are mostly of the stretch; of one shorter than the time between two, all that touch
  // it.
  void ChooseInside() {
    for (const double least : {0.5, 0.0}) {
      for (std::size_t i = 1; i < readings_.size() && inside_.size() < readings_.size(); ++i) {
        const double length = readings_[i].at_s - readings_[i - 1].at_s;
        if (weights_[i] > least * length) inside_.push_back(i);
      }
      if (!inside_.empty()) return;
    }
    if (!readings_.empty()) inside_.push_back(readings_.size() - 1);
  }

  template <class Value, class Get>
  std::optional<Value> Extreme(Get get, int sign) const {
    std::optional<Value> extreme;
    for (const std::size_t i : inside_) {
      const auto value = get(readings_[i]);
      if (value && (!extreme || static_cast<Value>(sign) * (*value - *extreme) > 0)) {
        extreme = *value;
      }
    }
    return extreme;
  }

  template <class Get>
  std::optional<double> CountedAt(Get get, double at_s) const {
    // The end of a run is noticed a moment before or after its last reading.
    constexpr double kMoment = 0.05;
    const TelemetryReading* before = nullptr;
    for (const TelemetryReading& reading : readings_) {
      const auto value = get(reading);
      if (!value) continue;
      if (reading.at_s >= at_s) {
        if (before == nullptr) {
          return reading.at_s <= at_s + kMoment ? value : std::nullopt;
        }
        const double share = (at_s - before->at_s) / (reading.at_s - before->at_s);
        return *get(*before) + share * (*value - *get(*before));
      }
      before = &reading;
    }
    if (before == nullptr || before->at_s < at_s - kMoment) return std::nullopt;
    return get(*before);
  }

  const std::vector<TelemetryReading>& readings_;
  double from_s_;
  double to_s_;
  std::vector<double> weights_;      ///< seconds of the stretch that each is of
  std::vector<std::size_t> inside_;  ///< whose extremes count
};

GpuTelemetry SummarizeGpu(const StretchSummary& summary, std::size_t place) {
  const auto of = [place](auto member) {
    return [place, member](const TelemetryReading& reading) {
      using Value = std::decay_t<decltype(GpuReading().*member)>;
      return place < reading.gpus.size() ? reading.gpus[place].*member : Value();
    };
  };
  const auto slowed = [place](const TelemetryReading& reading) -> std::optional<double> {
    if (place >= reading.gpus.size() || !reading.gpus[place].is_slowed) return std::nullopt;
    return *reading.gpus[place].is_slowed ? 1.0 : 0.0;
  };
  GpuTelemetry gpu;
  gpu.use_mean = summary.Mean(of(&GpuReading::use), 3);
  gpu.use_max = summary.Max(of(&GpuReading::use), 3);
  gpu.memory_bytes_max = summary.MaxBytes(of(&GpuReading::memory_bytes));
  gpu.power_w_mean = summary.Mean(of(&GpuReading::power_w), 1);
  gpu.power_w_max = summary.Max(of(&GpuReading::power_w), 1);
  gpu.clock_mhz_mean = summary.Mean(of(&GpuReading::clock_mhz), 0);
  gpu.temperature_c_max = summary.Max(of(&GpuReading::temperature_c), 0);
  gpu.slowed_share = summary.Mean(slowed, 3);
  gpu.energy_j = summary.Growth(of(&GpuReading::energy_j), 2);
  return gpu;
}

}  // namespace

Telemetry SummarizeTelemetry(const TelemetryRecord& record, double from_s, double to_s) {
  const StretchSummary summary(record.readings, from_s, to_s);
  const auto of = [](auto member) {
    return [member](const TelemetryReading& reading) { return reading.*member; };
  };
  using Reading = TelemetryReading;
  Telemetry telemetry;
  telemetry.readings = summary.Count();
  telemetry.cpus_mean = summary.Mean(of(&Reading::cpus), 3);
  telemetry.cpus_max = summary.Max(of(&Reading::cpus), 3);
  telemetry.busiest_cpu_mean = summary.Mean(of(&Reading::busiest_cpu), 3);
  telemetry.busiest_cpu_max = summary.Max(of(&Reading::busiest_cpu), 3);
  telemetry.server_cpus_mean = summary.Mean(of(&Reading::server_cpus), 3);
  telemetry.server_cpus_max = summary.Max(of(&Reading::server_cpus), 3);
  telemetry.others_cpus_mean = summary.Mean(of(&Reading::others_cpus), 3);
  telemetry.server_bytes_max = summary.MaxBytes(of(&Reading::server_bytes));
  telemetry.available_bytes_min = summary.MinBytes(of(&Reading::available_bytes));
  telemetry.page_cache_bytes_max = summary.MaxBytes(of(&Reading::page_cache_bytes));
  telemetry.cpu_energy_j = summary.Growth(of(&Reading::cpu_energy_j), 2);
  const int gpus = static_cast<int>(record.gpu_names.size());
  for (int place = 0; place < gpus; ++place) {
    const auto index = static_cast<std::size_t>(place);
    GpuTelemetry& gpu = telemetry.gpus.emplace_back(SummarizeGpu(summary, index));
    gpu.name = record.gpu_names[index];
    gpu.index = place;
    if (!record.readings.empty() && index < record.readings.front().gpus.size()) {
      gpu.index = record.readings.front().gpus[index].index;
    }
  }
  return telemetry;
}

std::optional<double> EnergyJoules(const Telemetry& telemetry) {
  std::optional<double> energy = telemetry.cpu_energy_j;
  constexpr double kIdle = 0.05;
  for (const GpuTelemetry& gpu : telemetry.gpus) {
    if (gpu.energy_j) {
      energy = energy.value_or(0) + *gpu.energy_j;
    } else if (gpu.use_mean.value_or(1) > kIdle) {
      return std::nullopt;
    }
  }
  return energy;
}

}  // namespace ollama_bench
