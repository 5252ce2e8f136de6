#pragma once

#include <string>
#include <string_view>

namespace ollama_bench {

/// Whether Ollama accepts `name` as the name of a model: `[host[:port]/][namespace/]model[:tag]`,
/// each part beginning with a letter, a digit or `_`. A valid name is never taken for an option,
/// and holds nothing that a Modelfile or a terminal would interpret. Source: Ollama's
/// types/model/name.go; its "scheme://" in front of the host is not accepted here.
bool IsValidModelName(std::string_view name);

/// A valid name as the server lists it: with its tag ("latest" where there is none), without the
/// default host and namespace. "library/qwen3" becomes "qwen3:latest".
std::string NormalizeModelName(std::string_view name);

}  // namespace ollama_bench
