#include "json_scan.h"

#include <cstddef>

namespace ollama_bench {
namespace {

/// Goes through one JSON text from left to right. After a failure all that follows fails.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  /// Takes `sign` if it is the next one that is no blank.
  bool Take(char sign) {
    SkipBlanks();
    if (at_ >= text_.size() || text_[at_] != sign) return false;
    ++at_;
    return true;
  }
  /// A string without its quotes, escapes as they are.
  bool String(std::string_view& out) {
    if (!Take('"')) return false;
    const std::size_t begin = at_;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '"') {
        out = text_.substr(begin, at_ - begin);
        ++at_;
        return true;
      }
    }
    return false;
  }
  /// A number, true, false or null.
  std::string_view Word() {
    SkipBlanks();
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_.substr(at_, 1).find_first_of(",}] \t\r\n") != 0) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  bool SkipValue() {
    std::string_view ignored;
    if (Next() == '"') return String(ignored);
    if (Next() == '{' || Next() == '[') return SkipNested();
    return !Word().empty();
  }
  /// The next character that is no blank; 0 at the end.
  char Next() {
    SkipBlanks();
    return at_ < text_.size() ? text_[at_] : '\0';
  }

 private:
  void SkipBlanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  bool SkipNested() {
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      const char sign = text_[at_];
      if (sign == '"') {
        std::string_view ignored;
        if (!String(ignored)) return false;
        continue;
      }
      ++at_;
      if (sign == '{' || sign == '[') ++depth;
      if ((sign == '}' || sign == ']') && --depth == 0) return true;
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool IsFilled(Scanner& scanner, bool& is_filled) {
  std::string_view text;
  if (scanner.Next() != '"') return scanner.SkipValue();
  if (!scanner.String(text)) return false;
  is_filled = is_filled || !text.empty();
  return true;
}

bool ScanObject(Scanner& scanner, LineFacts& facts, bool is_message);

bool ScanValue(Scanner& scanner, std::string_view key, LineFacts& facts, bool is_message) {
  if (key == "thinking") return IsFilled(scanner, facts.has_thinking);
  if (is_message) {
    return key == "content" ? IsFilled(scanner, facts.has_text) : scanner.SkipValue();
  }
  if (key == "response") return IsFilled(scanner, facts.has_text);
  if (key == "created_at" && scanner.Next() == '"') return scanner.String(facts.created_at);
  if (key == "message" && scanner.Next() == '{') {
    return ScanObject(scanner, facts, /*is_message=*/true);
  }
  if (key == "done") {
    facts.is_done = scanner.Next() == 't';
  } else if (key == "error") {
    facts.has_error = true;
  }
  return scanner.SkipValue();
}

bool ScanObject(Scanner& scanner, LineFacts& facts, bool is_message) {
  if (!scanner.Take('{')) return false;
  if (scanner.Take('}')) return true;
  do {
    std::string_view key;
    if (!scanner.String(key) || !scanner.Take(':')) return false;
    if (!ScanValue(scanner, key, facts, is_message)) return false;
  } while (scanner.Take(','));
  return scanner.Take('}');
}

}  // namespace

bool ScanLine(std::string_view line, LineFacts& facts) {
  Scanner scanner(line);
  return ScanObject(scanner, facts, /*is_message=*/false) && scanner.Next() == '\0';
}

}  // namespace ollama_bench
