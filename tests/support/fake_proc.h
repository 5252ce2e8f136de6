#pragma once

#include <fmt/format.h>
#include <array>
#include <filesystem>
#include <map>
#include <string>

#include "support/temporary_folder.h"

namespace ollama_bench {

/// A folder that looks like /proc. Times in ticks of 10 ms.
class FakeProc {
 public:
  struct Process {
    int parent = 1;
    std::string name = "bash";
    std::int64_t started = 100;
    std::int64_t user = 0;
    std::int64_t system = 0;
    std::int64_t children_user = 0;
    std::int64_t children_system = 0;
  };

  /// Two CPUs, nothing running.
  explicit FakeProc(bool lists_children = true) : lists_children_(lists_children) { WriteClocks(); }

  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }

  /// `uptime` is later, and the CPUs were busy for that many ticks more.
  void Pass(std::int64_t ticks, std::int64_t user, std::int64_t system = 0) {
    uptime_ += ticks;
    user_ += user;
    system_ += system;
    WriteClocks();
  }
  /// One of the two CPUs was busy for that many ticks more.
  void PassOnCpu(std::size_t cpu, std::int64_t user) {
    cpus_[cpu] += user;
    WriteClocks();
  }
  /// Something waited so many seconds more.
  void PassPressure(double cpu_s, double memory_s) {
    cpu_pressure_ += cpu_s;
    memory_pressure_ += memory_s;
    WritePressure();
  }
  [[nodiscard]] std::int64_t uptime() const { return uptime_; }

  void Put(int pid, const Process& process) {
    processes_[pid] = process;
    std::filesystem::create_directories(folder_ / fmt::format("{}/task/{}", pid, pid));
    folder_.Write(
        fmt::format("{}/stat", pid),
        fmt::format("{} ({}) S {} 1 1 0 -1 4194560 10 0 0 0 {} {} {} {} 20 0 5 0 {} 1 2\n", pid,
                    process.name, process.parent, process.user, process.system,
                    process.children_user, process.children_system, process.started));
    WriteChildren();
  }
  void Spend(int pid, std::int64_t user, std::int64_t system = 0) {
    Process process = processes_.at(pid);
    process.user += user;
    process.system += system;
    Put(pid, process);
  }
  /// The process ends; its parent has waited for it, or nobody has.
  void End(int pid, bool is_waited_for = true) {
    const Process ended = processes_.at(pid);
    processes_.erase(pid);
    std::filesystem::remove_all(folder_ / std::to_string(pid));
    for (auto& [child, process] : processes_) {
      if (process.parent == pid) Reparent(child);
    }
    if (const auto parent = processes_.find(ended.parent);
        is_waited_for && parent != processes_.end()) {
      Process waiting = parent->second;
      waiting.children_user += ended.user + ended.children_user;
      waiting.children_system += ended.system + ended.children_system;
      Put(ended.parent, waiting);
    }
    WriteChildren();
  }
  void Write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    folder_.Write(name, text);
  }
  void Remove(const std::string& name) const { std::filesystem::remove_all(folder_ / name); }

  /// Of the network of process `pid`, or of ours where it is 0.
  void Listen(int port, int user, int inode, int pid = 0) const {
    Write(
        (pid == 0 ? "" : std::to_string(pid) + "/") + std::string("net/tcp"),
        fmt::format("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt"
                    "   uid  timeout inode\n"
                    "   0: 0100007F:{:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000"
                    "  {}        0 {} 1 0000000000000000 100 0 0 10 0\n"
                    "   1: 0100007F:{:04X} 0100007F:BEEF 01 00000000:00000000 00:00000000 00000000"
                    "  {}        0 77 1 0000000000000000 100 0 0 10 0\n",
                    port, user, inode, port, user));
  }
  void Hold(int pid, int inode) const {
    const auto folder = folder_ / fmt::format("{}/fd", pid);
    std::filesystem::create_directories(folder);
    std::filesystem::create_symlink("/dev/null", folder / "0");
    std::filesystem::create_symlink(fmt::format("socket:[{}]", inode), folder / "3");
  }

 private:
  void Reparent(int pid) {
    Process process = processes_.at(pid);
    process.parent = 1;
    Put(pid, process);
  }
  void WriteClocks() const {
    folder_.Write("uptime", fmt::format("{:.2f} 1.00\n", static_cast<double>(uptime_) / 100));
    folder_.Write("stat", fmt::format("cpu  {} 0 {} 1000 0 0 0 0 0 0\ncpu0 {} 0 1 1 0 0 0 0 0 0\n"
                                      "cpu1 {} 0 1 1 0 0 0 0 0 0\nintr 5 6\n",
                                      user_, system_, cpus_[0], cpus_[1]));
  }
  void WritePressure() const {
    std::filesystem::create_directories(folder_ / "pressure");
    const auto text = [](double seconds) {
      return fmt::format("some avg10=0.00 avg60=0.00 avg300=0.00 total={:.0f}\n", seconds * 1e6);
    };
    folder_.Write("pressure/cpu", text(cpu_pressure_));
    folder_.Write("pressure/memory", text(memory_pressure_));
  }
  void WriteChildren() const {
    if (!lists_children_) return;
    for (const auto& [pid, process] : processes_) {
      std::string children;
      for (const auto& [child, other] : processes_) {
        if (other.parent == pid) children += std::to_string(child) + ' ';
      }
      folder_.Write(fmt::format("{}/task/{}/children", pid, pid), children);
    }
  }

  TemporaryFolder folder_;
  bool lists_children_;
  std::int64_t uptime_ = 5000;
  std::int64_t user_ = 0;
  std::int64_t system_ = 0;
  std::array<std::int64_t, 2> cpus_{};
  double cpu_pressure_ = 0;
  double memory_pressure_ = 0;
  std::map<int, Process> processes_;
};

}  // namespace ollama_bench
