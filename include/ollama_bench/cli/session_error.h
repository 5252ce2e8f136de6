#pragma once

#include <string>

#include "ollama_bench/cli/exit_code.h"

namespace ollama_bench {

/// Why a command cannot go on: what to return to the shell, and what to tell the person.
struct SessionError {
  ExitCode code = ExitCode::kEnvironment;
  std::string message;  ///< one or more lines
};

}  // namespace ollama_bench
