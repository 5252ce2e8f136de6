#include "ollama_bench/machine/machine_probe.h"

#include <cstddef>
#include <utility>

namespace ollama_bench {
namespace {

constexpr double kNoticeable = 0.05;
constexpr const char* kSlowed = "gpu_slowed";
// A GPU that is slowed down in sample after sample always is: then there is nothing to wait for.
constexpr int kSlowedForGood = 3;

/// The mean of what is known of a GPU in the readings after the first, which is of the time before.
class Mean {
 public:
  void Add(double value, double weight) {
    sum_ += weight * value;
    time_ += weight;
  }
  [[nodiscard]] double Value() const { return time_ > 0 ? sum_ / time_ : 0; }

 private:
  double sum_ = 0;
  double time_ = 0;
};

}  // namespace

std::optional<Disturbance> FindGpuDisturbance(const SampledTelemetry& sampled) {
  const auto& readings = sampled.record.readings;
  bool is_shared = false;
  for (std::size_t gpu = 0; gpu < sampled.record.gpu_names.size(); ++gpu) {
    Mean slowed;
    Mean others;
    Mean use;
    bool has_server = false;
    for (std::size_t i = 1; i < readings.size(); ++i) {
      const double length = readings[i].at_s - readings[i - 1].at_s;
      const std::optional<bool>& is_slowed = readings[i].gpus[gpu].is_slowed;
      if (is_slowed) slowed.Add(*is_slowed ? 1 : 0, length);
      if (readings[i].gpus[gpu].use) use.Add(*readings[i].gpus[gpu].use, length);
      const GpuShares& shares = sampled.gpu_shares[i][gpu];
      has_server = has_server || shares.server.value_or(0) > 0;
      if (shares.others) others.Add(*shares.others, length);
    }
    const bool is_in_use = has_server || use.Value() >= kNoticeable;
    if (is_in_use && slowed.Value() >= kNoticeable) return Disturbance{kSlowed, {}, {}, {}};
    is_shared = is_shared || (has_server && others.Value() >= kNoticeable);
  }
  if (is_shared) return Disturbance{"gpu", {}, {}, {}};
  return std::nullopt;
}

MachineProbe::MachineProbe(int port, int self, bool finds_disturbance,
                           const TelemetryPlaces& places)
    : proc_(places.proc), sampler_(port, self, places) {
  if (finds_disturbance) load_.emplace(port, self, places.proc);
}

std::string MachineProbe::Gap() const {
  std::string gap = load_ ? load_->Gap() : std::string();
  const std::string unread = sampler_.reader().Gap();
  if (!gap.empty() && !unread.empty()) gap += "; ";
  return gap + unread;
}

void MachineProbe::Begin() {
  sampler_.Begin();
  if (load_) load_->Begin();
}

ProbeReport MachineProbe::End() {
  ProbeReport report;
  if (load_) report.disturbed = load_->End();
  SampledTelemetry sampled = sampler_.End();
  if (load_ && !report.disturbed) {
    report.disturbed = FindGpuDisturbance(sampled);
    const bool is_slowed = report.disturbed && report.disturbed->cause == kSlowed;
    slowed_samples_ = is_slowed ? slowed_samples_ + 1 : 0;
    if (slowed_samples_ > kSlowedForGood) report.disturbed.reset();
  }
  report.began = sampled.began;
  report.telemetry = std::move(sampled.record);
  return report;
}

void MachineProbe::Cancel() {
  sampler_.Cancel();
}

std::optional<std::int64_t> MachineProbe::DiskBytesRead() {
  return ollama_bench::DiskBytesRead(proc_);
}

}  // namespace ollama_bench
