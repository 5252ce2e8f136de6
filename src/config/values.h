#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "ollama_bench/core/axis.h"
#include "settings.h"

namespace ollama_bench {

/// The whole number that `setting` says, within the bounds of the parameter `key`; otherwise an
/// error is added. Strict: decimal digits only, because other readers take 0512 for 330, and
/// 2048.0 or 1e3 for something that is no whole number.
std::optional<int> ReadNumber(const Setting& setting, std::string_view key, ErrorList& errors);

/// true or false, in the spellings of YAML 1.1, which the old script's files may use.
std::optional<bool> ReadBoolean(const Setting& setting, ErrorList& errors);

/// The axes that the settings describe, of at most kMostCells cells; otherwise errors are added.
/// `file` is named where the space as a whole is too large; it may be empty.
std::optional<Space> ReadSpace(const Settings& settings, const std::filesystem::path& file,
                               ErrorList& errors);

}  // namespace ollama_bench
