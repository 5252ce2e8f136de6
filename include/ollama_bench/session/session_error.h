#pragma once

#include <string>
#include <utility>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/failure.h"

namespace ollama_bench {

/// What the program returns to a shell.
enum class ExitCode {
  kDone = 0,         ///< some cells may have failed
  kNoCell = 1,       ///< no cell succeeded
  kUsage = 2,        ///< wrong usage or configuration
  kEnvironment = 3,  ///< no Ollama, no model, no disk
  kStore = 4,   ///< the results file was refused: other identity, newer schema, locked, damaged
  kSlower = 5,  ///< compare --fail-if-slower found a slow-down, or a cell that now fails
};

/// Why a command cannot continue: what to return to the shell, and the message.
struct SessionError {
  ExitCode code = ExitCode::kEnvironment;
  std::string message;  ///< one or more lines
};

inline Unexpected<SessionError> Fail(ExitCode code, std::string message) {
  return Unexpected<SessionError>(SessionError{code, std::move(message)});
}

/// What Ollama could not do is the environment's fault.
inline Unexpected<SessionError> Fail(const Failure& failure) {
  return Fail(ExitCode::kEnvironment, failure.message);
}

}  // namespace ollama_bench
