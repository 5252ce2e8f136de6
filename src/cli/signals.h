#pragma once

#include "ollama_bench/core/stop_request.h"

namespace ollama_bench {

/// Turns INT, TERM and HUP into requests on `stop`; a second signal ends the program at once. PIPE
/// becomes one when nobody reads standard output or error any more; otherwise it, and XFSZ, only
/// show as failed writes. A signal that was ignored at the start stays ignored (nohup). Started
/// programs inherit none of this. `stop` must live until the program ends; call once.
void InstallSignalHandlers(StopRequest& stop);

/// How often the program was continued after a stop (Ctrl+Z and `fg`).
unsigned TimesContinued();

/// Dies of `signal_number`, so that the shell sees what ended the program.
[[noreturn]] void DieOfSignal(int signal_number);

}  // namespace ollama_bench
