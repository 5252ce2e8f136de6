#include "ollama_bench/ollama/modelfile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

bool IsBlank(char c) {
  return c == ' ' || c == '\t';
}
bool IsLineEnd(char c) {
  return c == '\n' || c == '\r';
}
bool IsLetter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}
bool IsParameterCharacter(char c) {
  return IsLetter(c) || (c >= '0' && c <= '9') || c == '_';
}

// What Ollama drops while it reads a value (Go's strconv.IsPrint): control and format characters,
// and every blank but the space. Code points without a character are not looked up.
bool IsDropped(std::uint32_t code_point) {
  struct Range {
    std::uint32_t first;
    std::uint32_t last;
  };
  static constexpr std::array<Range, 13> kRanges = {{{0x00, 0x1F},
                                                     {0x7F, 0xA0},
                                                     {0xAD, 0xAD},
                                                     {0x0600, 0x0605},
                                                     {0x061C, 0x061C},
                                                     {0x1680, 0x1680},
                                                     {0x180E, 0x180E},
                                                     {0x2000, 0x200F},
                                                     {0x2028, 0x202F},
                                                     {0x205F, 0x206F},
                                                     {0x3000, 0x3000},
                                                     {0xE000, 0xF8FF},
                                                     {0xFEFF, 0xFEFF}}};
  return std::any_of(kRanges.begin(), kRanges.end(), [&](const Range& range) {
    return code_point >= range.first && code_point <= range.last;
  });
}

// The text inside the quotes, or the text itself; nothing while a quote is open. Ollama looks at
// the first and the last characters only.
std::optional<std::string_view> Unquote(std::string_view text) {
  constexpr std::string_view kTriple = R"(""")";
  if (text.starts_with(kTriple)) {
    if (text.size() < 6 || !text.ends_with(kTriple)) return std::nullopt;
    return text.substr(3, text.size() - 6);
  }
  if (text.starts_with('"')) {
    if (text.size() < 2 || !text.ends_with('"')) return std::nullopt;
    return text.substr(1, text.size() - 2);
  }
  return text;
}

void AppendUtf8(std::string& out, std::uint32_t code_point) {
  const auto continuation = [&](unsigned shift) {
    out += static_cast<char>(0x80U | ((code_point >> shift) & 0x3FU));
  };
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xC0U | (code_point >> 6U));
    continuation(0);
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xE0U | (code_point >> 12U));
    continuation(6);
    continuation(0);
  } else {
    out += static_cast<char>(0xF0U | (code_point >> 18U));
    continuation(12);
    continuation(6);
    continuation(0);
  }
}

constexpr std::uint32_t kReplacement = 0xFFFD;

std::string FromUtf16(std::string_view bytes, bool big_endian) {
  const auto unit = [&](std::size_t i) {
    const auto first = static_cast<unsigned char>(bytes[i]);
    const auto second = static_cast<unsigned char>(bytes[i + 1]);
    return static_cast<std::uint32_t>(big_endian ? first << 8U | second : second << 8U | first);
  };
  std::string out;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    std::uint32_t code_point = unit(i);
    const bool high = code_point >= 0xD800 && code_point < 0xDC00;
    if (high && i + 3 < bytes.size() && unit(i + 2) >= 0xDC00 && unit(i + 2) < 0xE000) {
      code_point = 0x10000 + ((code_point - 0xD800) << 10U) + (unit(i + 2) - 0xDC00);
      i += 2;
    } else if (code_point >= 0xD800 && code_point < 0xE000) {
      code_point = kReplacement;
    }
    AppendUtf8(out, code_point);
  }
  return out;
}

std::string Decode(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) return std::string(bytes.substr(3));
  if (bytes.starts_with("\xFF\xFE")) return FromUtf16(bytes.substr(2), false);
  if (bytes.starts_with("\xFE\xFF")) return FromUtf16(bytes.substr(2), true);
  return std::string(bytes);
}

/// Reads instructions off a text by the rules of Ollama's parser (parser.go, ParseFile).
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  Expected<std::vector<ModelfileInstruction>, std::string> Scan() {
    while (SkipToInstruction()) {
      if (!ScanInstruction()) return Unexpected<std::string>(error_);
    }
    return std::move(instructions_);
  }

 private:
  [[nodiscard]] bool AtEnd() const { return at_ >= text_.size(); }
  [[nodiscard]] char Current() const { return text_[at_]; }

  void Advance() {
    // CR LF is one line end; Ollama counts two, but a person looks for the editor's number.
    const bool inside_crlf = Current() == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n';
    if (IsLineEnd(Current()) && !inside_crlf) {
      ++line_;
      line_begin_ = at_ + 1;
    }
    ++at_;
  }

  bool SkipToInstruction() {
    while (!AtEnd()) {
      if (Current() == '#') {
        while (!AtEnd() && !IsLineEnd(Current())) Advance();
      } else if (IsBlank(Current()) || IsLineEnd(Current())) {
        Advance();
      } else {
        return true;
      }
    }
    return false;
  }

  bool Fail(int line, std::string_view why) {
    error_ = fmt::format("line {}: {}", line, why);
    return false;
  }

  std::string TakeWord(bool (*belongs)(char)) {
    const std::size_t begin = at_;
    while (!AtEnd() && belongs(Current())) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  bool ScanInstruction() {
    ModelfileInstruction instruction;
    instruction.line = line_;
    instruction.begin = line_begin_;
    instruction.name = TakeWord(IsLetter);
    for (char& c : instruction.name) {
      c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    if (instruction.name.empty() || AtEnd() || !IsBlank(Current())) {
      return Fail(instruction.line, "this is no Modelfile instruction");
    }
    Advance();
    std::string first_word;
    if (instruction.name == "PARAMETER" || instruction.name == "MESSAGE") {
      first_word = TakeWord(IsParameterCharacter);
      if (first_word.empty() || AtEnd() || !IsBlank(Current())) {
        return Fail(instruction.line,
                    fmt::format("{} needs a name, one blank and a value", instruction.name));
      }
    }
    const auto value = ScanValue();
    if (!value) return Fail(instruction.line, "a quote is opened and never closed");
    instruction.argument = instruction.name == "PARAMETER" ? first_word : *value;
    instruction.end = at_;
    instructions_.push_back(std::move(instruction));
    return true;
  }

  // A value ends with the first line end at which no quote is open.
  std::optional<std::string> ScanValue() {
    std::string text;
    while (true) {
      while (!AtEnd() && !IsLineEnd(Current())) TakeCharacter(text);
      const auto value = Unquote(Trim(text));
      if (AtEnd() && !value) return std::nullopt;
      if (!value) {
        text += Current();
        Advance();
        continue;
      }
      if (!AtEnd() && text_.substr(at_).starts_with("\r\n")) Advance();
      if (!AtEnd()) Advance();
      return std::string(*value);
    }
  }

  void TakeCharacter(std::string& out) {
    const auto [code_point, length] = DecodeUtf8(text_.substr(at_));
    const std::string_view bytes = text_.substr(at_, std::max<std::size_t>(length, 1));
    if (length == 0 || IsBlank(bytes.front()) || !IsDropped(code_point)) out += bytes;
    at_ += bytes.size();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_begin_ = 0;
  int line_ = 1;
  std::string error_;
  std::vector<ModelfileInstruction> instructions_;
};

}  // namespace

Expected<Modelfile, std::string> Modelfile::Parse(std::string_view bytes) {
  Modelfile modelfile;
  modelfile.text_ = Decode(bytes);
  auto instructions = Scanner(modelfile.text_).Scan();
  if (!instructions) return Unexpected<std::string>(instructions.error());
  modelfile.instructions_ = std::move(*instructions);
  for (const ModelfileInstruction& instruction : modelfile.instructions_) {
    if (instruction.name == "FROM") return modelfile;
  }
  return Unexpected<std::string>("there is no FROM line");
}

const std::string& Modelfile::from() const {
  // Of several FROM lines Ollama uses the last.
  return std::find_if(instructions_.rbegin(), instructions_.rend(),
                      [](const auto& instruction) { return instruction.name == "FROM"; })
      ->argument;
}

std::string Modelfile::ParameterLines() const {
  std::string lines;
  for (const ModelfileInstruction& instruction : instructions_) {
    if (instruction.name != "PARAMETER") continue;
    lines += text_.substr(instruction.begin, instruction.end - instruction.begin);
  }
  return lines;
}

std::string Modelfile::WithParameters(
    const std::vector<std::pair<std::string, std::string>>& parameters) const {
  std::string out;
  std::size_t copied = 0;
  for (const ModelfileInstruction& instruction : instructions_) {
    const bool dropped =
        instruction.name == "PARAMETER" &&
        std::any_of(parameters.begin(), parameters.end(),
                    [&](const auto& parameter) { return parameter.first == instruction.argument; });
    if (!dropped) continue;
    out += std::string_view(text_).substr(copied, instruction.begin - copied);
    copied = instruction.end;
  }
  out += std::string_view(text_).substr(copied);
  if (!out.empty() && !IsLineEnd(out.back())) out += '\n';
  for (const auto& [name, value] : parameters) {
    out += fmt::format("PARAMETER {} {}\n", name, value);
  }
  return out;
}

Modelfile Modelfile::WithArgument(const ModelfileInstruction& instruction,
                                  const std::string& argument) const {
  const std::string_view text = text_;
  const std::string changed = fmt::format("{}{} {}\n{}", text.substr(0, instruction.begin),
                                          instruction.name, argument, text.substr(instruction.end));
  return Parse(changed).value();
}

Modelfile Modelfile::WithFrom(const std::string& argument) const {
  Modelfile changed = *this;
  for (std::size_t i = 0; i < instructions_.size(); ++i) {
    if (instructions_[i].name == "FROM") {
      changed = changed.WithArgument(changed.instructions_[i], argument);
    }
  }
  return changed;
}

Modelfile Modelfile::WithAbsoluteAdapters(const fs::path& folder) const {
  Modelfile changed = *this;
  for (std::size_t i = 0; i < instructions_.size(); ++i) {
    if (instructions_[i].name != "ADAPTER") continue;
    const fs::path path = ResolveModelfilePath(instructions_[i].argument, folder);
    if (!path.empty()) {
      changed =
          changed.WithArgument(changed.instructions_[i], fmt::format("\"{}\"", path.string()));
    }
  }
  return changed;
}

fs::path ResolveModelfilePath(const std::string& argument, const fs::path& folder) {
  fs::path path = argument;
  if (argument == "~" || argument.starts_with("~/")) {
    const char* home = std::getenv("HOME");
    if (home == nullptr) return {};
    path = fs::path(home) / argument.substr(std::min<std::size_t>(2, argument.size()));
  } else if (path.is_relative()) {
    path = folder / path;
  }
  std::error_code error;
  if (argument.empty() || !fs::exists(path, error)) return {};
  return fs::absolute(path, error).lexically_normal();
}

}  // namespace ollama_bench
