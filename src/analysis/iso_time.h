#pragma once

#include <optional>
#include <string_view>

namespace ollama_bench {

/// "2026-11-21T07:00:04+00:00" (fraction of a second and "Z" allowed) as seconds since 1970; empty
/// where `text` is no such time.
std::optional<double> SecondsSince1970(std::string_view text);

}  // namespace ollama_bench
