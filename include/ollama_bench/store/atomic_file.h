#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "ollama_bench/store/file_system.h"

namespace ollama_bench {

/// Replaces a file as a whole: readers see the old text or the new one, never a mixture, also after
/// a crash. The text goes to a temporary file beside the target with a fixed name, so that a killed
/// run leaves at most one behind, which the next one takes over. Hence one writer at a time per
/// target. A symbolic link is followed and stays a link; the old file's permissions are kept, its
/// owner is not. Without a Commit the destructor removes the temporary file.
class AtomicFile {
 public:
  /// `file_system` must outlive the object. Refuses (ENOTSUP) to replace what is no regular file.
  static Expected<AtomicFile, IoError> Open(FileSystem& file_system,
                                            const std::filesystem::path& path);

  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  Expected<void, IoError> Write(std::string_view bytes);
  /// Makes the text durable under its temporary name. The stamp is the one the target will have.
  Expected<FileStamp, IoError> Flush();
  /// Renames over the target and syncs the folder. Needs a Flush before.
  Expected<void, IoError> Commit();

 private:
  AtomicFile(FileSystem& file_system, std::filesystem::path target, std::filesystem::path temporary,
             std::unique_ptr<OutputFile> output);

  FileSystem* file_system_;
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  std::unique_ptr<OutputFile> output_;
  std::int64_t size_ = 0;  ///< bytes written
  bool replaced_ = false;
};

/// Replaces the file by `text`, as a whole and durably.
Expected<void, IoError> ReplaceFile(FileSystem& file_system, const std::filesystem::path& path,
                                    std::string_view text);

}  // namespace ollama_bench
