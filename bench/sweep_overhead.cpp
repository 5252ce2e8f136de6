// What a sweep costs beside the commands and requests that it makes: 799 cells, one sample each,
// against the stand-in, compared with the very same commands started bare. Results lie on a RAM
// disk for the comparison, and once on the disk, to show what its fsyncs add.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "ollama_bench/ollama/ollama_api.h"
#include "support/stand_in_server.h"

namespace ollama_bench::testing {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr int kColumns = 47;
constexpr int kRows = 17;
constexpr int kCells = kColumns * kRows;
constexpr const char* kPrompt = "Why is the sky blue, and why is the grass green?";

struct Cost {
  double wall_ms = 0;     // per cell
  double own_cpu_ms = 0;  // per cell, of the program itself, not of its children
};

// User and system time of an ended, unreaped process by itself (proc(5), fields 14 and 15).
double OwnCpuMs(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{}/stat", pid));
  std::string line;
  std::getline(in, line);
  std::istringstream fields(line.substr(line.rfind(')') + 2));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) * 1000.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
}

Cost MeasureSweep(const StandInServer& server, const fs::path& results) {
  const auto start = Clock::now();
  const pid_t pid = fork();
  if (pid == 0) {
    for (const auto& [name, value] : server.Environment()) setenv(name.c_str(), value.c_str(), 1);
    if (freopen("/dev/null", "w", stdout) == nullptr ||
        freopen("/dev/null", "w", stderr) == nullptr) {
      _exit(1);
    }
    execl(OLLAMA_BENCH_PROGRAM, OLLAMA_BENCH_PROGRAM, "run", "--model", "smollm2", "--ctx-start",
          "8192", "--ctx-end", "102400", "--ctx-step", "2048", "--batch-start", "32", "--batch-end",
          "2080", "--batch-step", "128", "--repetitions", "1", "--prompt", kPrompt, "--results",
          results.c_str(), nullptr);
    _exit(127);
  }
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
  const Milliseconds wall = Clock::now() - start;
  const double cpu = OwnCpuMs(pid);
  waitpid(pid, nullptr, 0);
  if (info.si_status != 0) fmt::print(stderr, "the sweep failed: {}\n", info.si_status);
  return {wall.count() / kCells, cpu / kCells};
}

// fork, exec and wait with nothing around them; standard input is a file, as in the sweep.
void RunBare(const StandInServer& server, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), server.ollama());
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    if (freopen("prompt.txt", "r", stdin) == nullptr ||
        freopen("/dev/null", "w", stdout) == nullptr ||
        freopen("/dev/null", "w", stderr) == nullptr) {
      _exit(1);
    }
    execv(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  if (status != 0) fmt::print(stderr, "a bare command failed\n");
}

// create, warm-up, run and /api/ps, as the sweep does them.
double MeasureBare(const StandInServer& server) {
  for (const auto& [name, value] : server.Environment()) setenv(name.c_str(), value.c_str(), 1);
  fs::current_path(server.folder());
  std::ofstream("prompt.txt") << kPrompt;
  const StopRequest never;
  OllamaApi api(ParseServerAddress(server.host()).value(), never);
  const auto start = Clock::now();
  for (int cell = 0; cell < kCells; ++cell) {
    std::ofstream("Modelfile") << fmt::format(
        "FROM smollm2\nPARAMETER num_ctx {}\nPARAMETER num_batch {}\n",
        8192 + 2048 * (cell / kRows), 32 + 128 * (cell % kRows));
    RunBare(server, {"create", "bare", "-f", "Modelfile"});
    for (int run = 0; run < 2; ++run) {
      RunBare(server, {"run", "bare", "--verbose", "--nowordwrap"});
    }
    if (!api.Running()) fmt::print(stderr, "a bare request failed\n");
  }
  return Milliseconds(Clock::now() - start).count() / kCells;
}

int Main() {
  const StandInServer server(
      {{"rate", 1'000'000},
       {"load_ms", 1},
       {"models", {{{"name", "smollm2:latest"}, {"trained_context", 131072}}}}});
  const fs::path ram = "/dev/shm/ollama_bench_overhead.json";
  fs::remove(ram);
  const double bare = MeasureBare(server);
  const Cost in_ram = MeasureSweep(server, ram);
  const Cost on_disk = MeasureSweep(server, server.folder() / "results.json");
  fs::remove(ram);
  fs::remove(ram.string() + ".lock");
  fmt::print("{} cells, ms per cell:\n", kCells);
  fmt::print("  bare commands and request  wall {:6.2f}\n", bare);
  fmt::print("  sweep, results in RAM      wall {:6.2f}  own CPU {:.2f}  added {:+.2f}\n",
             in_ram.wall_ms, in_ram.own_cpu_ms, in_ram.wall_ms - bare);
  fmt::print("  sweep, results on disk     wall {:6.2f}  own CPU {:.2f}  fsyncs {:+.2f}\n",
             on_disk.wall_ms, on_disk.own_cpu_ms, on_disk.wall_ms - in_ram.wall_ms);
  return 0;
}

}  // namespace
}  // namespace ollama_bench::testing

int main() {
  return ollama_bench::testing::Main();
}
