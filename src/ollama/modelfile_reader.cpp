#include "modelfile_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "modelfile_values.h"
#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

using Kind = ModelfileCommand::Kind;

constexpr std::uint32_t kReplacement = 0xFFFD;
constexpr std::string_view kReplacementBytes = "\xEF\xBF\xBD";

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
  if (bytes.size() % 2 != 0) out += kReplacementBytes;
  return out;
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

bool IsBlank(char c) {
  return c == ' ' || c == '\t';
}
bool IsLineEnd(char c) {
  return c == '\n' || c == '\r';
}
bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool IsParameterCharacter(char c) {
  return IsLetter(c) || (c >= '0' && c <= '9') || c == '_';
}

constexpr std::array<std::string_view, 11> kInstructions = {
    "from",      "license", "template", "system", "adapter", "draft",
    "parameter", "message", "renderer", "parser", "requires"};

// Ollama keeps instructions and parameters under one set of names: `PARAMETER system x` is SYSTEM,
// and `PARAMETER model x` is FROM.
Kind KindOf(std::string_view name) {
  if (name == "model") return Kind::kFrom;
  if (name == "adapter") return Kind::kAdapter;
  if (name == "draft") return Kind::kDraft;
  constexpr std::array<std::string_view, 7> kTexts = {"license",  "template", "system",  "message",
                                                      "renderer", "parser",   "requires"};
  const bool is_text = std::find(kTexts.begin(), kTexts.end(), name) != kTexts.end();
  return is_text ? Kind::kText : Kind::kParameter;
}

/// The states of Ollama's parser (parser.go, ParseFile), one character after the other.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Expected<std::vector<ModelfileCommand>, std::string> Read() {
    while (at_ < text_.size() && error_.empty()) {
      TakeCharacter();
      Advance();
    }
    if (error_.empty()) End();
    if (!error_.empty()) return Unexpected<std::string>(error_);
    return std::move(commands_);
  }

 private:
  enum class State { kBetween, kComment, kInstruction, kParameter, kRole, kValue };

  // All that the grammar gives a meaning is ASCII.
  void TakeCharacter() {
    const auto [code_point, length] = DecodeUtf8(text_.substr(at_));
    length_ = std::max<std::size_t>(length, 1);
    is_kept_ = IsKeptInModelfile(code_point);
    const char c = text_[at_];
    switch (state_) {
      case State::kBetween:
        return Begin(c);
      case State::kComment:
        if (IsLineEnd(c)) state_ = State::kBetween;
        return;
      case State::kInstruction:
        return TakeWord(c, IsLetter);
      case State::kParameter:
        return TakeWord(c, IsParameterCharacter);
      case State::kRole:
        return TakeWord(c, IsLetter);
      case State::kValue:
        return TakeValue(c);
    }
  }

  void Advance() {
    const char c = text_[at_];
    at_ += length_;
    // CR LF is one line end; Ollama counts two, but a person looks for the editor's number.
    const bool inside_crlf = c == '\r' && at_ < text_.size() && text_[at_] == '\n';
    if (!IsLineEnd(c) || inside_crlf) return;
    ++line_;
    line_begin_ = at_;
    // What ended at the CR ends behind the LF.
    if (ends_at_line_) commands_.back().end = at_;
    ends_at_line_ = false;
  }

  void Begin(char c) {
    if (c == '#') {
      state_ = State::kComment;
    } else if (!IsBlank(c) && !IsLineEnd(c)) {
      state_ = State::kInstruction;
      command_ = {};
      command_.begin = line_begin_;
      command_.line = line_;
      word_.clear();
      Keep();
    }
  }

  void Keep() {
    if (is_kept_) word_ += text_.substr(at_, length_);
  }

  // Of an instruction, a parameter or a role, which a blank ends.
  void TakeWord(char c, bool (*belongs)(char)) {
    if (belongs(c)) return Keep();
    if (!IsBlank(c)) {
      Keep();
      return FailAtWord();
    }
    const std::string word = std::move(word_);
    word_.clear();
    if (state_ == State::kInstruction) return EndInstruction(word);
    if (state_ == State::kRole) {
      if (word != "system" && word != "user" && word != "assistant") return FailAtWord();
    } else if (word.empty()) {
      return FailAtWord();
    } else {
      command_.name = word;
      command_.kind = KindOf(word);
    }
    state_ = State::kValue;
  }

  void EndInstruction(const std::string& word) {
    const std::string name = Lower(word);
    if (std::find(kInstructions.begin(), kInstructions.end(), name) == kInstructions.end()) {
      word_ = word;
      return FailAtWord();
    }
    command_.name = name;
    command_.kind = KindOf(name == "from" ? "model" : name);
    state_ = name == "parameter" ? State::kParameter
             : name == "message" ? State::kRole
                                 : State::kValue;
  }

  void FailAtWord() {
    if (state_ == State::kParameter) return Fail("PARAMETER needs a name, one blank and a value");
    if (state_ == State::kRole) {
      return Fail("MESSAGE needs a role (system, user or assistant), one blank and a text");
    }
    const bool is_known = std::find(kInstructions.begin(), kInstructions.end(),
                                    Lower(Trim(word_))) != kInstructions.end();
    if (is_known) return Fail(fmt::format("{} needs a value", Printable(Trim(word_), false)));
    constexpr std::size_t kShown = 40;
    Fail(fmt::format("\"{}\" begins no instruction of a Modelfile",
                     Printable(StartOf(Trim(word_), kShown), false)));
  }

  // A value ends with the first line end at which no quote is open.
  void TakeValue(char c) {
    if (IsBlank(c)) {
      word_ += c;
    } else if (!IsLineEnd(c)) {
      Keep();
    } else if (const auto value = Unquote(Trim(word_))) {
      EndCommand(std::string(*value));
    } else {
      word_ += c;
    }
  }

  void EndCommand(std::string value) {
    command_.value = std::move(value);
    command_.end = at_;
    state_ = State::kBetween;
    if (command_.kind == Kind::kParameter) {
      if (std::string fault = ParameterFault(command_.name, command_.value); !fault.empty()) {
        return Fail(fault);
      }
    }
    if (command_.name == "requires" && !IsModelfileVersion(command_.value)) {
      return Fail("REQUIRES needs a version such as 0.14.0");
    }
    commands_.push_back(std::move(command_));
    ends_at_line_ = true;
  }

  void End() {
    switch (state_) {
      case State::kBetween:
      case State::kComment:
        return;
      case State::kInstruction:
      case State::kParameter:
      case State::kRole:
        return FailAtWord();
      case State::kValue:
        break;
    }
    const auto value = Unquote(Trim(word_));
    if (!value) return Fail("a quote is opened and never closed");
    EndCommand(std::string(*value));
  }

  void Fail(std::string_view why) { error_ = fmt::format("line {}: {}", command_.line, why); }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t length_ = 1;  // of the character
  bool is_kept_ = true;
  State state_ = State::kBetween;
  std::size_t line_begin_ = 0;
  int line_ = 1;
  bool ends_at_line_ = false;  // the last command ended at the line end that is being passed
  std::string word_;
  ModelfileCommand command_;
  std::string error_;
  std::vector<ModelfileCommand> commands_;
};

}  // namespace

// Control and format characters, every blank but the space, and what is for private use. Code
// points that are not assigned are not looked up.
bool IsKeptInModelfile(std::uint32_t code_point) {
  struct Range {
    std::uint32_t first;
    std::uint32_t last;
  };
  static constexpr std::array<Range, 23> kDropped = {
      {{0x00, 0x1F},       {0x7F, 0xA0},       {0xAD, 0xAD},      {0x0600, 0x0605},
       {0x061C, 0x061C},   {0x06DD, 0x06DD},   {0x070F, 0x070F},  {0x0890, 0x0891},
       {0x08E2, 0x08E2},   {0x1680, 0x1680},   {0x180E, 0x180E},  {0x2000, 0x200F},
       {0x2028, 0x202F},   {0x205F, 0x206F},   {0x3000, 0x3000},  {0xE000, 0xF8FF},
       {0xFEFF, 0xFEFF},   {0xFFF0, 0xFFFB},   {0xFFFE, 0xFFFF},  {0x110BD, 0x110BD},
       {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE00FF}}};
  if (code_point >= 0xF0000) return false;
  return std::none_of(kDropped.begin(), kDropped.end(), [&](const Range& range) {
    return code_point >= range.first && code_point <= range.last;
  });
}

std::string DecodeModelfile(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xFE")) return FromUtf16(bytes.substr(2), false);
  if (bytes.starts_with("\xFE\xFF")) return FromUtf16(bytes.substr(2), true);
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  std::string text;
  while (!bytes.empty()) {
    const std::size_t valid = ValidUtf8Length(bytes);
    text += bytes.substr(0, valid);
    bytes.remove_prefix(valid);
    if (bytes.empty()) break;
    text += kReplacementBytes;
    bytes.remove_prefix(1);
  }
  return text;
}

Expected<std::vector<ModelfileCommand>, std::string> ReadModelfileCommands(std::string_view text) {
  return Reader(text).Read();
}

}  // namespace ollama_bench
