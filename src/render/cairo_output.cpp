#include <cairo-pdf.h>
#include <cairo.h>
#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <csetjmp>

#include "cairo_painter.h"

namespace ollama_bench {
namespace {

constexpr int kBandHeight = 128;               // pixels
constexpr png_uint_32 kPixelsPerMeter = 7559;  // 192 to the inch

void AppendPngBytes(png_structp png, png_bytep data, std::size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(data), size);
}

void RememberError(png_structp png, png_const_charp message) {
  *static_cast<std::string*>(png_get_error_ptr(png)) = message;
  png_longjmp(png, 1);
}

void IgnoreWarning(png_structp /*png*/, png_const_charp /*message*/) {}

// The functions with a setjmp own no C++ object, because an error leaves them by longjmp.
bool Begin(png_structp png, png_infop info, png_uint_32 width, png_uint_32 height) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;  // NOLINT(cert-err52-cpp): libpng's only way
  png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_pHYs(png, info, kPixelsPerMeter, kPixelsPerMeter, PNG_RESOLUTION_METER);
  // Flat areas repeat byte by byte as they are: trying all filters and the highest level of
  // compression takes three times as long for a tenth of the size.
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
  png_set_compression_level(png, 3);
  png_write_info(png, info);
  // Cairo's pixels are 32-bit words 0xXXRRGGBB in the machine's byte order.
  if constexpr (std::endian::native == std::endian::little) {
    png_set_bgr(png);
    png_set_filler(png, 0, PNG_FILLER_AFTER);
  } else {
    png_set_filler(png, 0, PNG_FILLER_BEFORE);
  }
  return true;
}

bool WriteRows(png_structp png, cairo_surface_t* surface, int rows) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;  // NOLINT(cert-err52-cpp)
  const int stride = cairo_image_surface_get_stride(surface);
  unsigned char* pixels = cairo_image_surface_get_data(surface);
  for (int y = 0; y < rows; ++y) png_write_row(png, pixels + std::ptrdiff_t{y} * stride);
  return true;
}

bool End(png_structp png, png_infop info) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;  // NOLINT(cert-err52-cpp)
  png_write_end(png, info);
  return true;
}

class PngWriter {
 public:
  PngWriter()
      : png_(png_create_write_struct(PNG_LIBPNG_VER_STRING, &error_, RememberError, IgnoreWarning)),
        info_(png_ == nullptr ? nullptr : png_create_info_struct(png_)) {
    if (info_ != nullptr) png_set_write_fn(png_, &out_, AppendPngBytes, nullptr);
  }
  ~PngWriter() { png_destroy_write_struct(&png_, &info_); }
  PngWriter(const PngWriter&) = delete;
  PngWriter& operator=(const PngWriter&) = delete;

  // Band by band, so that a large picture takes little memory.
  Expected<std::string, std::string> Write(const Scene& scene, CairoPainter& painter) {
    const double width = std::ceil(scene.width * kPngScale);
    const double height = std::ceil(scene.height * kPngScale);
    if (info_ == nullptr ||
        !Begin(png_, info_, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height))) {
      return Failed();
    }
    const CairoSurface band(
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width), kBandHeight));
    for (int top = 0; top < height; top += kBandHeight) {
      auto painted = painter.Paint(scene, band.get(), kPngScale, top / double{kPngScale},
                                   kBandHeight / double{kPngScale});
      if (!painted) return Unexpected<std::string>(painted.error());
      cairo_surface_flush(band.get());
      const int rows = std::min(kBandHeight, static_cast<int>(height) - top);
      if (!WriteRows(png_, band.get(), rows)) return Failed();
    }
    if (!End(png_, info_)) return Failed();
    return std::move(out_);
  }

 private:
  [[nodiscard]] Unexpected<std::string> Failed() const {
    return Unexpected<std::string>(fmt::format("cannot encode the PNG: {}", error_));
  }

  std::string error_ = "no memory";
  std::string out_;
  png_structp png_;
  png_infop info_;
};

}  // namespace

Expected<std::string, std::string> RenderPng(const Scene& scene, Theme theme) {
  auto painter = CairoPainter::Make(theme, TextMode::kOutlines);
  if (!painter) return Unexpected<std::string>(painter.error());
  return PngWriter().Write(scene, *painter);
}

namespace {

constexpr double kPointsPerUnit = 72.0 / 96.0;

cairo_status_t AppendPdfBytes(void* out, const unsigned char* data, unsigned int size) {
  static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(data), size);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

Expected<std::string, std::string> RenderPdf(const Scene& scene, Theme theme) {
  auto painter = CairoPainter::Make(theme, TextMode::kGlyphs);
  if (!painter) return Unexpected<std::string>(painter.error());
  std::string out;
  const CairoSurface surface(cairo_pdf_surface_create_for_stream(
      AppendPdfBytes, &out, scene.width * kPointsPerUnit, scene.height * kPointsPerUnit));
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
