#pragma once

#include <optional>
#include <string>

#include "ollama_bench/render/scene.h"

namespace ollama_bench {

/// The scene as an SVG 1.1 document. Text stays text; where a viewer has another font, each line is
/// stretched or squeezed to the length that the layout gave it. Without a theme it follows the
/// reader's setting (prefers-color-scheme), and is light where a viewer knows none.
std::string RenderSvg(const Scene& scene, std::optional<Theme> theme);

}  // namespace ollama_bench
