#pragma once

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/session/session_options.h"
#include "ollama_bench/store/file_system.h"

namespace ollama_bench {

/// Whether the file that --save-config names, if it is given, may be written (see CheckOutput).
Expected<void, SessionError> CheckSavedConfig(FileSystem& file_system,
                                              const SessionOptions& options);

/// Writes `config` there, as YAML that LoadSweepConfig reads. To be called only once the run is
/// accepted.
Expected<void, SessionError> SaveConfig(FileSystem& file_system, const SessionOptions& options,
                                        const SweepConfig& config);

}  // namespace ollama_bench
