#include "read_text.h"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "retry.h"
#include "store_limits.h"

namespace ollama_bench {
namespace {

Unexpected<StoreError> Fail(StoreError::Kind kind, const std::string& message) {
  return Unexpected<StoreError>({kind, message});
}

}  // namespace

Expected<FileText, StoreError> ReadStoreText(FileSystem& file_system,
                                             const std::filesystem::path& path) {
  using Kind = StoreError::Kind;
  const auto status = RetryInterrupted([&] { return file_system.Stat(path); });
  if (!status && status.error().code == ENOENT) {
    return Fail(Kind::kMissing, fmt::format("{} does not exist", path.string()));
  }
  if (!status) return Fail(Kind::kIo, status.error().message);
  if (status->stamp.size > kMostBytes) {
    return Fail(Kind::kDamaged,
                fmt::format("{}:1: the file is larger than {} MiB; move it away to start afresh",
                            path.string(), kMostBytes >> 20));
  }
  auto file = RetryInterrupted([&] { return file_system.Read(path); });
  if (!file) return Fail(Kind::kIo, file.error().message);
  return std::move(*file);
}

}  // namespace ollama_bench
