#pragma once

#include <cstdio>
#include <functional>
#include <memory>

#include "closing.h"
#include "live_progress.h"
#include "ollama_bench/core/clock.h"
#include "progress.h"
#include "session_flags.h"

namespace ollama_bench {

/// Shows a session as the flags and the terminal have it: warnings and progress on stderr, with
/// --json as events on stdout.
class SessionDisplay {
 public:
  explicit SessionDisplay(const CommandFlags& flags);
  SessionDisplay(const SessionDisplay&) = delete;
  SessionDisplay& operator=(const SessionDisplay&) = delete;

  /// Shows warnings outside a sweep.
  [[nodiscard]] Observer& notices() { return *notices_; }
  /// What a session is to call while something runs; empty where nothing is redrawn. To be called
  /// neither after the object nor after the progress that MakeProgress returned.
  [[nodiscard]] std::function<void()> OnIdle();
  /// The observer of a sweep that fits the flags and the terminal.
  std::unique_ptr<ProgressObserver> MakeProgress(ProgressState state);
  /// How the command ends.
  [[nodiscard]] Closing& closing() { return closing_; }

 private:
  [[nodiscard]] bool ShowsLiveBlock() const;

  bool quiet_;
  bool json_;
  bool redraws_;
  Closing closing_;
  SystemClock clock_;
  std::unique_ptr<Observer> notices_;
  LiveProgress* live_ = nullptr;
};

}  // namespace ollama_bench
