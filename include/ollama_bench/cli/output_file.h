#pragma once

#include <filesystem>
#include <string_view>

#include "ollama_bench/cli/session_error.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/store/file_system.h"

namespace ollama_bench {

/// Writes a file of a command's output whole: it is the old one or the new one, never half.
/// kEnvironment where the system refuses.
Expected<void, SessionError> WriteOutputFile(FileSystem& file_system,
                                             const std::filesystem::path& path,
                                             std::string_view bytes);

}  // namespace ollama_bench
