#pragma once

#include <filesystem>
#include <optional>

#include "ollama_bench/core/axis.h"
#include "settings.h"

namespace ollama_bench {

/// The axes that the settings describe, of at most kMostCells cells; otherwise errors are added.
/// `file` is named where the space as a whole is too large; it may be empty.
std::optional<Space> ReadSpace(const Settings& settings, const std::filesystem::path& file,
                               ErrorList& errors);

}  // namespace ollama_bench
