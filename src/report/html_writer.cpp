#include "html_writer.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "ollama_bench/render/markup.h"

namespace ollama_bench {

void HtmlWriter::Begin(std::string_view tag, Attributes attributes) {
  fmt::format_to(std::back_inserter(out_), "<{}", tag);
  for (const HtmlAttribute& attribute : attributes) {
    if (attribute.value.empty()) continue;
    fmt::format_to(std::back_inserter(out_), " {}=\"{}\"", attribute.name,
                   EscapeMarkup(attribute.value));
  }
}

void HtmlWriter::Open(std::string_view tag, Attributes attributes) {
  Begin(tag, attributes);
  out_ += '>';
  open_.emplace_back(tag);
}

void HtmlWriter::Close() {
  fmt::format_to(std::back_inserter(out_), "</{}>\n", open_.back());
  open_.pop_back();
}

void HtmlWriter::Text(std::string_view text) {
  out_ += EscapeMarkup(text, /*keep_newlines=*/true);
}

void HtmlWriter::Element(std::string_view tag, std::string_view text, Attributes attributes) {
  Open(tag, attributes);
  Text(text);
  Close();
}

void HtmlWriter::Void(std::string_view tag, Attributes attributes) {
  Begin(tag, attributes);
  out_ += "/>\n";
}

}  // namespace ollama_bench
