#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace ollama_bench {

/// The executable that exec would start for `name`: the path itself where it holds a slash, else
/// the first match in the folders of PATH. Empty where there is none.
std::optional<std::filesystem::path> FindProgram(const std::string& name);

}  // namespace ollama_bench
