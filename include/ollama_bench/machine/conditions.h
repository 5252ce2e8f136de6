#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ollama_bench {

/// Something about this machine, now, that makes measurements wander.
struct MachineCondition {
  std::string topic;   ///< one or two words
  std::string text;    ///< one sentence
  std::string remedy;  ///< what to do; a command where there is one
};

/// Power-saving CPU governor, battery, other load, memory pressure; none of them on a quiet
/// machine. What the system does not report is passed over. The folders are parameters for tests.
std::vector<MachineCondition> FindConditions(const std::filesystem::path& proc = "/proc",
                                             const std::filesystem::path& sysfs = "/sys");

}  // namespace ollama_bench
