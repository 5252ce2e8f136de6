#include "ollama_bench/machine/telemetry_reader.h"

#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>

#include "amd_gpus.h"
#include "cpu_energy.h"
#include "gpu_source.h"
#include "nvml.h"
#include "system_clocks.h"
#include "system_file.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

// The clocks of CPUs count ticks of 10 ms, so that a shorter time says nothing of their use.
constexpr std::chrono::milliseconds kLeastTime{100};
// Who is whose child is asked of every thread, or of every process where the kernel does not list
// children: the most expensive part of a look, and so of a few looks alone.
constexpr int kFewestLooksPerList = 5;
constexpr double kListShare = 0.005;  // of a CPU
constexpr double kLooksPerSecond = 5;

double Thousandths(double value) {
  return std::round(value * 1e3) / 1e3;
}

double SecondsBetween(TelemetryReader::Time from, TelemetryReader::Time to) {
  return std::chrono::duration<double>(to - from).count();
}

double OwnCpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// The same processes, and none that have come since.
ProcessTree LookAgain(const fs::path& proc, const ProcessTree& known) {
  ProcessTree tree;
  for (const auto& [pid, then] : known) {
    auto now = ReadProcessStat(proc, pid);
    if (now && now->id == then.id) tree.emplace(pid, std::move(*now));
  }
  return tree;
}

std::optional<std::int64_t> ResidentBytes(const fs::path& proc, const ProcessTree& tree) {
  static const std::int64_t page = sysconf(_SC_PAGESIZE);
  std::optional<std::int64_t> bytes;
  for (const auto& [pid, stat] : tree) {
    // "size resident shared …", in pages.
    const std::string pages = Contents(proc / std::to_string(pid) / "statm");
    const auto blank = pages.find(' ');
    if (blank == std::string::npos) continue;
    const auto resident = LeadingNumber(std::string_view(pages).substr(blank + 1));
    if (resident) bytes = bytes.value_or(0) + *resident * page;
  }
  return bytes;
}

}  // namespace

struct TelemetryReader::Devices {
  explicit Devices(const TelemetryPlaces& places) : energy(places.sysfs) {
    NvmlOpening nvml = OpenNvml(places.nvml);
    nvml_problem = std::move(nvml.problem);
    Add(std::move(nvml.gpus));
    Add(FindAmdGpus(places.sysfs));
  }

  std::vector<std::unique_ptr<GpuSource>> gpus;
  std::vector<std::string> names;  ///< of all of them
  CpuEnergy energy;
  std::string nvml_problem;

 private:
  void Add(std::unique_ptr<GpuSource> source) {
    if (!source || source->names().empty()) return;
    names.insert(names.end(), source->names().begin(), source->names().end());
    gpus.push_back(std::move(source));
  }
};

/// What the system had counted up to a moment.
struct TelemetryReader::Look {
  Time at;
  std::optional<CpuClocks> cpus;
  ProcessTree server;
  ProcessTree ours;
  int looks_until_list = 0;
  std::optional<std::int64_t> server_bytes;
  MemoryState memory;
  std::vector<GpuState> gpus;
  std::optional<double> cpu_energy_j;
};

TelemetryReader::TelemetryReader(int port, int self, TelemetryPlaces places)
    : port_(port),
      self_(self),
      places_(std::move(places)),
      devices_(std::make_unique<Devices>(places_)) {
  FindServer();
}

TelemetryReader::~TelemetryReader() = default;

void TelemetryReader::FindServer() {
  server_.reset();
  if (const auto found = FindServerProcess(port_, places_.proc)) server_ = *found;
}

void TelemetryReader::Begin(Time now) {
  // It may have been restarted.
  const auto stat = server_ ? ReadProcessStat(places_.proc, server_->pid) : std::nullopt;
  if (!stat || stat->id != *server_) FindServer();
  record_ = {};
  record_.gpu_names = devices_->names;
  shares_.clear();
  began_ = now;
  began_ticks_ = UptimeTicks(places_.proc);
  before_.reset();
  last_.reset();
  first_ = std::make_unique<Look>(TakeLook(now, nullptr));
  last_ = std::make_unique<Look>(*first_);
  record_.readings.push_back(ReadingOf(*last_, nullptr));
  shares_.emplace_back(devices_->names.size());
}

void TelemetryReader::Read(Time now) {
  auto look = std::make_unique<Look>(TakeLook(now, last_.get()));
  record_.readings.push_back(ReadingOf(*look, last_.get()));
  shares_.push_back(SharesOf(*look));
  before_ = std::move(last_);
  last_ = std::move(look);
}

void TelemetryReader::End(Time now) {
  if (before_ && now - last_->at < kLeastTime) {
    record_.readings.pop_back();
    shares_.pop_back();
    last_ = std::move(before_);
  }
  Read(now);
}

TelemetryReader::Look TelemetryReader::TakeLook(Time now, const Look* earlier) {
  Look look;
  look.at = now;
  look.cpus = ReadCpuClocks(places_.proc);
  ReadProcesses(look, earlier);
  look.server_bytes = ResidentBytes(places_.proc, look.server);
  look.memory = ReadMemoryState(places_.proc);
  for (const auto& source : devices_->gpus) {
    std::vector<GpuState> states = source->Read();
    std::move(states.begin(), states.end(), std::back_inserter(look.gpus));
  }
  look.cpu_energy_j = devices_->energy.Joules();
  return look;
}

void TelemetryReader::ReadProcesses(Look& look, const Look* earlier) {
  const fs::path& proc = places_.proc;
  if (earlier != nullptr && earlier->looks_until_list > 0) {
    look.server = LookAgain(proc, earlier->server);
    look.ours = LookAgain(proc, earlier->ours);
    look.looks_until_list = earlier->looks_until_list - 1;
    const bool all_are_there =
        look.server.size() == earlier->server.size() && look.ours.size() == earlier->ours.size();
    if (all_are_there) return;
  }
  const double before_s = OwnCpuSeconds();
  if (server_) {
    look.server =
        ReadProcessTree(proc, *server_, earlier != nullptr ? earlier->server : ProcessTree());
  }
  if (const auto stat = ReadProcessStat(proc, self_)) {
    look.ours = ReadProcessTree(proc, stat->id, earlier != nullptr ? earlier->ours : ProcessTree());
  }
  // The look after the first lists again: a client has been started by then.
  if (earlier == nullptr) return;
  const double cost_s = OwnCpuSeconds() - before_s;
  look.looks_until_list =
      std::max(kFewestLooksPerList, static_cast<int>(cost_s * kLooksPerSecond / kListShare)) - 1;
}

TelemetryReading TelemetryReader::ReadingOf(const Look& look, const Look* earlier) const {
  TelemetryReading reading;
  reading.at_s = SecondsBetween(began_, look.at);
  reading.server_bytes = look.server_bytes;
  reading.available_bytes = look.memory.available;
  reading.page_cache_bytes = look.memory.page_cache;
  if (look.cpu_energy_j && first_->cpu_energy_j) {
    reading.cpu_energy_j = Thousandths(*look.cpu_energy_j - *first_->cpu_energy_j);
  }
  if (earlier != nullptr && look.at - earlier->at >= kLeastTime) AddCpus(look, *earlier, reading);
  AddGpus(look, reading);
  return reading;
}

void TelemetryReader::AddCpus(const Look& look, const Look& earlier,
                              TelemetryReading& reading) const {
  const double elapsed_s = SecondsBetween(earlier.at, look.at);
  const auto cpus_of = [&](std::int64_t ticks) {
    return std::max(0.0, SecondsOfTicks(ticks) / elapsed_s);
  };
  if (look.cpu_energy_j && earlier.cpu_energy_j) {
    reading.power_w = Thousandths((*look.cpu_energy_j - *earlier.cpu_energy_j) / elapsed_s);
  }
  if (!look.cpus || !earlier.cpus || look.cpus->each.size() != earlier.cpus->each.size()) return;
  const auto count = static_cast<double>(look.cpus->each.size());
  const std::int64_t busy = look.cpus->all - earlier.cpus->all;
  reading.cpus = Thousandths(std::min(cpus_of(busy), count));
  double busiest = 0;
  for (std::size_t i = 0; i < look.cpus->each.size(); ++i) {
    busiest = std::max(busiest, cpus_of(look.cpus->each[i] - earlier.cpus->each[i]));
  }
  reading.busiest_cpu = Thousandths(std::min(busiest, 1.0));
  const auto server = UsedBetween(earlier.server, look.server, began_ticks_);
  const auto ours = UsedBetween(earlier.ours, look.ours, began_ticks_);
  if (!server) return;
  reading.server_cpus = Thousandths(std::min(cpus_of(server->Total()), count));
  if (!ours) return;
  // A server that we have started is in our tree already.
  const bool is_ours = look.ours.contains(server_->pid);
  const std::int64_t others = busy - ours->Total() - (is_ours ? 0 : server->Total());
  reading.others_cpus = Thousandths(std::min(cpus_of(others), count));
}

void TelemetryReader::AddGpus(const Look& look, TelemetryReading& reading) const {
  for (std::size_t i = 0; i < look.gpus.size(); ++i) {
    GpuReading& gpu = reading.gpus.emplace_back(look.gpus[i].reading);
    gpu.index = static_cast<int>(i);  // each driver counts its own from 0
    const std::optional<double>& before = first_->gpus[i].counted_j;
    const std::optional<double>& now = look.gpus[i].counted_j;
    if (before && now) gpu.energy_j = Thousandths(std::max(0.0, *now - *before));
  }
}

std::vector<GpuShares> TelemetryReader::SharesOf(const Look& look) const {
  std::vector<GpuShares> all;
  for (const GpuState& gpu : look.gpus) {
    GpuShares& shares = all.emplace_back();
    if (!gpu.processes || look.server.empty()) continue;
    shares = {0.0, 0.0};
    for (const GpuProcess& process : *gpu.processes) {
      if (look.server.contains(process.pid)) {
        *shares.server += process.use;
      } else if (!look.ours.contains(process.pid)) {
        *shares.others += process.use;
      }
    }
  }
  return all;
}

std::string TelemetryReader::Gap() const {
  if (!devices_->nvml_problem.empty()) return devices_->nvml_problem;
  return devices_->energy.problem();
}

std::string TelemetryReader::Sources() const {
  const auto look_memory = ReadMemoryState(places_.proc);
  std::vector<std::string> seen;
  if (ReadCpuClocks(places_.proc)) seen.emplace_back("CPUs");
  if (look_memory.available) seen.emplace_back("memory");
  if (server_) seen.emplace_back("the server's processes");
  if (devices_->energy.Joules()) seen.emplace_back("energy of the CPUs");
  for (const std::string& name : devices_->names) seen.push_back("GPU " + name);
  if (seen.empty()) return "nothing that the machine does can be read";
  return fmt::format("{}", fmt::join(seen, ", "));
}

std::optional<std::int64_t> DiskBytesRead(const fs::path& proc) {
  constexpr std::string_view kKey = "\npgpgin ";  // in KiB
  const std::string counters = Contents(proc / "vmstat");
  const auto place = counters.find(kKey);
  if (place == std::string::npos) return std::nullopt;
  const auto kibibytes = LeadingNumber(std::string_view(counters).substr(place + kKey.size()));
  return kibibytes ? std::optional(*kibibytes * 1024) : std::nullopt;
}

}  // namespace ollama_bench
