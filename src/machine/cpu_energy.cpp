#include "cpu_energy.h"

#include <system_error>
#include <utility>

#include "system_file.h"

namespace ollama_bench {

namespace fs = std::filesystem;

CpuEnergy::CpuEnergy(const fs::path& sysfs) {
  constexpr const char* kHidden =
      "the energy of the CPUs is shown to root only; to let all users read it until the next "
      "start: sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj";
  std::error_code error;
  // Also those of AMD have this name. Parts of a package ("intel-rapl:0:0") are in its sum.
  for (const auto& folder : fs::directory_iterator(sysfs / "class/powercap", error)) {
    if (!folder.path().filename().string().starts_with("intel-rapl:")) continue;
    if (!FirstLine(folder.path() / "name").starts_with("package")) continue;
    Package package;
    package.counter = folder.path() / "energy_uj";
    package.range = NumberIn(folder.path() / "max_energy_range_uj").value_or(0);
    const auto now = NumberIn(package.counter);
    if (!now) {
      problem_ = kHidden;
      packages_.clear();
      return;
    }
    package.seen = *now;
    packages_.push_back(std::move(package));
  }
}

std::optional<double> CpuEnergy::Joules() {
  if (packages_.empty()) return std::nullopt;
  double joules = 0;
  bool is_whole = true;
  for (Package& package : packages_) {
    const auto now = NumberIn(package.counter);
    is_whole = is_whole && now.has_value();
    if (!now) continue;
    const bool has_wrapped = *now < package.seen;
    package.sum += *now - package.seen + (has_wrapped ? package.range : 0);
    package.seen = *now;
    joules += static_cast<double>(package.sum) / 1e6;
  }
  return is_whole ? std::optional(joules) : std::nullopt;
}

}  // namespace ollama_bench
