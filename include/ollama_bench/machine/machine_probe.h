#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ollama_bench/machine/load_probe.h"
#include "ollama_bench/machine/telemetry_sampler.h"
#include "ollama_bench/sweep/probe.h"

namespace ollama_bench {

/// Whether a GPU that computed was slowed down while a sample ran, or another program computed on
/// one that the server computed on: on average, or in the readings, a twentieth at least.
std::optional<Disturbance> FindGpuDisturbance(const SampledTelemetry& sampled);

/// The machine that this program runs on, and the server with it: readings during each sample, and
/// what disturbed it.
class MachineProbe : public Probe {
 public:
  /// `port` is the server's; `self` is our process. Without `finds_disturbance` nothing is one.
  MachineProbe(int port, int self, bool finds_disturbance, const TelemetryPlaces& places = {});

  [[nodiscard]] std::string Gap() const override;
  void Begin() override;
  ProbeReport End() override;
  void Cancel() override;
  std::optional<std::int64_t> DiskBytesRead() override;

 private:
  std::filesystem::path proc_;
  std::optional<LoadProbe> load_;  ///< where it finds disturbances
  int slowed_samples_ = 0;         ///< one after the other
  TelemetrySampler sampler_;
};

}  // namespace ollama_bench
