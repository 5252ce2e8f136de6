#pragma once

#include <filesystem>
#include <vector>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/unique_fd.h"
#include "ollama_bench/session/session_error.h"

namespace ollama_bench {

/// An empty folder of our own under the system's temporary folder, removed with the object. An
/// flock(2) on the folder itself shows for how long somebody uses it.
class ScratchFolder {
 public:
  /// Also removes those that were abandoned.
  static Expected<ScratchFolder, SessionError> Make();

  ~ScratchFolder();
  ScratchFolder(ScratchFolder&& other) noexcept;
  ScratchFolder& operator=(ScratchFolder&&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  ScratchFolder(std::filesystem::path path, UniqueFd lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  UniqueFd lock_;
};

/// Scratch folders of this user in `parent` whose owner died without removing them.
std::vector<std::filesystem::path> FindAbandonedScratch(const std::filesystem::path& parent);
/// The folder that scratch folders are made in.
std::filesystem::path ScratchParent();

}  // namespace ollama_bench
