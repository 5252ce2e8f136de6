#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/window.h"
#include "ollama_bench/store/file_system.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// The folder beside the results file that holds what is too much for it.
std::filesystem::path BulkFolderOf(const std::filesystem::path& results);

/// Writes the requests of a window to a file of its own, one JSON object a line, durably and as a
/// whole. The folder is made where it is missing.
Expected<void, StoreError> WriteWindowFile(FileSystem& file_system,
                                           const std::filesystem::path& results,
                                           const std::string& sample_id,
                                           const std::vector<RequestFigures>& requests);

/// The requests of those of the samples whose file is there: results may have been copied without
/// their folder. Errors: a line that is damaged, with its number.
Expected<std::map<std::string, std::vector<RequestFigures>>, StoreError> ReadWindowFiles(
    FileSystem& file_system, const std::filesystem::path& results,
    const std::vector<CellResult>& cells);

}  // namespace ollama_bench
