#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace ollama_bench {

/// Reads a duration as Go's time.Duration.String writes it: "1h2m3s", "1m2.3s", "235.13ms",
/// "52.1µs", "999ns", "0s". Digits below one nanosecond are dropped, as time.ParseDuration does.
/// Empty where `text` is anything else, negative, or above 2^63 ns.
std::optional<std::chrono::nanoseconds> ParseGoDuration(std::string_view text);

}  // namespace ollama_bench
