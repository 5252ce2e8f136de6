#pragma once

#include <cstdint>
#include <optional>

namespace ollama_bench {

/// Bytes that programs on this machine could still take of its memory.
std::optional<std::int64_t> AvailableRam();

}  // namespace ollama_bench
