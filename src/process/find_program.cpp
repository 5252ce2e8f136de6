#include "ollama_bench/process/find_program.h"

#include <unistd.h>

#include <cstdlib>
#include <sstream>

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

bool IsExecutable(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::optional<fs::path> FindProgram(const std::string& name) {
  if (name.empty()) return std::nullopt;
  if (name.find('/') != std::string::npos) {
    return IsExecutable(name) ? std::optional<fs::path>(name) : std::nullopt;
  }
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    // An empty entry means the present folder.
    const fs::path candidate = (folder.empty() ? fs::path(".") : fs::path(folder)) / name;
    if (IsExecutable(candidate)) return candidate;
  }
  return std::nullopt;
}

}  // namespace ollama_bench
