#pragma once

#include "ollama_bench/core/stop_request.h"

namespace ollama_bench {

/// Turns INT, TERM and HUP into requests on `stop`; a second signal ends the program at once. A
/// signal that was ignored at the start stays ignored (nohup). PIPE is ignored: a closed pipe shows
/// as a failed write. `stop` must live until the program ends; call once.
void InstallSignalHandlers(StopRequest& stop);

/// Dies of `signal_number`, so that the shell sees what ended the program.
[[noreturn]] void DieOfSignal(int signal_number);

}  // namespace ollama_bench
