#include "ollama_bench/machine/server_process_watch.h"

#include <fstream>
#include <sstream>
#include <string>
#include <utility>

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

// The line "oom_kill 3" of /proc/vmstat, memory.events or memory.oom_control.
std::optional<std::int64_t> ReadKills(const fs::path& file) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string key;
    std::int64_t kills = 0;
    if (words >> key >> kills && key == "oom_kill") return kills;
  }
  return std::nullopt;
}

// Of a line of /proc/PID/cgroup: "0::/system.slice/ollama.service" of version 2, and of version 1
// "5:memory:/system.slice/ollama.service".
fs::path CounterOf(const std::string& line, const fs::path& groups) {
  const auto first = line.find(':');
  const auto second = first == std::string::npos ? first : line.find(':', first + 1);
  if (second == std::string::npos) return {};
  const std::string controllers = line.substr(first + 1, second - first - 1);
  const fs::path group = fs::path(line.substr(second + 1)).relative_path();
  if (controllers.empty()) return groups / group / "memory.events";
  const bool is_memory = ("," + controllers + ",").find(",memory,") != std::string::npos;
  return is_memory ? groups / "memory" / group / "memory.oom_control" : fs::path();
}

bool Rose(std::optional<std::int64_t> before, std::optional<std::int64_t> now) {
  return before && now && *now > *before;
}

}  // namespace

ServerProcessWatch::ServerProcessWatch(int port, fs::path proc, fs::path groups)
    : port_(port), proc_(std::move(proc)), groups_(std::move(groups)) {}

bool ServerProcessWatch::IsThere() const {
  const auto stat = ReadProcessStat(proc_, server_->pid);
  return stat && stat->id == *server_;
}

void ServerProcessWatch::FindGroup() {
  counter_.clear();
  if (!server_) return;
  std::ifstream in(proc_ / std::to_string(server_->pid) / "cgroup");
  for (std::string line; std::getline(in, line);) {
    const fs::path counter = CounterOf(line, groups_);
    if (!counter.empty() && ReadKills(counter)) counter_ = counter;
  }
}

void ServerProcessWatch::Begin() {
  if (!server_ || !IsThere()) {
    const auto found = FindServerProcess(port_, proc_);
    server_ = found ? std::optional(*found) : std::nullopt;
    FindGroup();
  }
  kills_of_group_ = counter_.empty() ? std::nullopt : ReadKills(counter_);
  kills_ = ReadKills(proc_ / "vmstat");
}

ServerFate ServerProcessWatch::Look() {
  ServerFate fate;
  if (server_) fate.survived = IsThere();
  // A group can go with its service.
  const auto of_group = kills_of_group_ ? ReadKills(counter_) : std::nullopt;
  fate.ended_for_memory =
      of_group ? Rose(kills_of_group_, of_group) : Rose(kills_, ReadKills(proc_ / "vmstat"));
  return fate;
}

}  // namespace ollama_bench
