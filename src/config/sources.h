#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/expected.h"
#include "settings.h"

namespace ollama_bench {

/// Why a file cannot be used, as a message for a ConfigError.
struct FileProblem {
  std::string message;
  std::string remedy;
};

/// The whole content of a regular file of at most `most_bytes`, with a leading byte order mark
/// taken off. The content is valid UTF-8 without NUL. Pipes and devices are refused: reading one
/// could take for ever.
Expected<std::string, FileProblem> ReadTextFile(const std::filesystem::path& path,
                                                std::size_t most_bytes);

/// Whether `path` is a regular file that can be opened.
Expected<void, FileProblem> CheckFile(const std::filesystem::path& path);

/// Whether `text` is UTF-8 without NUL. The message counts lines from 1.
Expected<void, FileProblem> CheckText(std::string_view text);

/// A program as it is to be started: a name to be looked for on PATH as it is, a path made absolute
/// as those of files are. Empty, with an error, where it is no path.
std::optional<std::string> ReadProgram(const Setting& setting, ErrorList& errors);

/// Fills `modelfile` of `config` where the settings name one; errors for one beside a model, and
/// for a Modelfile that cannot be opened.
void ReadModelfile(const Settings& settings, SweepConfig& config, ErrorList& errors);

/// Fills `prompt` of `config`, reading the prompt file where there is one; the built-in text where
/// the settings name none.
void ReadPrompt(const Settings& settings, SweepConfig& config, ErrorList& errors);

}  // namespace ollama_bench
