#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "ollama_bench/machine/process_times.h"
#include "ollama_bench/sweep/server_watch.h"

namespace ollama_bench {

/// Sees the server's process, and what the kernel counts of the processes that it killed for lack
/// of memory: those of the server's control group where that is readable, else of the whole
/// machine. Linux.
class ServerProcessWatch : public ServerWatch {
 public:
  /// `port` is the server's. The folders are parameters for tests.
  explicit ServerProcessWatch(int port, std::filesystem::path proc = "/proc",
                              std::filesystem::path groups = "/sys/fs/cgroup");

  void Begin() override;
  ServerFate Look() override;

 private:
  [[nodiscard]] bool IsThere() const;
  void FindGroup();

  int port_;
  std::filesystem::path proc_;
  std::filesystem::path groups_;
  std::optional<ProcessId> server_;
  std::filesystem::path counter_;  ///< of the server's control group; empty: none is readable
  std::optional<std::int64_t> kills_of_group_;
  std::optional<std::int64_t> kills_;  ///< on the whole machine
};

}  // namespace ollama_bench
