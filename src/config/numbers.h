#pragma once

#include <optional>
#include <string_view>

#include "settings.h"

namespace ollama_bench {

/// The whole number that `setting` says, within the bounds of the parameter `key`; otherwise an
/// error is added. Strict: decimal digits only, because other readers take 0512 for 330, and
/// 2048.0 or 1e3 for something that is no whole number.
std::optional<int> ReadNumber(const Setting& setting, std::string_view key, ErrorList& errors);

/// true or false, in the spellings of YAML 1.1, which the old script's files may use.
std::optional<bool> ReadBoolean(const Setting& setting, ErrorList& errors);

}  // namespace ollama_bench
