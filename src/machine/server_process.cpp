#include "server_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <vector>

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

struct Listener {
  std::string inode;
  std::string user;  // its number

  friend bool operator==(const Listener&, const Listener&) = default;
};

// "0: 0100007F:2CAA 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  0 38402 …"
std::optional<Listener> ListenerOn(int port, const std::string& line) {
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
  int number = 0;
  std::from_chars(local.data() + colon + 1, local.data() + local.size(), number, 16);
  return number == port ? std::optional(listener) : std::nullopt;
}

// Of the network that the process `folder` sees.
std::vector<Listener> ListenersOn(int port, const fs::path& folder) {
  std::vector<Listener> listeners;
  for (const char* name : {"net/tcp", "net/tcp6"}) {
    std::ifstream in(folder / name);
    for (std::string line; std::getline(in, line);) {
      if (const auto found = ListenerOn(port, line)) listeners.push_back(*found);
    }
  }
  return listeners;
}

bool Holds(const fs::path& process, const std::vector<Listener>& listeners) {
  std::error_code error;
  for (const auto& descriptor : fs::directory_iterator(process / "fd", error)) {
    std::error_code gone;
    const std::string target = fs::read_symlink(descriptor.path(), gone).string();
    const bool is_one = std::any_of(
        listeners.begin(), listeners.end(),
        [&](const Listener& listener) { return target == "socket:[" + listener.inode + ']'; });
    if (is_one) return true;
  }
  return false;
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
    if (Holds(folder, listeners)) {
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

}  // namespace ollama_bench
