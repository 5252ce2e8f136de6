#pragma once

#include <sys/types.h>

#include <string>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/unique_fd.h"
#include "ollama_bench/process/process_runner.h"

namespace ollama_bench {

/// A started child, leader of its own process group. Its holder must reap `pid`.
struct Child {
  pid_t pid = -1;
  UniqueFd stdout_pipe;  ///< read end, not blocking
  UniqueFd stderr_pipe;
  UniqueFd exit_fd;  ///< readable when the child has ended; invalid where the system has no pidfd
};

/// Starts a child. The error names the program and the reason.
Expected<Child, std::string> Spawn(const ProcessRequest& request);

}  // namespace ollama_bench
