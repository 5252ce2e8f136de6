#include "svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "ollama_bench/render/markup.h"
#include "ollama_bench/render/picture.h"

namespace ollama_bench {
namespace {

// Hundredths of a pixel, without zeros behind.
std::string Number(double value) {
  std::string text = fmt::format("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string Hex(Color color) {
  return fmt::format("#{:02x}{:02x}{:02x}", color.red, color.green, color.blue);
}

std::string_view Spelling(Anchor anchor) {
  switch (anchor) {
    case Anchor::kStart:
      return "start";
    case Anchor::kMiddle:
      return "middle";
    case Anchor::kEnd:
      return "end";
  }
  return "start";
}

class SvgWriter {
 public:
  explicit SvgWriter(std::optional<Theme> theme) : theme_(theme) {}

  // As a part of a page: what it needs of style is bound to `id`, for such rules hold for all of
  // the page.
  std::string WriteInline(const Scene& scene, std::string_view id) {
    for (const Shape& shape : scene.shapes) std::visit(*this, shape);
    return fmt::format(
        R"(<svg xmlns="http://www.w3.org/2000/svg" id="{0}" width="{1}" height="{2}" viewBox="0 0 {1} {2}" role="img" aria-label="{3}" font-family="'DejaVu Sans', Verdana, 'Bitstream Vera Sans', sans-serif">
<style>{4}</style>
{5}</svg>
)",
        id, Number(scene.width), Number(scene.height), EscapeMarkup(scene.title),
        Style("screen and ", fmt::format("#{} ", id)), out_);
  }

  std::string Write(const Scene& scene) {
    for (const Shape& shape : scene.shapes) std::visit(*this, shape);
    const std::string paper = Attributes(kPaperInk, std::nullopt);
    return fmt::format(
        R"(<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img" font-family="'DejaVu Sans', Verdana, 'Bitstream Vera Sans', sans-serif">
<title>{2}</title>
<style>{3}</style>
<rect width="{0}" height="{1}"{4}/>
{5}</svg>
)",
        Number(scene.width), Number(scene.height), EscapeMarkup(scene.title), Style(), paper, out_);
  }

  void operator()(const RectangleShape& shape) {
    Append(R"(<rect x="{}" y="{}" width="{}" height="{}"{})", Number(shape.box.x),
           Number(shape.box.y), Number(shape.box.width), Number(shape.box.height),
           Attributes(shape.fill, shape.stroke));
    if (shape.title.empty()) {
      out_ += "/>\n";
    } else {
      Append("><title>{}</title></rect>\n", EscapeMarkup(shape.title));
    }
  }

  void operator()(const LineShape& shape) {
    Append("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"{}/>\n", Number(shape.from.x),
           Number(shape.from.y), Number(shape.to.x), Number(shape.to.y),
           Attributes(std::nullopt, shape.stroke));
  }

  void operator()(const PathShape& shape) {
    out_ += R"(<path fill-rule="evenodd" d=")";
    for (const Polyline& line : shape.lines) {
      for (std::size_t i = 0; i < line.size(); ++i) {
        Append("{}{} {}", i == 0 ? 'M' : 'L', Number(line[i].x), Number(line[i].y));
      }
      if (shape.is_closed) out_ += 'Z';
    }
    Append("\"{}/>\n", Attributes(shape.fill, shape.stroke));
  }

  void operator()(const TextShape& shape) {
    Append(R"(<text x="{}" y="{}" font-size="{}"{} text-anchor="{}")", Number(shape.position.x),
           Number(shape.position.y), Number(shape.size), Attributes(shape.color, std::nullopt),
           Spelling(shape.anchor));
    Append(R"( textLength="{}" lengthAdjust="spacingAndGlyphs")", Number(shape.width));
    Append(">{}</text>\n", EscapeMarkup(shape.text));
  }

 private:
  template <class... Args>
  void Append(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  // Light colours as attributes, which a viewer without style sheets shows as well; where the
  // reader's setting decides, classes for the dark ones.
  std::string Attributes(const std::optional<Ink>& fill, const std::optional<Stroke>& stroke) {
    std::string classes;
    std::string text;
    if (fill) text += Paint("fill", *fill, fills_, classes);
    if (stroke) {
      if (!fill) text += R"( fill="none")";
      text += Paint("stroke", stroke->color, strokes_, classes);
      text += fmt::format(R"( stroke-width="{}")", Number(stroke->width));
      if (stroke->dash > 0) text += fmt::format(R"( stroke-dasharray="{}")", Number(stroke->dash));
    }
    return classes.empty() ? text : text + fmt::format(R"( class="{}")", classes.substr(1));
  }

  std::string Paint(std::string_view property, const Ink& ink, std::vector<Ink>& known,
                    std::string& classes) {
    if (!theme_ && ink.light != ink.dark) {
      auto found = std::find(known.begin(), known.end(), ink);
      if (found == known.end()) found = known.insert(known.end(), ink);
      classes += fmt::format(" {}{}", property.front(), found - known.begin());
    }
    return fmt::format(R"( {}="{}")", property, Hex(ink.In(theme_.value_or(Theme::kLight))));
  }

  // Each rule with `scope` before its elements; the dark ones for such `media` alone.
  [[nodiscard]] std::string Style(std::string_view media = {}, std::string_view scope = {}) const {
    std::string text = fmt::format(
        "{0}text, {0}line, {0}path {{ pointer-events: none; }} {0}text {{ white-space: pre; }}",
        scope);
    if (!theme_) {
      text += fmt::format(" @media {}(prefers-color-scheme: dark) {{", media);
      for (std::size_t i = 0; i < fills_.size(); ++i) {
        text += fmt::format(" {}.f{} {{ fill: {}; }}", scope, i, Hex(fills_[i].dark));
      }
      for (std::size_t i = 0; i < strokes_.size(); ++i) {
        text += fmt::format(" {}.s{} {{ stroke: {}; }}", scope, i, Hex(strokes_[i].dark));
      }
      text += " }";
    }
    return text;
  }

  std::optional<Theme> theme_;
  std::vector<Ink> fills_;
  std::vector<Ink> strokes_;
  std::string out_;
};

}  // namespace

std::string RenderSvg(const Scene& scene, std::optional<Theme> theme) {
  return SvgWriter(theme).Write(scene);
}

std::string RenderInlineSvg(const Scene& scene, std::string_view id) {
  return SvgWriter(std::nullopt).WriteInline(scene, id);
}

}  // namespace ollama_bench
