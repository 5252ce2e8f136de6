#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ollama_bench {

/// The first path in `prompt` that `ollama run` would open, to attach a picture or a sound to a
/// prompt for a model that takes them: by the client's own rule (extractFileData of
/// cmd/interactive.go), so that what only looks like a path and is not there does not count. Empty
/// where there is none.
std::optional<std::string> FindAttachedFile(std::string_view prompt);

}  // namespace ollama_bench
