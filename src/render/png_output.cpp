#include <cairo.h>
#include <fmt/format.h>
#include <png.h>

#include <bit>
#include <cmath>
#include <csetjmp>

#include "cairo_painter.h"
#include "ollama_bench/render/cairo_output.h"

namespace ollama_bench {
namespace {

void AppendBytes(png_structp png, png_bytep data, std::size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(data), size);
}

void RememberError(png_structp png, png_const_charp message) {
  *static_cast<std::string*>(png_get_error_ptr(png)) = message;
  png_longjmp(png, 1);
}

void IgnoreWarning(png_structp /*png*/, png_const_charp /*message*/) {}

// Owns no C++ object, because an error leaves it by longjmp.
bool EncodeRows(png_structp png, png_infop info, cairo_surface_t* surface, std::string* out) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;  // NOLINT(cert-err52-cpp): libpng's only way
  const int width = cairo_image_surface_get_width(surface);
  const int height = cairo_image_surface_get_height(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  unsigned char* pixels = cairo_image_surface_get_data(surface);
  png_set_write_fn(png, out, AppendBytes, nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), 8,
               PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
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
  for (int y = 0; y < height; ++y) png_write_row(png, pixels + std::ptrdiff_t{y} * stride);
  png_write_end(png, info);
  return true;
}

Expected<std::string, std::string> EncodePng(cairo_surface_t* surface) {
  std::string error = "no memory";
  std::string out;
  png_structp png =
      png_create_write_struct(PNG_LIBPNG_VER_STRING, &error, RememberError, IgnoreWarning);
  png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
  const bool is_done = info != nullptr && EncodeRows(png, info, surface, &out);
  png_destroy_write_struct(&png, &info);
  if (!is_done) return Unexpected<std::string>(fmt::format("cannot encode the PNG: {}", error));
  return out;
}

}  // namespace

Expected<std::string, std::string> RenderPng(const Scene& scene) {
  const CairoSurface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24,
                                                        static_cast<int>(std::ceil(scene.width)),
                                                        static_cast<int>(std::ceil(scene.height))));
  if (auto painted = Paint(scene, surface.get(), 1, TextMode::kOutlines); !painted) {
    return Unexpected<std::string>(painted.error());
  }
  cairo_surface_flush(surface.get());
  return EncodePng(surface.get());
}

}  // namespace ollama_bench
