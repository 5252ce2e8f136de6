#include <cairo-pdf.h>
#include <cairo.h>

#include "cairo_output.h"
#include "cairo_painter.h"

namespace ollama_bench {
namespace {

constexpr double kPointsPerUnit = 72.0 / 96.0;

cairo_status_t AppendBytes(void* out, const unsigned char* data, unsigned int size) {
  static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(data), size);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

Expected<std::string, std::string> RenderPdf(const Scene& scene, Theme theme) {
  auto painter = CairoPainter::Make(theme, TextMode::kGlyphs);
  if (!painter) return Unexpected<std::string>(painter.error());
  std::string out;
  const CairoSurface surface(cairo_pdf_surface_create_for_stream(
      AppendBytes, &out, scene.width * kPointsPerUnit, scene.height * kPointsPerUnit));
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_TITLE, scene.title.c_str());
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATOR, "ollama-bench");
  if (auto painted = painter->Paint(scene, surface.get(), kPointsPerUnit, 0, scene.height);
      !painted) {
    return Unexpected<std::string>(painted.error());
  }
  cairo_surface_finish(surface.get());
  const cairo_status_t status = cairo_surface_status(surface.get());
  if (status != CAIRO_STATUS_SUCCESS) {
    return Unexpected<std::string>(cairo_status_to_string(status));
  }
  return out;
}

}  // namespace ollama_bench
