#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/store/file_system.h"
#include "ollama_bench/store/results_store.h"

// Files of the folder beside the results, one or more for a sample.
namespace ollama_bench {

/// `ending` follows the sample's id: ".jsonl".
std::filesystem::path BulkFileOf(const std::filesystem::path& results, const std::string& sample_id,
                                 std::string_view ending);

/// Durably and as a whole. The folder is made where it is missing.
Expected<void, StoreError> WriteBulkFile(FileSystem& file_system, const std::filesystem::path& path,
                                         std::string_view text);

/// Nothing where `from` is missing or `to` is there.
Expected<void, StoreError> CopyBulkFile(FileSystem& file_system, const std::filesystem::path& from,
                                        const std::filesystem::path& to);

}  // namespace ollama_bench
