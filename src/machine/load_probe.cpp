#include "ollama_bench/machine/load_probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

#include "ollama_bench/core/median.h"
#include "ollama_bench/machine/process_times.h"
#include "system_clocks.h"

namespace ollama_bench {
namespace {

// The clocks count ticks of 10 ms, and programs end between two looks: on two CPUs with four
// programs for each the error was 0.05 s in 95 of 100 runs and 0.09 s in 99, however long they
// took.
constexpr double kLeastTime = 0.15;
constexpr double kLeastServerCpus = 0.1;
constexpr double kMuchMemoryPressure = 10;

std::optional<double> Percent(const std::optional<double>& seconds, double elapsed_s) {
  if (!seconds) return std::nullopt;
  return std::clamp(100 * *seconds / elapsed_s, 0.0, 100.0);
}

// A model too large for the memory keeps the kernel busy by itself.
bool IsMemoryShort(const MachineUse& use) {
  if (use.elapsed_s <= 0) return false;
  return Percent(use.memory_pressure_s, use.elapsed_s).value_or(0) >= kMuchMemoryPressure;
}

}  // namespace

double MuchCpuUse(int cpus) {
  return std::max(0.1, 0.05 * cpus);
}

double OthersCpus(const MachineUse& use) {
  const double others = use.others_user + (IsMemoryShort(use) ? 0 : use.others_system);
  return use.elapsed_s > 0 ? others / use.elapsed_s : 0;
}

double BackgroundCpus(std::span<const double> others_cpus, int cpus) {
  constexpr std::size_t kFewest = 3;
  constexpr double kMost = 0.2;
  if (others_cpus.size() < kFewest) return 0;
  const double median = Median({others_cpus.begin(), others_cpus.end()}).value_or(0);
  return std::clamp(median, 0.0, kMost * cpus);
}

std::optional<Disturbance> FindDisturbance(const MachineUse& use, double background_cpus) {
  if (use.elapsed_s <= 0) return std::nullopt;
  const auto memory_pressure = Percent(use.memory_pressure_s, use.elapsed_s);
  const bool is_memory_short = IsMemoryShort(use);
  const double others_cpus = OthersCpus(use);
  const double server_cpus = use.server / use.elapsed_s;
  const double more_cpus = others_cpus - background_cpus;
  if (more_cpus * use.elapsed_s < kLeastTime || more_cpus < MuchCpuUse(use.cpus)) {
    return std::nullopt;
  }
  if (server_cpus < kLeastServerCpus) return std::nullopt;
  // Of two logical CPUs that share a core, one is slowed down by what the other does.
  if (server_cpus + others_cpus <= 0.5 * use.cpus) return std::nullopt;
  return Disturbance{is_memory_short ? "memory" : "cpu", others_cpus,
                     Percent(use.cpu_pressure_s, use.elapsed_s), memory_pressure};
}

namespace {

namespace fs = std::filesystem;

// "some avg10=0.00 avg60=0.00 avg300=0.00 total=1234", in microseconds.
std::optional<double> ReadPressure(const fs::path& file) {
  constexpr std::string_view kTotal = "total=";
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line) || !line.starts_with("some ")) return std::nullopt;
  const auto place = line.find(kTotal);
  if (place == std::string::npos) return std::nullopt;
  double microseconds = 0;
  std::istringstream number(line.substr(place + kTotal.size()));
  if (!(number >> microseconds)) return std::nullopt;
  return microseconds / 1e6;
}

std::optional<double> Difference(const std::optional<double>& later,
                                 const std::optional<double>& earlier) {
  if (!later || !earlier) return std::nullopt;
  return *later - *earlier;
}

ProcessTree TreeOf(const fs::path& proc, int pid, const ProcessTree& earlier) {
  const auto stat = ReadProcessStat(proc, pid);
  return stat ? ReadProcessTree(proc, stat->id, earlier) : ProcessTree();
}

}  // namespace

std::optional<MachineClocks> ReadMachineClocks(const fs::path& proc) {
  MachineClocks clocks;
  clocks.uptime = UptimeTicks(proc);
  if (clocks.uptime == 0) return std::nullopt;
  std::ifstream in(proc / "stat");
  std::string line;
  if (!std::getline(in, line)) return std::nullopt;
  // "cpu  user nice system idle …"; a guest's time is within user.
  std::istringstream words(line);
  std::string key;
  std::int64_t nice = 0;
  words >> key >> clocks.busy.user >> nice >> clocks.busy.system;
  if (!words || key != "cpu") return std::nullopt;
  clocks.busy.user += nice;
  while (std::getline(in, line) && line.starts_with("cpu")) ++clocks.cpus;
  if (clocks.cpus == 0) return std::nullopt;
  clocks.cpu_pressure_s = ReadPressure(proc / "pressure/cpu");
  clocks.memory_pressure_s = ReadPressure(proc / "pressure/memory");
  return clocks;
}

LoadProbe::LoadProbe(int port, int self, fs::path proc)
    : port_(port), self_(self), proc_(std::move(proc)) {
  if (!ReadMachineClocks(proc_)) {
    gap_ = "this system does not count the CPU time of programs, so a disturbance is not seen";
    return;
  }
  FindServer();
}

void LoadProbe::FindServer() {
  auto found = FindServerProcess(port_, proc_);
  server_.reset();
  if (found) {
    server_ = *found;
  } else {
    gap_ = fmt::format(
        "the CPU use of the server cannot be seen ({}), so a disturbance by other "
        "programs is not noticed",
        found.error());
  }
}

std::optional<LoadProbe::Look> LoadProbe::TakeLook(const Look* earlier) const {
  Look look;
  look.server =
      ReadProcessTree(proc_, *server_, earlier != nullptr ? earlier->server : ProcessTree());
  look.ours = TreeOf(proc_, self_, earlier != nullptr ? earlier->ours : ProcessTree());
  auto clocks = ReadMachineClocks(proc_);
  if (look.server.empty() || look.ours.empty() || !clocks) return std::nullopt;
  look.clocks = *clocks;
  return look;
}

void LoadProbe::Begin() {
  before_.reset();
  if (!server_) return;
  before_ = TakeLook(nullptr);
  if (before_) return;
  FindServer();  // it may have been restarted
  if (server_) before_ = TakeLook(nullptr);
}

std::optional<MachineUse> LoadProbe::UseSince(const Look& before, const Look& after) const {
  const std::int64_t began = before.clocks.uptime;
  const auto server = UsedBetween(before.server, after.server, began);
  const auto ours = UsedBetween(before.ours, after.ours, began);
  if (!server || !ours) return std::nullopt;
  CpuTicks others = after.clocks.busy - before.clocks.busy - *ours;
  // A server that we have started is in our tree already.
  if (!after.ours.contains(server_->pid)) others = others - *server;
  MachineUse use;
  use.elapsed_s = SecondsOfTicks(after.clocks.uptime - began);
  use.cpus = after.clocks.cpus;
  use.server = SecondsOfTicks(server->Total());
  use.others_user = SecondsOfTicks(others.user);
  use.others_system = SecondsOfTicks(others.system);
  use.cpu_pressure_s = Difference(after.clocks.cpu_pressure_s, before.clocks.cpu_pressure_s);
  use.memory_pressure_s =
      Difference(after.clocks.memory_pressure_s, before.clocks.memory_pressure_s);
  return use;
}

std::optional<Disturbance> LoadProbe::End() {
  if (!before_) return std::nullopt;
  const auto after = TakeLook(&*before_);
  if (!after) return std::nullopt;
  const auto use = UseSince(*before_, *after);
  before_.reset();
  if (!use) return std::nullopt;
  constexpr std::size_t kRemembered = 15;
  others_cpus_.push_back(OthersCpus(*use));
  if (others_cpus_.size() > kRemembered) others_cpus_.erase(others_cpus_.begin());
  return FindDisturbance(*use, BackgroundCpus(others_cpus_, use->cpus));
}

IdleLoad::IdleLoad(int self, fs::path proc) : self_(self), proc_(std::move(proc)) {}

std::optional<double> IdleLoad::OthersCpus() {
  auto clocks = ReadMachineClocks(proc_);
  ProcessTree ours = TreeOf(proc_, self_, ours_);
  std::optional<double> cpus;
  if (clocks && clocks_ && clocks->uptime > clocks_->uptime) {
    const auto used = UsedBetween(ours_, ours, clocks_->uptime);
    const std::int64_t others =
        (clocks->busy - clocks_->busy).Total() - used.value_or(CpuTicks()).Total();
    cpus = std::max(0.0, SecondsOfTicks(others) / SecondsOfTicks(clocks->uptime - clocks_->uptime));
  }
  if (clocks) cpus_ = clocks->cpus;
  clocks_ = clocks;
  ours_ = std::move(ours);
  return cpus;
}

}  // namespace ollama_bench
