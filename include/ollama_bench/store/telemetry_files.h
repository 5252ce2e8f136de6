#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/telemetry.h"
#include "ollama_bench/store/file_system.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// Writes what was read of the machine during a sample to a file of its own in the folder beside
/// the results (see BulkFolderOf), durably and as a whole. The folder is made where it is missing.
Expected<void, StoreError> WriteTelemetryFile(FileSystem& file_system,
                                              const std::filesystem::path& results,
                                              const std::string& sample_id,
                                              const TelemetryRecord& record);

/// The readings of the sample; empty where its file is not there: few readings are not kept, and
/// results may have been copied without their folder. Errors: a line that is damaged, with its
/// number.
Expected<std::optional<TelemetryRecord>, StoreError> ReadTelemetryFile(
    FileSystem& file_system, const std::filesystem::path& results, const std::string& sample_id);

/// The summary of a sample as the results file has it, one JSON object.
std::string FormatTelemetry(const Telemetry& telemetry);

/// Copies what the samples of `cells` have in the folder of `from`, requests and readings, to that
/// of `to`, but the files that are there.
Expected<void, StoreError> CopyBulkFiles(FileSystem& file_system, const std::filesystem::path& from,
                                         const std::filesystem::path& to,
                                         const std::vector<CellResult>& cells);

}  // namespace ollama_bench
