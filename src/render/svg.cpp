#include "ollama_bench/render/svg.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

std::string Escaped(std::string_view text) {
  std::string result;
  for (const char c : Printable(text, false)) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

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
  std::string Write(const Scene& scene) {
    out_ = fmt::format(
        R"(<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img" font-family="'DejaVu Sans', Verdana, 'Bitstream Vera Sans', sans-serif">
<title>{2}</title>
<style>text, line {{ pointer-events: none; }} text {{ white-space: pre; }}</style>
<rect width="{0}" height="{1}" fill="#ffffff"/>
)",
        Number(scene.width), Number(scene.height), Escaped(scene.title));
    for (const Shape& shape : scene.shapes) std::visit(*this, shape);
    out_ += "</svg>\n";
    return std::move(out_);
  }

  void operator()(const RectangleShape& shape) {
    Append(R"(<rect x="{}" y="{}" width="{}" height="{}" fill="{}")", Number(shape.box.x),
           Number(shape.box.y), Number(shape.box.width), Number(shape.box.height),
           shape.fill ? Hex(*shape.fill) : "none");
    if (shape.stroke) AppendStroke(*shape.stroke);
    if (shape.title.empty()) {
      out_ += "/>\n";
    } else {
      Append("><title>{}</title></rect>\n", Escaped(shape.title));
    }
  }

  void operator()(const LineShape& shape) {
    Append(R"(<line x1="{}" y1="{}" x2="{}" y2="{}")", Number(shape.from.x), Number(shape.from.y),
           Number(shape.to.x), Number(shape.to.y));
    AppendStroke(shape.stroke);
    out_ += "/>\n";
  }

  void operator()(const TextShape& shape) {
    const std::string x = Number(shape.position.x);
    const std::string y = Number(shape.position.y);
    Append(R"(<text x="{}" y="{}" font-size="{}" fill="{}" text-anchor="{}")", x, y,
           Number(shape.size), Hex(shape.color), Spelling(shape.anchor));
    Append(R"( textLength="{}" lengthAdjust="spacingAndGlyphs")", Number(shape.width));
    if (shape.upwards) Append(R"svg( transform="rotate(-90 {} {})")svg", x, y);
    Append(">{}</text>\n", Escaped(shape.text));
  }

 private:
  template <class... Args>
  void Append(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  void AppendStroke(const Stroke& stroke) {
    Append(R"( stroke="{}" stroke-width="{}")", Hex(stroke.color), Number(stroke.width));
  }

  std::string out_;
};

}  // namespace

std::string RenderSvg(const Scene& scene) {
  return SvgWriter().Write(scene);
}

}  // namespace ollama_bench
