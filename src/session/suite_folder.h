#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/session/suite_session.h"
#include "ollama_bench/store/file_lock.h"
#include "ollama_bench/store/file_system.h"

namespace ollama_bench {

/// The folder of one suite and its `suite.json`.
class SuiteFolder {
 public:
  /// Finds the folder that `options` means or makes one, locks it and reads what is there.
  /// `configuration` is the text that the suite must agree in to be resumed. `file_system` and
  /// `clock` must outlive the object.
  static Expected<SuiteFolder, SessionError> Open(FileSystem& file_system, Clock& clock,
                                                  const SuiteOptions& options,
                                                  const std::string& configuration);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// What an earlier start left; empty in a new folder.
  [[nodiscard]] const std::vector<SuiteEntry>& entries() const { return entries_; }
  /// Writes them down, durably. A suite is finished once it `is_reported`.
  Expected<void, SessionError> Save(const std::vector<SuiteEntry>& entries, bool is_reported);

 private:
  SuiteFolder(FileSystem& file_system, std::filesystem::path path, std::string configuration,
              bool quick, FileLock lock)
      : file_system_(&file_system),
        path_(std::move(path)),
        configuration_(std::move(configuration)),
        quick_(quick),
        lock_(std::move(lock)) {}

  FileSystem* file_system_;
  std::filesystem::path path_;
  std::string configuration_;  ///< SHA-256 of it
  bool quick_;
  std::string started_;
  std::vector<SuiteEntry> entries_;
  FileLock lock_;
};

}  // namespace ollama_bench
