#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "ollama_bench/core/unique_fd.h"
#include "ollama_bench/store/file_system.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

Unexpected<IoError> Refused(std::string_view step, const fs::path& path, int code) {
  return Unexpected<IoError>(IoError{code, fmt::format("cannot {} {}: {}", step, path.string(),
                                                       std::generic_category().message(code))});
}

Unexpected<IoError> Refused(std::string_view step, const fs::path& path) {
  return Refused(step, path, errno);
}

FileStatus StatusFrom(const struct stat& info) {
#ifdef __APPLE__
  const timespec& modified = info.st_mtimespec;
#else
  const timespec& modified = info.st_mtim;
#endif
  FileStatus status;
  status.stamp.inode = static_cast<std::uint64_t>(info.st_ino);
  status.stamp.size = static_cast<std::int64_t>(info.st_size);
  status.stamp.mtime_ns = std::int64_t{modified.tv_sec} * 1'000'000'000 + modified.tv_nsec;
  status.permissions = static_cast<unsigned>(info.st_mode) & 07777U;
  status.is_regular = S_ISREG(info.st_mode);
  return status;
}

int SyncToDisk(int fd) {
#ifdef F_FULLFSYNC
  // On macOS fsync leaves the data in the drive's cache.
  if (fcntl(fd, F_FULLFSYNC) == 0) return 0;
#endif
  return fsync(fd);
}

class PosixOutputFile : public OutputFile {
 public:
  PosixOutputFile(UniqueFd fd, fs::path path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Expected<std::size_t, IoError> Write(std::string_view bytes) override {
    const ssize_t written = write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0) return Refused("write", path_);
    return static_cast<std::size_t>(written);
  }

  Expected<FileStamp, IoError> Sync() override {
    if (SyncToDisk(fd_.get()) != 0) return Refused("sync", path_);
    struct stat info {};
    if (fstat(fd_.get(), &info) != 0) return Refused("inspect", path_);
    return StatusFrom(info).stamp;
  }

 private:
  UniqueFd fd_;
  fs::path path_;
};

class PosixInputFile : public InputFile {
 public:
  PosixInputFile(UniqueFd fd, fs::path path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Expected<std::string, IoError> ReadAt(std::int64_t offset, std::size_t count) override {
    std::string bytes(count, '\0');
    const ssize_t got = pread(fd_.get(), bytes.data(), count, static_cast<off_t>(offset));
    if (got < 0) return Refused("read", path_);
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
  }

 private:
  UniqueFd fd_;
  fs::path path_;
};

// An open regular file with its status.
struct Opened {
  UniqueFd fd;
  struct stat info {};
};

// O_NONBLOCK: opening a named pipe must not wait for its other end.
Expected<Opened, IoError> OpenRegular(const fs::path& path, int flags) {
  Opened opened{UniqueFd(open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK)), {}};
  if (!opened.fd.valid()) return Refused("open", path);
  if (fstat(opened.fd.get(), &opened.info) != 0) return Refused("inspect", path);
  if (!S_ISREG(opened.info.st_mode)) {
    return Refused("read", path, S_ISDIR(opened.info.st_mode) ? EISDIR : ENOTSUP);
  }
  return opened;
}

}  // namespace

Expected<FileText, IoError> PosixFileSystem::Read(const fs::path& path) {
  const auto opened = OpenRegular(path, O_RDONLY);
  if (!opened) return Unexpected<IoError>(opened.error());
  const auto& [fd, info] = *opened;
  FileText file{{}, StatusFrom(info).stamp};
  // One byte more than the size, so that the end shows without a second round.
  file.text.resize(static_cast<std::size_t>(info.st_size) + 1);
  std::size_t length = 0;
  while (true) {
    const ssize_t count = read(fd.get(), file.text.data() + length, file.text.size() - length);
    if (count < 0) return Refused("read", path);
    if (count == 0) break;
    length += static_cast<std::size_t>(count);
    if (length == file.text.size()) file.text.resize(2 * length);
  }
  file.text.resize(length);
  return file;
}

Expected<std::unique_ptr<InputFile>, IoError> PosixFileSystem::OpenToRead(const fs::path& path) {
  auto opened = OpenRegular(path, O_RDONLY);
  if (!opened) return Unexpected<IoError>(opened.error());
  return std::make_unique<PosixInputFile>(std::move(opened->fd), path);
}

Expected<FileStatus, IoError> PosixFileSystem::Stat(const fs::path& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return Refused("inspect", path);
  return StatusFrom(info);
}

Expected<fs::path, IoError> PosixFileSystem::ResolveLinks(const fs::path& path) {
  constexpr int kMostLinks = 40;
  fs::path target = path;
  for (int i = 0; i < kMostLinks; ++i) {
    std::error_code error;
    if (!fs::is_symlink(fs::symlink_status(target, error))) return target;
    const fs::path next = fs::read_symlink(target, error);
    if (error) return Refused("follow the link", target, error.value());
    target = target.parent_path() / next;  // an absolute `next` replaces the parent
  }
  return Refused("follow the link", path, ELOOP);
}

Expected<std::unique_ptr<OutputFile>, IoError> PosixFileSystem::CreateNew(
    const fs::path& path, std::optional<unsigned> permissions) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd.valid()) return Refused("create", path);
  if (permissions && fchmod(fd.get(), static_cast<mode_t>(*permissions)) != 0) {
    const int code = errno;
    unlink(path.c_str());
    return Refused("set the permissions of", path, code);
  }
  return std::make_unique<PosixOutputFile>(std::move(fd), path);
}

Expected<std::unique_ptr<OutputFile>, IoError> PosixFileSystem::OpenToAppend(const fs::path& path,
                                                                             std::int64_t size) {
  auto opened = OpenRegular(path, O_WRONLY | O_APPEND);
  if (!opened) return Unexpected<IoError>(opened.error());
  const bool is_longer = opened->info.st_size > size;
  if (is_longer && ftruncate(opened->fd.get(), static_cast<off_t>(size)) != 0) {
    return Refused("shorten", path);
  }
  return std::make_unique<PosixOutputFile>(std::move(opened->fd), path);
}

Expected<void, IoError> PosixFileSystem::Rename(const fs::path& from, const fs::path& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) return Refused("replace", to);
  return {};
}

Expected<void, IoError> PosixFileSystem::SyncFolder(const fs::path& folder) {
  const UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return Refused("open the folder", folder);
  // Some network and user-space file systems cannot sync a folder and say so.
  if (fsync(fd.get()) != 0 && errno != EINVAL && errno != ENOTSUP) {
    return Refused("sync the folder", folder);
  }
  return {};
}

Expected<void, IoError> PosixFileSystem::Remove(const fs::path& path) {
  if (unlink(path.c_str()) != 0) return Refused("remove", path);
  return {};
}

}  // namespace ollama_bench
