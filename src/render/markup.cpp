#include "ollama_bench/render/markup.h"

#include "ollama_bench/core/text.h"

namespace ollama_bench {

std::string EscapeMarkup(std::string_view text, bool keep_newlines) {
  std::string result;
  for (const char c : Printable(text, keep_newlines)) {
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

}  // namespace ollama_bench
