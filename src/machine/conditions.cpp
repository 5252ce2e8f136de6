#include "ollama_bench/machine/conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>

#include "power.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

// Of the CPUs: from here on a measurement shares them noticeably.
constexpr double kMuchLoad = 0.5;
// Per cent of the last ten seconds in which something waited for memory.
constexpr double kMuchPressure = 1.0;

void AddPower(const fs::path& sysfs, std::vector<MachineCondition>& found) {
  const PowerState power = ReadPowerState(sysfs);
  const bool is_steady =
      std::all_of(power.governors.begin(), power.governors.end(),
                  [](const std::string& governor) { return governor == "performance"; });
  if (!is_steady) {
    found.push_back(
        {"governor",
         fmt::format("the CPUs are governed by {}, so their speed changes with the load",
                     fmt::join(power.governors, ", ")),
         "sudo cpupower frequency-set --governor performance"});
  }
  if (power.on_battery) {
    found.push_back(
        {"battery", "the machine runs on its battery, which slows it down", "plug it in"});
  }
}

// "1.84 0.90 0.40 3/512 999": the mean of a minute, then what runs now, this process included. The
// mean alone would blame others for the sweep that ended a moment ago.
void AddLoad(const fs::path& proc, std::vector<MachineCondition>& found) {
  std::ifstream in(proc / "loadavg");
  double minute = 0;
  double longer = 0;
  double running = 0;
  if (!(in >> minute >> longer >> longer >> running)) return;
  const double cpus = std::max(1U, std::thread::hardware_concurrency());
  const double others = std::min(minute, running - 1.0);
  if (others < kMuchLoad * cpus) return;
  found.push_back({"load",
                   fmt::format("something else keeps {:.1f} of {:.0f} CPUs busy", others, cpus),
                   "see what with `top`, and measure when it has ended"});
}

// "some avg10=0.00 avg60=0.00 avg300=0.00 total=0"
void AddMemoryPressure(const fs::path& proc, std::vector<MachineCondition>& found) {
  std::ifstream in(proc / "pressure" / "memory");
  std::string line;
  double percent = 0;
  if (!std::getline(in, line) || !line.starts_with("some avg10=")) return;
  std::istringstream number(line.substr(line.find('=') + 1));
  if (!(number >> percent) || percent < kMuchPressure) return;
  found.push_back({"memory",
                   fmt::format("memory is short: {:.0f} % of the time something waits for it, as "
                               "when swapping",
                               percent),
                   "end what takes the memory, or sweep smaller contexts"});
}

}  // namespace

std::vector<MachineCondition> FindConditions(const fs::path& proc, const fs::path& sysfs) {
  std::vector<MachineCondition> found;
  AddPower(sysfs, found);
  AddLoad(proc, found);
  AddMemoryPressure(proc, found);
  return found;
}

}  // namespace ollama_bench
