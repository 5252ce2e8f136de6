#include "ollama_bench/render/picture.h"

#include "cairo_painter.h"
#include "ollama_bench/core/text.h"
#include "svg.h"

namespace ollama_bench {

std::optional<PictureFormat> PictureFormatFromExtension(std::string_view extension) {
  const std::string lower = Lower(extension);
  if (lower == ".png") return PictureFormat::kPng;
  if (lower == ".svg") return PictureFormat::kSvg;
  if (lower == ".pdf") return PictureFormat::kPdf;
  return std::nullopt;
}

Expected<std::string, std::string> RenderPicture(const Scene& scene, PictureFormat format,
                                                 std::optional<Theme> theme) {
  switch (format) {
    case PictureFormat::kPng:
      return RenderPng(scene, theme.value_or(Theme::kLight));
    case PictureFormat::kSvg:
      return RenderSvg(scene, theme);
    case PictureFormat::kPdf:
      return RenderPdf(scene, theme.value_or(Theme::kLight));
  }
  return Unexpected<std::string>("unknown picture format");
}

}  // namespace ollama_bench
