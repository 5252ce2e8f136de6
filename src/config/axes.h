#pragma once

#include <filesystem>
#include <optional>

#include "ollama_bench/core/axis.h"
#include "settings.h"

namespace ollama_bench {

/// Both axes that the settings describe, of at most 100,000 cells; otherwise errors are added.
/// `file` is named where a setting is missing; it may be empty.
std::optional<Grid> ReadGrid(const Settings& settings, const std::filesystem::path& file,
                             ErrorList& errors);

}  // namespace ollama_bench
