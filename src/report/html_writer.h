#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace ollama_bench {

struct HtmlAttribute {
  std::string_view name;
  std::string value;
};

/// Writes elements that are HTML and well-formed XML alike. What is not markup of this program goes
/// through Text or an attribute's value, which escape it. By hand, for Debian 12 has no maintained
/// template engine that escapes by itself, and a page that is made of values needs no templates.
class HtmlWriter {
 public:
  using Attributes = std::initializer_list<HtmlAttribute>;

  void Open(std::string_view tag, Attributes attributes = {});
  /// Of the element opened last.
  void Close();
  void Text(std::string_view text);
  void Element(std::string_view tag, std::string_view text, Attributes attributes = {});
  /// One that never has content: <meta/>.
  void Void(std::string_view tag, Attributes attributes = {});
  /// Our own markup.
  void Raw(std::string_view markup) { out_ += markup; }
  void Line() { out_ += '\n'; }

  [[nodiscard]] std::string Take() { return std::move(out_); }

 private:
  void Begin(std::string_view tag, Attributes attributes);

  std::string out_;
  std::vector<std::string> open_;
};

}  // namespace ollama_bench
