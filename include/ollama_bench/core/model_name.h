#pragma once

#include <string>
#include <string_view>

namespace ollama_bench {

/// Whether Ollama accepts `name` as the name of a model: `[host[:port]/][namespace/]model[:tag]`,
/// each part beginning with a letter, a digit or `_`; `https://` may precede the host. A valid name
/// is never taken for an option, and holds nothing that a Modelfile or a terminal would interpret.
/// Source: Ollama's types/model/name.go.
bool IsValidModelName(std::string_view name);

/// A valid name as the server lists it: with its tag ("latest" where there is none), without a
/// scheme, the default host and namespace. "library/qwen3" becomes "qwen3:latest". The case is
/// kept.
std::string NormalizeModelName(std::string_view name);

/// Whether both mean the same model of a server: case does not count.
bool IsSameModelName(std::string_view a, std::string_view b);

/// Whether Ollama takes the name for a model of its cloud: its tag is "cloud" or ends in "-cloud".
bool IsCloudModelName(std::string_view name);

}  // namespace ollama_bench
