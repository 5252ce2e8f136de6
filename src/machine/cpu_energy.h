#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace ollama_bench {

/// The energy of the CPUs, by the counters of their packages (RAPL) below `sysfs`.
class CpuEnergy {
 public:
  explicit CpuEnergy(const std::filesystem::path& sysfs);

  /// Joules since the object was made. Empty where the counters are missing or may not be read.
  /// They wrap around, so that a look is needed at least once in some minutes.
  std::optional<double> Joules();
  /// Where there are counters that may not be read: that, and the remedy, for a person.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  struct Package {
    std::filesystem::path counter;
    std::int64_t range = 0;  ///< where it wraps around, microjoules
    std::int64_t seen = 0;
    std::int64_t sum = 0;
  };

  std::vector<Package> packages_;
  std::string problem_;
};

}  // namespace ollama_bench
