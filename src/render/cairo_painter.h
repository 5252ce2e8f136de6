#pragma once

#include <cairo.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/render/font.h"
#include "ollama_bench/render/scene.h"

namespace ollama_bench {

/// Pixels of a PNG per unit of the scene.
inline constexpr int kPngScale = 2;

/// The bytes of a PNG file, 192 pixels to the inch; an error in words where there is no memory for
/// the picture.
Expected<std::string, std::string> RenderPng(const Scene& scene, Theme theme);

/// The bytes of a PDF file of one page, 96 units to the inch, the used glyphs of the font embedded.
Expected<std::string, std::string> RenderPdf(const Scene& scene, Theme theme);

struct CairoSurfaceDeleter {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
using CairoSurface = std::unique_ptr<cairo_surface_t, CairoSurfaceDeleter>;

struct CairoFontFaceDeleter {
  void operator()(cairo_font_face_t* face) const { cairo_font_face_destroy(face); }
};
using CairoFontFace = std::unique_ptr<cairo_font_face_t, CairoFontFaceDeleter>;

/// How letters become marks on the surface.
enum class TextMode {
  kOutlines,  ///< filled outlines, placed to the fraction of a pixel; for pixels
  kGlyphs,    ///< letters of an embedded font, that can be searched and copied; for documents
};

/// Draws scenes on surfaces of cairo, in one theme. Keeps the fonts from one to the next.
class CairoPainter {
 public:
  static Expected<CairoPainter, std::string> Make(Theme theme, TextMode text_mode);

  /// Draws the part of the scene from `top` on that the surface holds, one unit per surface unit
  /// times `scale`. `height` is what the surface holds, in units of the scene.
  Expected<void, std::string> Paint(const Scene& scene, cairo_surface_t* surface, double scale,
                                    double top, double height);

 private:
  class Brush;
  CairoPainter(Font font, Theme theme, TextMode text_mode);
  /// Null where the font cannot be read.
  cairo_font_face_t* FaceOf(const std::optional<FontFile>& file);

  Font font_;
  Theme theme_;
  TextMode text_mode_;
  std::map<std::string, CairoFontFace> faces_;  // by path and index; "" for the embedded font
};

}  // namespace ollama_bench
