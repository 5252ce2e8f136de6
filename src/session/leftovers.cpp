#include "ollama_bench/session/leftovers.h"

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

#include "ollama_bench/ollama/server_check.h"

namespace ollama_bench {
namespace {

// As this program writes one: Crockford's base 32 in small letters.
bool IsUlid(std::string_view text) {
  constexpr std::size_t kLength = 26;
  constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  return text.size() == kLength && text.find_first_not_of(kAlphabet) == std::string_view::npos;
}

}  // namespace

std::string OwnModelName(const std::string& store_id) {
  return std::string(kTemporaryModelPrefix) + store_id;
}

// A merge in place gives the file another id, and leaves the models under the former one.
bool IsOwnModelName(const std::string& name, const std::string& store_id) {
  if (!name.starts_with(kTemporaryModelPrefix)) return false;
  const std::string_view rest = std::string_view(name).substr(kTemporaryModelPrefix.size());
  const bool holds_id = !store_id.empty() && rest.starts_with(store_id) &&
                        (rest.size() == store_id.size() || rest[store_id.size()] == '-');
  return holds_id || IsUlid(rest.substr(0, rest.find('-')));
}

bool IsOwnModel(const TemporaryModel& noted, const std::string& store_id,
                const std::string& digest) {
  return IsOwnModelName(noted.name, store_id) || (!noted.digest.empty() && noted.digest == digest);
}

ClearedModels ClearModels(const std::vector<TemporaryModel>& noted, const std::string& store_id,
                          OllamaApi& api) {
  ClearedModels cleared;
  if (noted.empty()) return cleared;
  const auto models = api.Models();
  if (!models) {
    cleared.left = noted;
    cleared.reason = models.error().message;
    return cleared;
  }
  for (const TemporaryModel& temporary : noted) {
    const ModelListing* listed = FindModel(*models, temporary.name);
    if (listed == nullptr) continue;
    if (!IsOwnModel(temporary, store_id, listed->digest)) {
      cleared.kept.push_back(temporary);
    } else if (const auto removed = api.Remove(temporary.name); !removed) {
      cleared.left.push_back(temporary);
      cleared.reason = removed.error().message;
    } else {
      cleared.removed.push_back(temporary.name);
    }
  }
  return cleared;
}

std::string DescribeKept(const std::string& model) {
  return fmt::format(
      "the server has a model '{0}', a name that was used for a sweep; it is not known to be the "
      "sweep's own and stays; by hand, where nobody needs it: ollama rm {0}",
      model);
}

Expected<void, SessionError> CheckNamesAreFree(const std::vector<std::string>& names,
                                               OllamaApi& api) {
  if (names.empty()) return {};
  const auto models = api.Models();
  if (!models) return Fail(models.error());
  for (const std::string& name : names) {
    if (FindModel(*models, name) == nullptr) continue;
    return Fail(ExitCode::kUsage, fmt::format("the server has a model '{}', which this program did "
                                              "not make and does not replace; give "
                                              "another name with --model-name",
                                              name));
  }
  return {};
}

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
  return MakeKeepingOthers();
}

Expected<ScratchFolder, SessionError> ScratchFolder::MakeKeepingOthers() {
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
