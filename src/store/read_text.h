#pragma once

#include <filesystem>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/store/file_system.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// The text of a results file, if it is no larger than one may be. Errors: kMissing, kDamaged, kIo.
Expected<FileText, StoreError> ReadStoreText(FileSystem& file_system,
                                             const std::filesystem::path& path);

}  // namespace ollama_bench
