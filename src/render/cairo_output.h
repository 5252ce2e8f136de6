#pragma once

#include <string>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/render/scene.h"

namespace ollama_bench {

/// Pixels of a PNG per unit of the scene.
inline constexpr int kPngScale = 2;

/// The bytes of a PNG file, 192 pixels to the inch; an error in words where there is no memory for
/// the picture.
Expected<std::string, std::string> RenderPng(const Scene& scene, Theme theme);

/// The bytes of a PDF file of one page, 96 units to the inch, the used glyphs of the font embedded.
Expected<std::string, std::string> RenderPdf(const Scene& scene, Theme theme);

}  // namespace ollama_bench
