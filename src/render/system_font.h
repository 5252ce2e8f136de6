#pragma once

#include <cstdint>
#include <optional>

#include "ollama_bench/render/font.h"

namespace ollama_bench {

/// A font of this system, found through fontconfig, with an outline for this letter; of several the
/// one that the system's configuration prefers beside DejaVu Sans. Empty where there is none.
std::optional<FontFile> FindSystemFont(std::uint32_t code_point);

}  // namespace ollama_bench
