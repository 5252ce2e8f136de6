#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "gpu_source.h"

namespace ollama_bench {

/// AMD's GPUs, as their driver shows them below `sysfs`; null where there are none. It counts
/// neither energy nor what single processes use, and does not say in words whether a card is slowed
/// down.
std::unique_ptr<GpuSource> FindAmdGpus(const std::filesystem::path& sysfs);

/// The chosen line of a file like pp_dpm_sclk: "1: 2304Mhz *" is 2304.
std::optional<double> ChosenMegahertz(std::string_view states);

}  // namespace ollama_bench
