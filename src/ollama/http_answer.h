#pragma once

#include <httplib.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/ollama/server_address.h"

namespace ollama_bench {

// A missing or wrongly typed field reads as the type's empty value, so that no server's answer can
// throw: JSON from elsewhere is no promise.
std::string TextOf(const nlohmann::json& object, const char* key);
std::optional<std::int64_t> NumberOf(const nlohmann::json& object, const char* key);

/// The object in `body`, the answer to `path`. Nesting deeper than Ollama's is refused before it
/// can exhaust the stack.
Expected<nlohmann::json, Failure> ParseAnswer(const std::string& path, const std::string& body);

/// What a status outside 200 to 299, with that body, means.
Failure RefusedAnswer(const std::string& path, int status, const std::string& body);

/// What it means that no whole answer came.
Failure NoAnswer(const ServerAddress& address, const std::string& path, httplib::Error error);

}  // namespace ollama_bench
