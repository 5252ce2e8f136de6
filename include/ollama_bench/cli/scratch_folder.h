#pragma once

#include <filesystem>

#include "ollama_bench/cli/session_error.h"
#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// An empty folder of our own under the system's temporary folder, removed with the object.
class ScratchFolder {
 public:
  static Expected<ScratchFolder, SessionError> Make();

  ~ScratchFolder();
  ScratchFolder(ScratchFolder&& other) noexcept;
  ScratchFolder& operator=(ScratchFolder&&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit ScratchFolder(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;
};

}  // namespace ollama_bench
