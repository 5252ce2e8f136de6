#pragma once

#include <string>
#include <utility>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/session/exit_code.h"

namespace ollama_bench {

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
