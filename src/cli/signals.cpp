#include "ollama_bench/cli/signals.h"

#include <array>
#include <csignal>
#include <cstdlib>

namespace ollama_bench {
namespace {

// A handler takes no argument of ours, hence the one global of the program.
StopRequest* g_stop = nullptr;

extern "C" void OnStopSignal(int signal_number) {
  if (!g_stop->Requested()) {
    g_stop->Request(signal_number);
    return;
  }
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

}  // namespace

void InstallSignalHandlers(StopRequest& stop) {
  g_stop = &stop;
  for (const int signal_number : std::array{SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction old {};
    sigaction(signal_number, nullptr, &old);
    if (old.sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = OnStopSignal;
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, nullptr);
  }
  signal(SIGPIPE, SIG_IGN);
}

void DieOfSignal(int signal_number) {
  signal(signal_number, SIG_DFL);
  raise(signal_number);
  std::_Exit(128 + signal_number);
}

}  // namespace ollama_bench
