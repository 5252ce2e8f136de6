#pragma once

#include <filesystem>
#include <string>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/store/file_system.h"
#include "ollama_bench/store/results_store.h"
#include "store_content.h"

namespace ollama_bench {

/// The text of a results file, if it is no larger than one may be. Errors: kMissing, kDamaged, kIo.
Expected<FileText, StoreError> ReadStoreText(FileSystem& file_system,
                                             const std::filesystem::path& path);

/// Reads a results file. `name` is used for it in messages. Errors: kDamaged, kNewerSchema.
Expected<StoreContent, StoreError> ReadStore(std::string text, const std::string& name);

}  // namespace ollama_bench
