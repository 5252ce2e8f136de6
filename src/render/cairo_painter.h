#pragma once

#include <cairo.h>

#include <memory>
#include <string>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/render/scene.h"

namespace ollama_bench {

struct CairoSurfaceDeleter {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
using CairoSurface = std::unique_ptr<cairo_surface_t, CairoSurfaceDeleter>;

/// How letters become marks on the surface.
enum class TextMode {
  kOutlines,  ///< filled outlines, placed to the fraction of a pixel; for pixels
  kGlyphs,    ///< letters of an embedded font, that can be searched and copied; for documents
};

/// Draws the scene on `surface`, one unit per surface unit times `scale`.
Expected<void, std::string> Paint(const Scene& scene, cairo_surface_t* surface, double scale,
                                  TextMode text_mode);

}  // namespace ollama_bench
