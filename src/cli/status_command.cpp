#include "commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "ollama_bench/core/clock.h"
#include "ollama_bench/session/opened_store.h"
#include "store_status.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

struct StatusOptions {
  fs::path results = "benchmark_results.json";
  bool watch = false;
  double interval_s = 2;
  bool json = false;
};

// No lock is taken: neither a running sweep nor one that is about to start is in the way.
Expected<StoreStatus, StoreError> ReadStatus(const fs::path& results) {
  auto holder = WhoHolds(results);
  if (!holder) return Unexpected<StoreError>(holder.error());
  PosixFileSystem file_system;
  const auto store = ResultsStore::Load(file_system, results);
  if (store) return DescribeStore(*store, std::move(*holder));
  StoreError error = store.error();
  if (error.kind == StoreError::Kind::kMissing) {
    error.message += *holder ? "; a run is about to make it"
                             : "; name another file, or begin a sweep with `ollama-bench run`";
  }
  return Unexpected<StoreError>(std::move(error));
}

int Complain(const StoreError& error) {
  const SessionError shown = ToSessionError(error);
  Print(stderr, "ollama-bench: {}\n", shown.message);
  return static_cast<int>(shown.code);
}

std::string Render(const StoreStatus& status, const StatusOptions& options, int indent) {
  const std::string file = options.results.string();
  if (options.json) return StatusJson(status, file, indent) + "\n";
  return fmt::format("{}\n", fmt::join(StatusLines(status, file), "\n"));
}

int ShowOnce(const StatusOptions& options) {
  const auto status = ReadStatus(options.results);
  if (!status) return Complain(status.error());
  Print(stdout, "{}", Render(*status, options, 2));
  return static_cast<int>(ExitCode::kDone);
}

/// Shows texts one after the other: on a terminal in the place of the one before, elsewhere only
/// what has changed.
class Shown {
 public:
  explicit Shown(bool json) : in_place_(!json && IsTerminal(STDOUT_FILENO)), json_(json) {}

  void Show(const std::string& text) {
    if (text == last_) return;
    if (in_place_) {
      // Back to the block's first line and clear from there on (ECMA-48: CPL, ED).
      if (lines_ > 0) Print(stdout, "\x1b[{}F\x1b[J", lines_);
      lines_ = RowsOf(text, TerminalWidth(STDOUT_FILENO));
    } else if (!last_.empty() && !json_) {
      Print(stdout, "\n");
    }
    Print(stdout, "{}", text);
    std::fflush(stdout);
    last_ = text;
  }

 private:
  // A terminal breaks lines that are wider than itself.
  static int RowsOf(const std::string& text, int width) {
    int rows = 0;
    int column = 0;
    for (const char c : text) {
      const bool begins_character = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
      if (c == '\n') {
        rows += 1 + std::max(0, column - 1) / width;
        column = 0;
      } else if (begins_character) {
        ++column;
      }
    }
    return rows;
  }

  bool in_place_;
  bool json_;
  int lines_ = 0;
  std::string last_;
};

int Watch(const StatusOptions& options, const StopRequest& stop) {
  SystemClock clock;
  Shown shown(options.json);
  const auto interval = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::duration<double>(options.interval_s));
  while (!stop.Requested()) {
    const auto status = ReadStatus(options.results);
    const bool missing = !status && status.error().kind == StoreError::Kind::kMissing;
    if (!status && !missing) return Complain(status.error());
    if (status) {
      shown.Show(Render(*status, options, -1));
      if (status->left == 0 && !status->holder) break;
    }
    clock.Sleep(interval, stop);
  }
  return static_cast<int>(ExitCode::kDone);
}

}  // namespace

void AddStatusCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop) {
  const auto options = std::make_shared<StatusOptions>();
  CLI::App* status = app.add_subcommand("status", "Show how far a sweep is, also while it runs");
  status->footer("A running sweep is neither disturbed nor slowed down: nothing is locked.");
  status->add_option("RESULTS", options->results, "Results of a sweep, finished or running")
      ->capture_default_str();
  status->add_flag("-w,--watch", options->watch,
                   "Repeat until no cell is left and no run holds the file");
  status->add_option("--interval", options->interval_s, "Seconds between two looks of --watch")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  status->add_flag("--json", options->json,
                   "For programs: one JSON object; with --watch one a line for each change");
  status->callback([options, &action, &stop] {
    action = [options, &stop] {
      return options->watch ? Watch(*options, stop) : ShowOnce(*options);
    };
  });
}

}  // namespace ollama_bench
