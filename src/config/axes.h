#pragma once

#include <filesystem>
#include <optional>

#include "ollama_bench/core/axis.h"
#include "settings.h"

namespace ollama_bench {

/// Both axes that the settings describe, of at most 100,000 cells; otherwise errors are added. An
/// axis of which they say nothing is empty. `file` is named where the grid as a whole is too large;
/// it may be empty.
std::optional<Grid> ReadGrid(const Settings& settings, const std::filesystem::path& file,
                             ErrorList& errors);

}  // namespace ollama_bench
