#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// What the system refused.
struct IoError {
  int code = 0;         ///< an errno value
  std::string message;  ///< one line for a person: step, path and the system's reason
};

/// Which file is at a path, and in which state: another inode, size or time means that someone
/// replaced or edited it.
struct FileStamp {
  std::uint64_t inode = 0;
  std::int64_t size = 0;      ///< bytes
  std::int64_t mtime_ns = 0;  ///< since the epoch

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

struct FileStatus {
  FileStamp stamp;
  unsigned permissions = 0;  ///< the mode's low 12 bits
  bool is_regular = true;
};

struct FileText {
  std::string text;
  FileStamp stamp;  ///< taken before the text was read, so that a later edit shows
};

/// A file being written from its start, or from where it ended. Closed when destroyed.
class OutputFile {
 public:
  virtual ~OutputFile() = default;

  /// One write(2): returns how many bytes were taken, which may be fewer than given.
  virtual Expected<std::size_t, IoError> Write(std::string_view bytes) = 0;
  /// fsync(2), then the stamp that a rename will carry along.
  virtual Expected<FileStamp, IoError> Sync() = 0;
};

/// A file being read. Closed when destroyed.
class InputFile {
 public:
  virtual ~InputFile() = default;

  /// One pread(2): up to `count` bytes from `offset` on; none at the end of the file.
  virtual Expected<std::string, IoError> ReadAt(std::int64_t offset, std::size_t count) = 0;
};

/// The file system at the level of its calls, so that a test can let each of them fail. Every
/// method makes one attempt: EINTR is an error like others, and callers try again. Not thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  /// The whole text of a regular file; EISDIR or ENOTSUP for anything else.
  virtual Expected<FileText, IoError> Read(const std::filesystem::path& path) = 0;
  /// A regular file, to be read in parts; errors as those of Read.
  virtual Expected<std::unique_ptr<InputFile>, IoError> OpenToRead(
      const std::filesystem::path& path) = 0;
  /// Follows links; ENOENT where there is nothing.
  virtual Expected<FileStatus, IoError> Stat(const std::filesystem::path& path) = 0;
  /// The path that a chain of symbolic links ends at, which need not exist; `path` itself if it is
  /// no link.
  virtual Expected<std::filesystem::path, IoError> ResolveLinks(
      const std::filesystem::path& path) = 0;
  /// A new empty file, EEXIST where something is there. Without `permissions` the umask decides.
  virtual Expected<std::unique_ptr<OutputFile>, IoError> CreateNew(
      const std::filesystem::path& path, std::optional<unsigned> permissions) = 0;
  /// A regular file, cut to its first `size` bytes, which it has; what is written comes behind
  /// them.
  virtual Expected<std::unique_ptr<OutputFile>, IoError> OpenToAppend(
      const std::filesystem::path& path, std::int64_t size) = 0;
  virtual Expected<void, IoError> Rename(const std::filesystem::path& from,
                                         const std::filesystem::path& to) = 0;
  /// Makes the names in `folder` durable; succeeds where the file system has no such call.
  virtual Expected<void, IoError> SyncFolder(const std::filesystem::path& folder) = 0;
  virtual Expected<void, IoError> Remove(const std::filesystem::path& path) = 0;
};

/// The real one.
class PosixFileSystem : public FileSystem {
 public:
  Expected<FileText, IoError> Read(const std::filesystem::path& path) override;
  Expected<std::unique_ptr<InputFile>, IoError> OpenToRead(
      const std::filesystem::path& path) override;
  Expected<FileStatus, IoError> Stat(const std::filesystem::path& path) override;
  Expected<std::filesystem::path, IoError> ResolveLinks(const std::filesystem::path& path) override;
  Expected<std::unique_ptr<OutputFile>, IoError> CreateNew(
      const std::filesystem::path& path, std::optional<unsigned> permissions) override;
  Expected<std::unique_ptr<OutputFile>, IoError> OpenToAppend(const std::filesystem::path& path,
                                                              std::int64_t size) override;
  Expected<void, IoError> Rename(const std::filesystem::path& from,
                                 const std::filesystem::path& to) override;
  Expected<void, IoError> SyncFolder(const std::filesystem::path& folder) override;
  Expected<void, IoError> Remove(const std::filesystem::path& path) override;
};

}  // namespace ollama_bench
