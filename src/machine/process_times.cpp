#include "ollama_bench/machine/process_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

std::optional<int> PidOf(std::string_view name) {
  int pid = 0;
  const char* const end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data(), end, pid);
  if (error != std::errc() || rest != end || pid <= 0) return std::nullopt;
  return pid;
}

/// Who is whose child.
class Children {
 public:
  explicit Children(const fs::path& proc) : proc_(proc) {}

  std::vector<int> Of(int pid) {
    std::vector<int> children;
    std::error_code error;
    bool is_listed = false;
    const fs::path tasks = proc_ / std::to_string(pid) / "task";
    for (const auto& task : fs::directory_iterator(tasks, error)) {
      std::ifstream in(task.path() / "children");
      is_listed = is_listed || in.is_open();
      for (int child = 0; in >> child;) children.push_back(child);
    }
    return is_listed ? children : Search(pid);
  }

 private:
  // For kernels that do not list the children of a process.
  std::vector<int> Search(int pid) {
    if (!by_parent_) {
      by_parent_.emplace();
      for (const int each : ListProcesses(proc_)) {
        if (const auto stat = ReadProcessStat(proc_, each)) {
          (*by_parent_)[stat->parent].push_back(each);
        }
      }
    }
    const auto found = by_parent_->find(pid);
    return found == by_parent_->end() ? std::vector<int>() : found->second;
  }

  const fs::path& proc_;
  std::optional<std::map<int, std::vector<int>>> by_parent_;
};

}  // namespace

CpuTicks& CpuTicks::operator+=(const CpuTicks& other) {
  user += other.user;
  system += other.system;
  return *this;
}

// "123 (a name) S 1 …": the name may hold blanks and brackets.
std::optional<ProcessStat> ReadProcessStat(const fs::path& proc, int pid) {
  std::ifstream in(proc / std::to_string(pid) / "stat", std::ios::binary);
  std::string text;
  if (!std::getline(in, text, '\0')) return std::nullopt;
  const auto open = text.find('(');
  const auto close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  ProcessStat stat;
  stat.name = Printable(text.substr(open + 1, close - open - 1), false);
  std::istringstream fields(text.substr(close + 1));
  std::string state;
  fields >> state >> stat.parent;
  std::array<std::int64_t, 18> numbers{};
  for (std::int64_t& number : numbers) fields >> number;
  if (!fields) return std::nullopt;
  constexpr std::size_t kUserTime = 9;
  constexpr std::size_t kStartTime = 17;
  stat.own = {numbers[kUserTime], numbers[kUserTime + 1]};
  stat.of_children = {numbers[kUserTime + 2], numbers[kUserTime + 3]};
  stat.id = {pid, numbers[kStartTime]};
  return stat;
}

std::vector<int> ListProcesses(const fs::path& proc) {
  std::vector<int> pids;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(proc, error)) {
    if (const auto pid = PidOf(entry.path().filename().string())) pids.push_back(*pid);
  }
  return pids;
}

ProcessTree ReadProcessTree(const fs::path& proc, const ProcessId& root,
                            const ProcessTree& earlier) {
  ProcessTree tree;
  Children children(proc);
  std::vector<int> ahead = {root.pid};
  // Only as long as they are the same processes.
  for (const auto& [pid, stat] : earlier) ahead.push_back(pid);
  for (std::size_t i = 0; i < ahead.size(); ++i) {
    if (tree.contains(ahead[i])) continue;
    auto stat = ReadProcessStat(proc, ahead[i]);
    if (i == 0 && (!stat || stat->id != root)) return {};
    if (!stat) continue;
    const auto known = earlier.find(ahead[i]);
    const bool was_listed = i <= earlier.size();
    if (was_listed && i > 0 && stat->id != known->second.id) continue;
    for (const int child : children.Of(ahead[i])) ahead.push_back(child);
    tree.emplace(ahead[i], std::move(*stat));
  }
  return tree;
}

std::optional<CpuTicks> UsedBetween(const ProcessTree& before, const ProcessTree& after,
                                    std::int64_t began) {
  if (before.empty() || after.empty()) return std::nullopt;
  CpuTicks used;
  CpuTicks inherited;  // what parents took over from children that have ended
  for (const auto& [pid, now] : after) {
    const auto then = before.find(pid);
    if (then != before.end() && then->second.id == now.id) {
      used += now.All() - then->second.All();
      inherited += now.of_children - then->second.of_children;
    } else if (now.id.started + 1 >= began) {
      used += now.All();
      inherited += now.of_children;
    } else {
      return std::nullopt;
    }
  }
  CpuTicks ended;
  for (const auto& [pid, then] : before) {
    const auto now = after.find(pid);
    if (now == after.end() || now->second.id != then.id) ended += then.All();
  }
  if (inherited.Total() < ended.Total()) return std::nullopt;
  return used - ended;
}

namespace {

namespace fs = std::filesystem;

struct Listener {
  int port = 0;
  std::string inode;
  std::string user;  // its number

  friend bool operator==(const Listener&, const Listener&) = default;
};

// "0: 0100007F:2CAA 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  0 38402 …"
std::optional<Listener> ListenerOf(const std::string& line) {
  constexpr std::string_view kListening = "0A";
  std::istringstream words(line);
  std::string skipped;
  std::string local;
  std::string state;
  Listener listener;
  words >> skipped >> local >> skipped >> state >> skipped >> skipped >> skipped >> listener.user >>
      skipped >> listener.inode;
  if (!words || state != kListening) return std::nullopt;
  const auto colon = local.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::from_chars(local.data() + colon + 1, local.data() + local.size(), listener.port, 16);
  return listener;
}

// Of the network that the process `folder` sees.
std::vector<Listener> ListenersIn(const fs::path& folder) {
  std::vector<Listener> listeners;
  for (const char* name : {"net/tcp", "net/tcp6"}) {
    std::ifstream in(folder / name);
    for (std::string line; std::getline(in, line);) {
      if (const auto found = ListenerOf(line)) listeners.push_back(*found);
    }
  }
  return listeners;
}

std::vector<Listener> ListenersOn(int port, const fs::path& folder) {
  std::vector<Listener> listeners = ListenersIn(folder);
  std::erase_if(listeners, [port](const Listener& listener) { return listener.port != port; });
  return listeners;
}

// The first of the listeners that the process has; null where it has none, or may not be looked at.
const Listener* HeldBy(const fs::path& process, const std::vector<Listener>& listeners) {
  std::error_code error;
  for (const auto& descriptor : fs::directory_iterator(process / "fd", error)) {
    std::error_code gone;
    const std::string target = fs::read_symlink(descriptor.path(), gone).string();
    const auto held = std::find_if(
        listeners.begin(), listeners.end(),
        [&](const Listener& listener) { return target == "socket:[" + listener.inode + ']'; });
    if (held != listeners.end()) return &*held;
  }
  return nullptr;
}

std::string OwnerOf(const fs::path& process) {
  std::ifstream in(process / "status");
  std::string key;
  std::string user;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    if (words >> key >> user && key == "Uid:") return user;
  }
  return {};
}

bool IsOllama(const ProcessStat& stat) {
  return stat.name.find("ollama") != std::string::npos;
}

// `ollama serve`, and neither a client nor a runner.
bool IsServer(const fs::path& process, const ProcessStat& stat) {
  if (!IsOllama(stat)) return false;
  std::ifstream in(process / "cmdline", std::ios::binary);
  std::string argument;
  std::getline(in, argument, '\0');
  return std::getline(in, argument, '\0') && argument == "serve";
}

bool MayBeTheListener(const fs::path& process, int port, const std::vector<Listener>& listeners) {
  const std::string owner = OwnerOf(process);
  const std::vector<Listener> seen = ListenersOn(port, process);
  return std::any_of(listeners.begin(), listeners.end(), [&](const Listener& listener) {
    return listener.user == owner && std::find(seen.begin(), seen.end(), listener) != seen.end();
  });
}

}  // namespace

Expected<ProcessId, std::string> FindServerProcess(int port, const fs::path& proc) {
  const auto fail = [](std::string why) { return Unexpected<std::string>(std::move(why)); };
  const std::vector<int> pids = ListProcesses(proc);
  if (pids.empty()) return fail("this system does not list its processes");
  const std::vector<Listener> listeners = ListenersOn(port, proc);
  if (listeners.empty()) {
    return fail(
        fmt::format("nothing here is seen to listen on port {}, as with a container", port));
  }
  std::vector<ProcessStat> candidates;
  std::string other_holder;
  for (const int pid : pids) {
    const fs::path folder = proc / std::to_string(pid);
    const auto stat = ReadProcessStat(proc, pid);
    if (!stat) continue;
    if (HeldBy(folder, listeners) != nullptr) {
      if (IsOllama(*stat)) return stat->id;
      other_holder = stat->name;
    } else if (IsServer(folder, *stat) && MayBeTheListener(folder, port, listeners)) {
      candidates.push_back(*stat);
    }
  }
  if (!other_holder.empty()) {
    return fail(fmt::format("{} listens on port {} in its place", other_holder, port));
  }
  if (candidates.size() == 1) return candidates.front().id;
  return fail(candidates.empty() ? "its process is hidden from this user, or in a container"
                                 : "its owner runs several servers, and which one it is is hidden");
}

std::vector<int> FindServerPorts(const fs::path& proc) {
  const std::vector<Listener> listeners = ListenersIn(proc);
  std::vector<int> ports;
  for (const int pid : ListProcesses(proc)) {
    const fs::path folder = proc / std::to_string(pid);
    const auto stat = ReadProcessStat(proc, pid);
    if (!stat || !IsServer(folder, *stat)) continue;
    if (const Listener* held = HeldBy(folder, listeners)) ports.push_back(held->port);
  }
  return ports;
}

}  // namespace ollama_bench
