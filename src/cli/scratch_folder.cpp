#include "ollama_bench/cli/scratch_folder.h"

#include <fmt/format.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX, not C++

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace ollama_bench {

namespace fs = std::filesystem;

Expected<ScratchFolder, SessionError> ScratchFolder::Make() {
  std::error_code error;
  const fs::path parent = fs::temp_directory_path(error);
  std::string pattern = ((error ? fs::path("/tmp") : parent) / "ollama-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    return Unexpected<SessionError>(SessionError{
        ExitCode::kEnvironment,
        fmt::format("cannot make a temporary folder {}: {}", pattern, std::strerror(errno))});
  }
  return ScratchFolder(pattern);
}

ScratchFolder::ScratchFolder(ScratchFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace ollama_bench
