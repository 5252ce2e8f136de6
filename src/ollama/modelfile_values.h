#pragma once

#include <string>
#include <string_view>

namespace ollama_bench {

/// Why Ollama refuses `value` for the parameter `name` of a Modelfile; empty where it does not.
/// Source: FormatParams of api/types.go, the parameters of v0.6.8 to v0.32.
std::string ParameterFault(const std::string& name, const std::string& value);

/// Whether `text` is a version as REQUIRES takes it: "0.14.0", "v1.2", "1.0.0-rc1".
bool IsModelfileVersion(std::string_view text);

}  // namespace ollama_bench
