#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/unique_fd.h"

namespace ollama_bench {

/// A program that is to run beside this one. There is no shell: `argv[0]` is looked up on PATH
/// unless it holds a slash.
struct BackgroundRequest {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> environment;  ///< added to the inherited one
  std::vector<std::string> removed;  ///< names of inherited variables that it does not get
  std::filesystem::path log;         ///< takes both its outputs; created, truncated
  /// Between TERM and KILL where it is ended without End(): it died, or this program did.
  std::chrono::milliseconds grace{5000};
};

/// A long-running child, such as `ollama serve`, with all that it starts. It leads a process group
/// of its own, so that a Ctrl+C at the terminal does not reach it, and holds no descriptor of ours.
///
/// No descendant of it outlives this object, nor this program, however that ends (kill -9
/// included): a small process of ours between the two, the shepherd, which no signal but KILL ends,
/// sees its end of a pipe close and ends them all, those that left the group too. The one gap: KILL
/// sent to the shepherd itself ends the child, and the rest of its group not before End(); what had
/// left the group stays. Linux; elsewhere Start is an error. Not thread-safe.
class BackgroundProcess {
 public:
  /// Returns once the program was executed. The error names the program and the reason.
  static Expected<BackgroundProcess, std::string> Start(const BackgroundRequest& request);

  /// Ends it as End(request.grace) does.
  ~BackgroundProcess();
  BackgroundProcess(BackgroundProcess&& other) noexcept = default;
  BackgroundProcess& operator=(BackgroundProcess&& other) noexcept;
  BackgroundProcess(const BackgroundProcess&) = delete;
  BackgroundProcess& operator=(const BackgroundProcess&) = delete;

  /// Of the program itself, also its group. Another process may have the number once it has ended.
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Whether the program itself has ended; what it left behind is then being ended.
  bool HasEnded();
  /// "exit status 1", "signal 9 (Killed)"; empty while it runs.
  std::string HowItEnded();
  /// Readable once it has ended, for poll(); -1 after End().
  [[nodiscard]] int ended_fd() const { return status_.get(); }

  /// TERM to the whole group, KILL to all that is left after `grace`. Returns when nothing is left:
  /// true; false where something is that even KILL did not end within half a minute.
  bool End(std::chrono::milliseconds grace);

 private:
  BackgroundProcess(UniqueFd control, UniqueFd status, pid_t shepherd,
                    std::chrono::milliseconds grace)
      : control_(std::move(control)),
        status_(std::move(status)),
        shepherd_(shepherd),
        grace_(grace) {}

  bool ReadReport(bool wait);

  UniqueFd control_;  // closed to end it; invalid once it was
  UniqueFd status_;   // the shepherd's reports; at its end when everything is gone
  pid_t shepherd_;
  std::chrono::milliseconds grace_;
  pid_t pid_ = -1;
  int start_error_ = 0;
  bool shepherd_ended_ = false;
  bool has_survivors_ = false;
  std::optional<int> wait_status_;
};

}  // namespace ollama_bench
