#pragma once

#include <string>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/render/scene.h"

namespace ollama_bench {

/// The bytes of a PNG file, one pixel per unit of the scene; an error in words where there is no
/// memory for the picture.
Expected<std::string, std::string> RenderPng(const Scene& scene);

/// The bytes of a PDF file of one page, 96 units to the inch, the used glyphs of the font embedded.
Expected<std::string, std::string> RenderPdf(const Scene& scene);

}  // namespace ollama_bench
