#pragma once

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

}  // namespace ollama_bench
