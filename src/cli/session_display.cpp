#include "session_display.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "line_progress.h"
#include "terminal.h"

namespace ollama_bench {

SessionDisplay::SessionDisplay(const CommandFlags& flags) : quiet_(flags.quiet), json_(flags.json) {
  if (json_) {
    notices_ = std::make_unique<JsonProgress>(ProgressState(), clock_, stdout);
  } else {
    notices_ = std::make_unique<QuietProgress>(ProgressState(), clock_, stderr);
  }
}

// Only the live block needs to be called while something runs.
bool SessionDisplay::ShowsLiveBlock() const {
  return !quiet_ && !json_ && IsTerminal(STDERR_FILENO);
}

std::function<void()> SessionDisplay::OnIdle() {
  if (!ShowsLiveBlock()) return nullptr;
  return [this] {
    if (live_ != nullptr) live_->Redraw();
  };
}

std::unique_ptr<ProgressObserver> SessionDisplay::MakeProgress(ProgressState state) {
  if (json_) return std::make_unique<JsonProgress>(std::move(state), clock_, stdout);
  if (quiet_) return std::make_unique<QuietProgress>(std::move(state), clock_, stderr);
  if (!ShowsLiveBlock()) return std::make_unique<PlainProgress>(std::move(state), clock_, stderr);
  auto live =
      std::make_unique<LiveProgress>(std::move(state), clock_, stderr, UseColor(STDERR_FILENO));
  live_ = live.get();
  return live;
}

}  // namespace ollama_bench
