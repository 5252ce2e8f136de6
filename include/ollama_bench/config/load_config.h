#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "ollama_bench/config/config_error.h"
#include "ollama_bench/config/config_keys.h"
#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// Reads the YAML `file`, where there is one, lets the flags replace what it says, and checks the
/// result, which includes reading the prompt file and looking for the Modelfile. Paths in the YAML
/// are relative to its folder, paths from flags to the current one.
///
/// Flags beat the file, the file beats defaults. One flag of a range (--ctx-step) replaces only
/// that part of the file's range; --ctx, or all three parts, replace the axis; a flag that names a
/// model or a prompt replaces whatever names one in the file. A value that a flag replaces is not
/// checked, but the file must still be well-formed.
///
/// Errors: everything found wrong, at most 100 entries, by line; what has no line (flags, missing
/// keys) comes last. Where the file is no YAML, its content is not checked further.
Expected<SweepConfig, std::vector<ConfigError>> LoadSweepConfig(
    const std::optional<std::filesystem::path>& file, const ConfigOverrides& overrides);

/// Whether `text` is YAML that holds settings of a sweep, at least one, and nothing else. Their
/// values need not be right.
bool IsSweepConfig(std::string_view text);

}  // namespace ollama_bench
