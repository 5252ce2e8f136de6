#include "cairo_painter.h"

#include <cairo-ft.h>
#include <fmt/format.h>

#include <numbers>
#include <utility>

#include "free_type_face.h"
#include "ollama_bench/render/font.h"

namespace ollama_bench {
namespace {

struct ContextDeleter {
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Context = std::unique_ptr<cairo_t, ContextDeleter>;

struct FontFaceDeleter {
  void operator()(cairo_font_face_t* face) const { cairo_font_face_destroy(face); }
};
using FontFace = std::unique_ptr<cairo_font_face_t, FontFaceDeleter>;

struct FontOptionsDeleter {
  void operator()(cairo_font_options_t* options) const { cairo_font_options_destroy(options); }
};

Expected<FontFace, std::string> MakeFontFace() {
  static constexpr cairo_user_data_key_t kOwnerKey{};
  auto loaded = FreeTypeFace::Load(EmbeddedFontFile());
  if (!loaded) return Unexpected<std::string>(loaded.error());
  auto owner = std::make_unique<FreeTypeFace>(std::move(*loaded));
  FontFace face(cairo_ft_font_face_create_for_ft_face(owner->get(), FT_LOAD_NO_HINTING));
  // Cairo may keep the face in its cache for longer than this picture lasts, so it gets the
  // FreeType face to keep as well.
  const cairo_status_t status =
      cairo_font_face_set_user_data(face.get(), &kOwnerKey, owner.get(),
                                    [](void* data) { delete static_cast<FreeTypeFace*>(data); });
  if (status != CAIRO_STATUS_SUCCESS) {
    return Unexpected<std::string>(cairo_status_to_string(status));
  }
  static_cast<void>(owner.release());
  return face;
}

class Painter {
 public:
  Painter(cairo_t* context, TextMode text_mode) : context_(context), text_mode_(text_mode) {}

  void operator()(const RectangleShape& shape) {
    cairo_rectangle(context_, shape.box.x, shape.box.y, shape.box.width, shape.box.height);
    if (shape.fill) {
      SetColor(*shape.fill);
      cairo_fill_preserve(context_);
    }
    if (shape.stroke) {
      SetStroke(*shape.stroke);
      cairo_stroke_preserve(context_);
    }
    cairo_new_path(context_);
  }

  void operator()(const LineShape& shape) {
    cairo_move_to(context_, shape.from.x, shape.from.y);
    cairo_line_to(context_, shape.to.x, shape.to.y);
    SetStroke(shape.stroke);
    cairo_stroke(context_);
  }

  void operator()(const TextShape& shape) {
    SetColor(shape.color);
    cairo_set_font_size(context_, shape.size);
    cairo_save(context_);
    cairo_translate(context_, shape.position.x, shape.position.y);
    if (shape.upwards) cairo_rotate(context_, -std::numbers::pi / 2);
    cairo_move_to(context_, Offset(shape), 0);
    if (text_mode_ == TextMode::kGlyphs) {
      cairo_show_text(context_, shape.text.c_str());
    } else {
      cairo_text_path(context_, shape.text.c_str());
      cairo_fill(context_);
    }
    cairo_restore(context_);
    cairo_new_path(context_);
  }

 private:
  static double Offset(const TextShape& shape) {
    if (shape.anchor == Anchor::kStart) return 0;
    return shape.anchor == Anchor::kEnd ? -shape.width : -shape.width / 2;
  }

  void SetColor(Color color) {
    cairo_set_source_rgb(context_, color.red / 255.0, color.green / 255.0, color.blue / 255.0);
  }

  void SetStroke(const Stroke& stroke) {
    SetColor(stroke.color);
    cairo_set_line_width(context_, stroke.width);
  }

  cairo_t* context_;
  TextMode text_mode_;
};

}  // namespace

Expected<void, std::string> Paint(const Scene& scene, cairo_surface_t* surface, double scale,
                                  TextMode text_mode) {
  auto face = MakeFontFace();
  if (!face) return Unexpected<std::string>(face.error());
  const Context context(cairo_create(surface));
  cairo_scale(context.get(), scale, scale);
  cairo_set_font_face(context.get(), face->get());
  // Advances as the layout counted with, not rounded to pixels.
  const std::unique_ptr<cairo_font_options_t, FontOptionsDeleter> options(
      cairo_font_options_create());
  cairo_font_options_set_hint_style(options.get(), CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options.get(), CAIRO_HINT_METRICS_OFF);
  cairo_set_font_options(context.get(), options.get());

  cairo_set_source_rgb(context.get(), 1, 1, 1);
  cairo_paint(context.get());
  Painter painter(context.get(), text_mode);
  for (const Shape& shape : scene.shapes) std::visit(painter, shape);
  const cairo_status_t status = cairo_status(context.get());
  if (status != CAIRO_STATUS_SUCCESS) {
    return Unexpected<std::string>(cairo_status_to_string(status));
  }
  return {};
}

}  // namespace ollama_bench
