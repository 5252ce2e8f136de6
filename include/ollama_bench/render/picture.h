#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/render/scene.h"

namespace ollama_bench {

enum class PictureFormat { kPng, kSvg, kPdf };

/// By a file name's extension, dot included, in any case: ".png", ".svg" or ".pdf".
std::optional<PictureFormat> PictureFormatFromExtension(std::string_view extension);

/// The bytes of a picture file; an error in words where the picture cannot be made. Without a theme
/// an SVG follows the reader's setting, and the other formats are light.
Expected<std::string, std::string> RenderPicture(const Scene& scene, PictureFormat format,
                                                 std::optional<Theme> theme = std::nullopt);

/// The scene as an element of an HTML page, with `id`, which is unique on the page. It follows the
/// reader's setting, is light on paper, and needs nothing from outside.
std::string RenderInlineSvg(const Scene& scene, std::string_view id);

}  // namespace ollama_bench
