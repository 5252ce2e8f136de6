#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// CPU time in clock ticks of 10 ms, as /proc counts it.
struct CpuTicks {
  std::int64_t user = 0;
  std::int64_t system = 0;

  [[nodiscard]] std::int64_t Total() const { return user + system; }
  CpuTicks& operator+=(const CpuTicks& other);
  friend CpuTicks operator+(CpuTicks a, const CpuTicks& b) { return a += b; }
  friend CpuTicks operator-(CpuTicks a, const CpuTicks& b) {
    return {a.user - b.user, a.system - b.system};
  }
  friend bool operator==(const CpuTicks&, const CpuTicks&) = default;
};

/// A process, also where its number is given to another one later.
struct ProcessId {
  int pid = 0;
  std::int64_t started = 0;  ///< ticks since the system's start

  friend bool operator==(const ProcessId&, const ProcessId&) = default;
};

/// What /proc/PID/stat says.
struct ProcessStat {
  ProcessId id;
  int parent = 0;
  std::string name;      ///< of its program, 15 bytes at most
  CpuTicks own;          ///< of its threads
  CpuTicks of_children;  ///< of the children that have ended and that it has waited for

  [[nodiscard]] CpuTicks All() const { return own + of_children; }
};

/// Empty where there is no such process, or it is hidden from us.
std::optional<ProcessStat> ReadProcessStat(const std::filesystem::path& proc, int pid);
/// The numbers of all processes that can be seen.
std::vector<int> ListProcesses(const std::filesystem::path& proc);

/// The processes of a tree by their numbers.
using ProcessTree = std::map<int, ProcessStat>;

/// `root`, its descendants, and those of `earlier` that have lost their parent since. Empty where
/// the root is gone.
ProcessTree ReadProcessTree(const std::filesystem::path& proc, const ProcessId& root,
                            const ProcessTree& earlier = {});

/// What the tree used between two looks; `began` is the time of the first in ticks since the
/// system's start. Empty where it is not known: the root is gone, a process has ended and nobody
/// has its time, or one has come into the tree from elsewhere.
std::optional<CpuTicks> UsedBetween(const ProcessTree& before, const ProcessTree& after,
                                    std::int64_t began);

/// The Ollama server of this machine that listens on `port`. It is known by its socket; where
/// another user's may not be looked at, by its name, its owner and its network. The error says why
/// it cannot be seen, as in a container of its own. Linux.
Expected<ProcessId, std::string> FindServerProcess(int port,
                                                   const std::filesystem::path& proc = "/proc");

/// The ports that the Ollama servers of this machine listen on, as far as their processes may be
/// looked at. Linux.
std::vector<int> FindServerPorts(const std::filesystem::path& proc = "/proc");

}  // namespace ollama_bench
