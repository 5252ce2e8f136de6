#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/ollama/modelfile.h"

namespace ollama_bench {

/// `bytes` as valid UTF-8, by their byte order mark, which is dropped. Invalid bytes become U+FFFD,
/// as Ollama reads them.
std::string DecodeModelfile(std::string_view bytes);

/// The instructions of `text`, which is valid UTF-8; the error names the line of the first that
/// Ollama refuses. That there is a FROM is not checked.
Expected<std::vector<ModelfileCommand>, std::string> ReadModelfileCommands(std::string_view text);

/// Whether Ollama keeps the character where it reads a value (Go's strconv.IsPrint).
bool IsKeptInModelfile(std::uint32_t code_point);

}  // namespace ollama_bench
