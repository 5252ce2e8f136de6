#include "cairo_painter.h"

#include <cairo-ft.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "free_type_face.h"

namespace ollama_bench {
namespace {

struct ContextDeleter {
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Context = std::unique_ptr<cairo_t, ContextDeleter>;

struct FontOptionsDeleter {
  void operator()(cairo_font_options_t* options) const { cairo_font_options_destroy(options); }
};

Expected<CairoFontFace, std::string> MakeFontFace(const std::optional<FontFile>& file) {
  static constexpr cairo_user_data_key_t kOwnerKey{};
  auto loaded = FreeTypeFace::Load(file);
  if (!loaded) return Unexpected<std::string>(loaded.error());
  auto owner = std::make_unique<FreeTypeFace>(std::move(*loaded));
  CairoFontFace face(cairo_ft_font_face_create_for_ft_face(owner->get(), FT_LOAD_NO_HINTING));
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

// From the highest to the lowest point that the shape may reach.
struct Reach {
  double top = 0;
  double bottom = 0;
};

Reach ReachOf(const RectangleShape& shape) {
  const double around = shape.stroke ? shape.stroke->width : 0;
  return {shape.box.y - around, shape.box.bottom() + around};
}

Reach ReachOf(const LineShape& shape) {
  return {std::min(shape.from.y, shape.to.y) - shape.stroke.width,
          std::max(shape.from.y, shape.to.y) + shape.stroke.width};
}

Reach ReachOf(const PathShape& shape) {
  Reach reach{1, 0};
  bool is_first = true;
  for (const Polyline& line : shape.lines) {
    for (const Point& point : line) {
      reach.top = is_first ? point.y : std::min(reach.top, point.y);
      reach.bottom = is_first ? point.y : std::max(reach.bottom, point.y);
      is_first = false;
    }
  }
  const double around = shape.stroke ? 2 * shape.stroke->width : 0;
  return {reach.top - around, reach.bottom + around};
}

Reach ReachOf(const TextShape& shape) {
  return {shape.position.y - 2 * shape.size, shape.position.y + shape.size};
}

}  // namespace

class CairoPainter::Brush {
 public:
  Brush(CairoPainter& painter, cairo_t* context) : painter_(painter), context_(context) {}

  void operator()(const RectangleShape& shape) {
    cairo_rectangle(context_, shape.box.x, shape.box.y, shape.box.width, shape.box.height);
    FillAndStroke(shape.fill, shape.stroke);
  }

  void operator()(const LineShape& shape) {
    cairo_move_to(context_, shape.from.x, shape.from.y);
    cairo_line_to(context_, shape.to.x, shape.to.y);
    FillAndStroke(std::nullopt, shape.stroke);
  }

  void operator()(const PathShape& shape) {
    for (const Polyline& line : shape.lines) {
      cairo_new_sub_path(context_);
      for (const Point& point : line) cairo_line_to(context_, point.x, point.y);
      if (shape.is_closed) cairo_close_path(context_);
    }
    FillAndStroke(shape.fill, shape.stroke);
  }

  void operator()(const TextShape& shape) {
    SetColor(shape.color);
    cairo_set_font_size(context_, shape.size);
    double x = shape.position.x;
    if (shape.anchor != Anchor::kStart) {
      x -= shape.anchor == Anchor::kEnd ? shape.width : shape.width / 2;
    }
    for (const Font::Run& run : painter_.font_.RunsOf(shape.text)) {
      cairo_font_face_t* face = painter_.FaceOf(run.file);
      if (face == nullptr) continue;
      cairo_set_font_face(context_, face);
      cairo_move_to(context_, x, shape.position.y);
      if (painter_.text_mode_ == TextMode::kGlyphs) {
        cairo_show_text(context_, run.text.c_str());
      } else {
        cairo_text_path(context_, run.text.c_str());
        cairo_fill(context_);
      }
      x += painter_.font_.Width(run.text, shape.size);
    }
    cairo_new_path(context_);
  }

 private:
  void SetColor(const Ink& ink) {
    const Color color = ink.In(painter_.theme_);
    cairo_set_source_rgb(context_, color.red / 255.0, color.green / 255.0, color.blue / 255.0);
  }

  void FillAndStroke(const std::optional<Ink>& fill, const std::optional<Stroke>& stroke) {
    if (fill) {
      SetColor(*fill);
      cairo_fill_preserve(context_);
    }
    if (stroke) {
      SetColor(stroke->color);
      cairo_set_line_width(context_, stroke->width);
      cairo_set_dash(context_, &stroke->dash, stroke->dash > 0 ? 1 : 0, 0);
      cairo_stroke_preserve(context_);
    }
    cairo_new_path(context_);
  }

  CairoPainter& painter_;
  cairo_t* context_;
};

CairoPainter::CairoPainter(Font font, Theme theme, TextMode text_mode)
    : font_(std::move(font)), theme_(theme), text_mode_(text_mode) {}

Expected<CairoPainter, std::string> CairoPainter::Make(Theme theme, TextMode text_mode) {
  auto font = Font::Load();
  if (!font) return Unexpected<std::string>(font.error());
  return CairoPainter(std::move(*font), theme, text_mode);
}

cairo_font_face_t* CairoPainter::FaceOf(const std::optional<FontFile>& file) {
  const std::string key = file ? fmt::format("{} {}", file->index, file->path) : "";
  const auto found = faces_.find(key);
  if (found != faces_.end()) return found->second.get();
  auto face = MakeFontFace(file);
  return faces_.emplace(key, face ? std::move(*face) : nullptr).first->second.get();
}

Expected<void, std::string> CairoPainter::Paint(const Scene& scene, cairo_surface_t* surface,
                                                double scale, double top, double height) {
  const Context context(cairo_create(surface));
  cairo_scale(context.get(), scale, scale);
  cairo_translate(context.get(), 0, -top);
  // Advances as the layout counted with, not rounded to pixels.
  const std::unique_ptr<cairo_font_options_t, FontOptionsDeleter> options(
      cairo_font_options_create());
  cairo_font_options_set_hint_style(options.get(), CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options.get(), CAIRO_HINT_METRICS_OFF);
  cairo_set_font_options(context.get(), options.get());
  cairo_set_fill_rule(context.get(), CAIRO_FILL_RULE_EVEN_ODD);

  const Color paper = kPaperInk.In(theme_);
  cairo_set_source_rgb(context.get(), paper.red / 255.0, paper.green / 255.0, paper.blue / 255.0);
  cairo_paint(context.get());
  Brush brush(*this, context.get());
  for (const Shape& shape : scene.shapes) {
    const Reach reach = std::visit([](const auto& any) { return ReachOf(any); }, shape);
    if (reach.bottom >= top && reach.top <= top + height) std::visit(brush, shape);
  }
  const cairo_status_t status = cairo_status(context.get());
  if (status != CAIRO_STATUS_SUCCESS) {
    return Unexpected<std::string>(cairo_status_to_string(status));
  }
  return {};
}

}  // namespace ollama_bench
