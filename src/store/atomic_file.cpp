#include "ollama_bench/store/atomic_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "retry.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

fs::path TemporaryFor(const fs::path& target) {
  return target.parent_path() / fmt::format(".{}.ollama-bench-tmp", target.filename().string());
}

Expected<std::unique_ptr<OutputFile>, IoError> CreateTemporary(
    FileSystem& file_system, const fs::path& path, std::optional<unsigned> permissions) {
  const auto create = [&] {
    return RetryInterrupted([&] { return file_system.CreateNew(path, permissions); });
  };
  auto output = create();
  if (output || output.error().code != EEXIST) return output;
  // Left by a killed run.
  const auto removed = RetryInterrupted([&] { return file_system.Remove(path); });
  if (!removed && removed.error().code != ENOENT) return Unexpected<IoError>(removed.error());
  return create();
}

}  // namespace

Expected<AtomicFile, IoError> AtomicFile::Open(FileSystem& file_system, const fs::path& path) {
  auto target = RetryInterrupted([&] { return file_system.ResolveLinks(path); });
  if (!target) return Unexpected<IoError>(target.error());
  const auto status = RetryInterrupted([&] { return file_system.Stat(*target); });
  if (!status && status.error().code != ENOENT) return Unexpected<IoError>(status.error());
  if (status && !status->is_regular) {
    return Unexpected<IoError>(
        IoError{ENOTSUP, fmt::format("cannot replace {}: not a regular file", path.string())});
  }
  std::optional<unsigned> permissions;
  if (status) permissions = status->permissions;
  fs::path temporary = TemporaryFor(*target);
  auto output = CreateTemporary(file_system, temporary, permissions);
  if (!output) return Unexpected<IoError>(output.error());
  return AtomicFile(file_system, std::move(*target), std::move(temporary), std::move(*output));
}

AtomicFile::AtomicFile(FileSystem& file_system, fs::path target, fs::path temporary,
                       std::unique_ptr<OutputFile> output)
    : file_system_(&file_system),
      target_(std::move(target)),
      temporary_(std::move(temporary)),
      output_(std::move(output)) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : file_system_(std::exchange(other.file_system_, nullptr)),
      target_(std::move(other.target_)),
      temporary_(std::move(other.temporary_)),
      output_(std::move(other.output_)),
      size_(other.size_),
      replaced_(other.replaced_) {}

AtomicFile::~AtomicFile() {
  if (file_system_ == nullptr || replaced_) return;
  output_.reset();
  // What cannot be removed now is taken over by the next one.
  (void)RetryInterrupted([&] { return file_system_->Remove(temporary_); });
}

Expected<void, IoError> AtomicFile::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = RetryInterrupted([&] { return output_->Write(bytes); });
    if (!written) return Unexpected<IoError>(written.error());
    if (*written == 0) {
      return Unexpected<IoError>(
          IoError{EIO, fmt::format("cannot write {}: nothing is taken", temporary_.string())});
    }
    bytes.remove_prefix(*written);
    size_ += static_cast<std::int64_t>(*written);
  }
  return {};
}

Expected<FileStamp, IoError> AtomicFile::Flush() {
  auto stamp = RetryInterrupted([&] { return output_->Sync(); });
  // A file system that lost or repeated a write without saying so must not get to the rename.
  if (stamp && stamp->size != size_) {
    return Unexpected<IoError>(
        IoError{EIO, fmt::format("cannot write {}: {} of {} bytes have arrived",
                                 temporary_.string(), stamp->size, size_)});
  }
  return stamp;
}

Expected<void, IoError> AtomicFile::Commit() {
  output_.reset();
  auto renamed = RetryInterrupted([&] { return file_system_->Rename(temporary_, target_); });
  if (!renamed) return renamed;
  replaced_ = true;
  const fs::path folder = target_.has_parent_path() ? target_.parent_path() : fs::path(".");
  return RetryInterrupted([&] { return file_system_->SyncFolder(folder); });
}

Expected<void, IoError> ReplaceFile(FileSystem& file_system, const fs::path& path,
                                    std::string_view text) {
  auto file = AtomicFile::Open(file_system, path);
  if (!file) return Unexpected<IoError>(file.error());
  if (auto written = file->Write(text); !written) return written;
  if (const auto stamp = file->Flush(); !stamp) return Unexpected<IoError>(stamp.error());
  return file->Commit();
}

}  // namespace ollama_bench
