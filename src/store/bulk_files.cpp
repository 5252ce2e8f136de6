#include "bulk_files.h"

#include <fmt/format.h>

#include <system_error>

#include "io_failure.h"
#include "ollama_bench/store/atomic_file.h"
#include "ollama_bench/store/window_files.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

Expected<void, StoreError> MakeFolder(FileSystem& file_system, const fs::path& folder) {
  std::error_code error;
  if (!fs::create_directories(folder, error) && error) {
    return IoFailure(fmt::format("{}: {}", folder.string(), error.message()));
  }
  const fs::path parent = folder.has_parent_path() ? folder.parent_path() : fs::path(".");
  if (const auto synced = file_system.SyncFolder(parent); !synced) {
    return IoFailure(synced.error());
  }
  return {};
}

}  // namespace

fs::path BulkFolderOf(const fs::path& results) {
  return fs::path(results).replace_extension(".d");
}

fs::path BulkFileOf(const fs::path& results, const std::string& sample_id,
                    std::string_view ending) {
  return BulkFolderOf(results) / (sample_id + std::string(ending));
}

Expected<void, StoreError> WriteBulkFile(FileSystem& file_system, const fs::path& path,
                                         std::string_view text) {
  if (auto made = MakeFolder(file_system, path.parent_path()); !made) return made;
  const auto replaced = ReplaceFile(file_system, path, text);
  if (!replaced) return IoFailure(replaced.error());
  return {};
}

Expected<void, StoreError> CopyBulkFile(FileSystem& file_system, const fs::path& from,
                                        const fs::path& to) {
  std::error_code error;
  if (!fs::exists(from, error) || fs::exists(to, error)) return {};
  const auto text = file_system.Read(from);
  if (!text) return IoFailure(text.error());
  return WriteBulkFile(file_system, to, text->text);
}

}  // namespace ollama_bench
