#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/store/file_system.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// The union of results files, and what a person should know of it.
struct MergedStores {
  std::string text;                    ///< a whole results file
  std::size_t cells = 0;               ///< entries in it
  std::size_t samples = 0;             ///< in all of them
  std::vector<std::string> conflicts;  ///< samples that cannot be compared; one line each
  std::vector<std::string> warnings;   ///< samples that perhaps cannot
  bool replaces_old_shape = false;     ///< the file to be replaced is one of the old script's
};

/// The union of the files at `paths` (one or more): of their samples by id, of a cell's failures
/// the latest, of their axes and unknown keys. The order of the files does not matter, nor how they
/// are grouped, nor whether one is named twice; a file merged with itself stays as it is. Files of
/// different identity yield `conflicts`; the text is then marked as mixed, and a text in its
/// identity that differs becomes "one + other". Loads of different sweeps get numbers that cannot
/// collide. Temporary models belong to the sweeps that made them and are left out, but for those of
/// `paths[*in_place]`, the file that the text is to replace. No lock is needed for reading. Errors:
/// those of ResultsStore::Load.
Expected<MergedStores, StoreError> MergeStores(FileSystem& file_system,
                                               const std::vector<std::filesystem::path>& paths,
                                               std::optional<std::size_t> in_place = std::nullopt);

}  // namespace ollama_bench
