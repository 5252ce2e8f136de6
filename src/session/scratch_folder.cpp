#include "ollama_bench/session/scratch_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX, not C++
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "ollama-bench-scratch-";
// A folder exists for an instant before it is locked.
constexpr std::chrono::minutes kYoungest{1};

UniqueFd OpenFolder(const fs::path& folder) {
  return UniqueFd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool IsAbandoned(const fs::path& folder) {
  if (!folder.filename().string().starts_with(kPrefix)) return false;
  struct stat info {};
  if (lstat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) return false;
  if (info.st_uid != geteuid()) return false;
  std::error_code error;
  const auto age = fs::file_time_type::clock::now() - fs::last_write_time(folder, error);
  if (error || age < kYoungest) return false;
  const UniqueFd fd = OpenFolder(folder);
  return fd.valid() && flock(fd.get(), LOCK_EX | LOCK_NB) == 0;
}

}  // namespace

fs::path ScratchParent() {
  std::error_code error;
  const fs::path parent = fs::temp_directory_path(error);
  return error ? fs::path("/tmp") : parent;
}

Expected<ScratchFolder, SessionError> ScratchFolder::Make() {
  // What runs that were killed left; where it cannot be removed it does no harm.
  std::error_code ignored;
  for (const fs::path& folder : FindAbandonedScratch(ScratchParent())) {
    fs::remove_all(folder, ignored);
  }
  std::string pattern = (ScratchParent() / std::string(kPrefix)).string() + "XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) {
    return Fail(ExitCode::kEnvironment, fmt::format("cannot make a temporary folder {}: {}",
                                                    pattern, std::strerror(errno)));
  }
  UniqueFd lock = OpenFolder(pattern);
  // Where folders cannot be locked, a dead one is left to the system's own cleaning.
  [[maybe_unused]] const int locked = lock.valid() ? flock(lock.get(), LOCK_EX | LOCK_NB) : -1;
  return ScratchFolder(pattern, std::move(lock));
}

ScratchFolder::ScratchFolder(ScratchFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

std::vector<fs::path> FindAbandonedScratch(const fs::path& parent) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(parent, error)) {
    if (IsAbandoned(entry.path())) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

}  // namespace ollama_bench
