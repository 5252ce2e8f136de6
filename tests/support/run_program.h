#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ollama_bench::testing {

inline constexpr const char* kProgramVariable = "OLLAMA_BENCH_PROGRAM";

/// The program under test: the one built beside the tests, unless kProgramVariable names another
/// build of it, such as one with sanitizers.
std::string BenchProgram();
/// Whether it is another build, whose memory and speed are no matter of ours.
bool IsOtherBuild();

/// A program for a test to run as a person would.
struct Program {
  std::vector<std::string> argv;  ///< argv[0] is looked up on PATH unless it holds a slash
  std::vector<std::pair<std::string, std::string>> environment;  ///< added to the inherited one
  std::string input;                                             ///< standard input
  std::string folder;                 ///< working directory; empty for the test's own
  std::chrono::seconds deadline{60};  ///< then the whole process group is killed
};

/// The program under test with these arguments, in `folder`.
Program BenchCommand(const std::vector<std::string>& arguments, std::string folder,
                     std::vector<std::pair<std::string, std::string>> environment = {});

/// Where the programs of this test lock the machine that they measure, unless their environment
/// says otherwise: tests that run at the same time do not keep each other off.
const std::string& LockFolder();
inline constexpr const char* kLockFolderVariable = "OLLAMA_BENCH_LOCK_FOLDER";

/// `arguments` without a flag and its value where the flag comes again: tests add to a command of
/// theirs. Flags that may be repeated stay.
std::vector<std::string> WithoutReplaced(const std::vector<std::string>& arguments);

struct Ended {
  int exit_code = -1;  ///< -1 when a signal ended it
  int signal = 0;
  bool timed_out = false;
  std::string out;
  std::string err;
};

/// A started program in a process group of its own. The group is killed when the program has ended,
/// or by the destructor.
/// The constructor throws std::system_error when the program cannot be started.
class RunningProgram {
 public:
  explicit RunningProgram(const Program& program);
  ~RunningProgram();
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Sends `signal` to the program alone.
  void Signal(int signal) const;
  /// Sends `signal` to its whole process group, as a terminal does.
  void SignalGroup(int signal) const;
  /// Reads until stdout or stderr holds `text`; false when the program ends, or `limit` or the
  /// deadline is reached, first.
  bool WaitForOutput(std::string_view text, std::chrono::seconds limit = std::chrono::minutes(1));
  /// What it has written to stderr, as far as it was read.
  [[nodiscard]] const std::string& err() const { return result_.err; }
  /// Reads until it ends. Output that a surviving child writes later is not waited for.
  Ended Wait();

 private:
  // Takes what the pipes hold, waiting for it for at most a moment.
  void Read();
  bool Reap();

  pid_t pid_ = -1;
  int pipes_[2] = {-1, -1};  // stdout, stderr; -1 once at their end
  std::chrono::steady_clock::time_point deadline_;
  bool ended_ = false;
  Ended result_;
};

/// Runs a program to its end.
Ended RunProgram(const Program& program);

}  // namespace ollama_bench::testing
