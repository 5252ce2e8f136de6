#pragma once

#include <cctype>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ollama_bench {

struct XmlElement {
  std::string name;
  std::map<std::string, std::string> attributes;  ///< as written, escapes included
  std::string text;                               ///< as written, of the element itself
};

/// Reads the elements of a document in the order they open. A document is refused that is not
/// well-formed as far as this small reader knows: tags balance, attributes are quoted and unique,
/// `<` and `&` stand only where they may, and nothing follows the root.
class XmlReader {
 public:
  static std::optional<std::vector<XmlElement>> Read(std::string_view document) {
    XmlReader reader(document);
    if (!reader.ReadDocument()) return std::nullopt;
    return std::move(reader.elements_);
  }

 private:
  explicit XmlReader(std::string_view document) : rest_(document) {}

  bool Take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  std::string_view TakeUntil(std::string_view stops) {
    const std::string_view taken = rest_.substr(0, rest_.find_first_of(stops));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  void SkipBlanks() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front())) != 0) {
      rest_.remove_prefix(1);
    }
  }

  std::string TakeName() {
    std::size_t length = 0;
    while (length < rest_.size() &&
           (std::isalnum(static_cast<unsigned char>(rest_[length])) != 0 || rest_[length] == '-')) {
      ++length;
    }
    std::string name(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return name;
  }

  static bool EscapesAreSound(std::string_view text) {
    for (auto at = text.find('&'); at != std::string_view::npos; at = text.find('&', at + 1)) {
      const std::string_view escape = text.substr(at, text.find(';', at) - at + 1);
      if (escape != "&amp;" && escape != "&lt;" && escape != "&gt;" && escape != "&quot;") {
        return false;
      }
    }
    return true;
  }

  bool ReadAttributes(XmlElement& element) {
    for (SkipBlanks(); !rest_.empty() && rest_.front() != '/' && rest_.front() != '>';
         SkipBlanks()) {
      const std::string name = TakeName();
      if (name.empty() || !Take("=\"")) return false;
      const std::string value(TakeUntil("\"<"));
      if (!Take("\"") || !EscapesAreSound(value)) return false;
      if (!element.attributes.emplace(name, value).second) return false;
    }
    return true;
  }

  bool ReadTag() {
    if (Take("</")) {
      if (open_.empty() || TakeName() != elements_[open_.back()].name) return false;
      open_.pop_back();
      return Take(">");
    }
    if (!Take("<") || (open_.empty() && !elements_.empty())) return false;
    XmlElement element{TakeName(), {}, {}};
    if (element.name.empty() || !ReadAttributes(element)) return false;
    elements_.push_back(std::move(element));
    if (Take("/>")) return true;
    open_.push_back(elements_.size() - 1);
    return Take(">");
  }

  bool ReadDocument() {
    if (Take("<?xml ")) {
      TakeUntil("?");
      if (!Take("?>")) return false;
    }
    for (SkipBlanks(); !rest_.empty();) {
      if (!ReadTag()) return false;
      if (open_.empty()) SkipBlanks();
      const std::string_view text = TakeUntil("<");
      if ((open_.empty() && !text.empty()) || text.find('>') != std::string_view::npos)
        return false;
      if (!EscapesAreSound(text)) return false;
      if (!open_.empty()) elements_[open_.back()].text += text;
    }
    return open_.empty() && !elements_.empty();
  }

  std::string_view rest_;
  std::vector<XmlElement> elements_;
  std::vector<std::size_t> open_;
};

/// Text with the escapes of XML undone.
inline std::string Unescaped(std::string text) {
  const std::pair<const char*, const char*> escapes[] = {
      {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&amp;", "&"}};
  for (const auto& [escape, plain] : escapes) {
    for (auto at = text.find(escape); at != std::string::npos; at = text.find(escape, at + 1)) {
      text.replace(at, std::string_view(escape).size(), plain);
    }
  }
  return text;
}

}  // namespace ollama_bench
