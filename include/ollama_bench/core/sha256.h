#pragma once

#include <string>
#include <string_view>

namespace ollama_bench {

/// The SHA-256 of `bytes` as 64 lower-case hexadecimal digits.
std::string Sha256Hex(std::string_view bytes);
/// The same in Base64, as a Content-Security-Policy names a script.
std::string Sha256Base64(std::string_view bytes);

}  // namespace ollama_bench
