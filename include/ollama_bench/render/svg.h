#pragma once

#include <string>

#include "ollama_bench/render/scene.h"

namespace ollama_bench {

/// The scene as an SVG 1.1 document. Text stays text; where a viewer has another font, each line is
/// stretched or squeezed to the length that the layout gave it.
std::string RenderSvg(const Scene& scene);

}  // namespace ollama_bench
