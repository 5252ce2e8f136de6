#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/config/suite_config.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/process/process_runner.h"
#include "ollama_bench/session/session_error.h"

namespace ollama_bench {

enum class SuiteStatus {
  kPending,   ///< not begun, or stopped: the next start resumes it
  kDone,      ///< it ended by itself, with an answer
  kNoResult,  ///< it ended by itself, and nothing was measured
  kTimedOut,  ///< it took longer than its limit; what it measured is kept
  kSkipped,   ///< it cannot run here
  kFailed,    ///< the next start tries it again
};
std::string_view KeyOf(SuiteStatus status);

/// What became of one experiment.
struct SuiteEntry {
  std::string name;
  std::string command;
  std::vector<std::string> arguments;  ///< the whole command line but the program
  SuiteStatus status = SuiteStatus::kPending;
  std::string reason;             ///< of a failure, or why it was skipped
  double seconds = 0;             ///< over all starts
  std::filesystem::path results;  ///< in the suite's folder
  std::string answer;             ///< the last line of its --json; empty: none

  friend bool operator==(const SuiteEntry&, const SuiteEntry&) = default;
};

struct SuiteOptions {
  std::filesystem::path config;
  bool quick = false;
  /// Empty: the newest unfinished one of the same suite below `results/`, else a new one there.
  std::filesystem::path folder;
  bool starts_anew = false;         ///< never resumes
  std::vector<std::string> labels;  ///< as --label takes them
  std::string program;              ///< this one
  std::optional<int> gpus;          ///< of the server's machine; empty: not known
};

/// Learns how a suite proceeds, on the thread of the caller. Must not throw.
class SuiteObserver {
 public:
  virtual ~SuiteObserver() = default;

  virtual void OnBegin(const std::filesystem::path& folder, std::size_t experiments,
                       std::size_t finished) = 0;
  virtual void OnStart(std::size_t place, const SuiteExperiment& experiment) = 0;
  /// A line of the experiment's --json.
  virtual void OnLine(std::string_view line) = 0;
  virtual void OnEnd(std::size_t place, const SuiteEntry& entry) = 0;
  virtual void OnWarning(const std::string& text) = 0;
};

struct SuiteOutcome {
  std::filesystem::path folder;
  std::vector<SuiteEntry> entries;
  std::vector<std::filesystem::path> written;  ///< reports and pictures
};

/// Runs the experiments that are left, one after the other, each as a program of its own with what
/// a person would type; then draws their pictures (`charts/`) and writes `report.html` and
/// `report.md`. `suite.json` in the folder holds the state, written before and after each
/// experiment, so that the same start resumes after any death. An experiment whose limit has passed
/// is ended as by Ctrl+C. A stop request ends the experiment under way in the same way, and the
/// suite.
///
/// Errors: the folder cannot be written, another suite is at work there (kStore), or it belongs to
/// another configuration (kUsage).
Expected<SuiteOutcome, SessionError> RunSuite(const std::vector<SuiteExperiment>& suite,
                                              const SuiteOptions& options, ProcessRunner& runner,
                                              Clock& clock, const StopRequest& stop,
                                              SuiteObserver& observer);

}  // namespace ollama_bench
