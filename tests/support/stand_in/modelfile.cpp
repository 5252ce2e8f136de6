#include "support/stand_in/modelfile.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

namespace ollama_bench::stand_in {
namespace {

constexpr std::string_view kNewline = "\r\n";
constexpr std::string_view kBlank = " \t";

// `text` without what the server drops: Go's strconv.IsPrint is false for controls, for format
// characters and for every blank but the space. Sequences of UTF-8 compare as their bytes do.
std::string WithoutUnprintable(const std::string& text) {
  static const std::vector<std::pair<std::string, std::string>> kDropped = {
      {"\xc2\x80", "\xc2\xa0"},         {"\xc2\xad", "\xc2\xad"},
      {"\xd8\x80", "\xd8\x85"},         {"\xd8\x9c", "\xd8\x9c"},
      {"\xe1\x9a\x80", "\xe1\x9a\x80"}, {"\xe1\xa0\x8e", "\xe1\xa0\x8e"},
      {"\xe2\x80\x80", "\xe2\x80\x8f"}, {"\xe2\x80\xa8", "\xe2\x80\xaf"},
      {"\xe2\x81\x9f", "\xe2\x81\xaf"}, {"\xe3\x80\x80", "\xe3\x80\x80"},
      {"\xee\x80\x80", "\xef\xa3\xbf"}, {"\xef\xbb\xbf", "\xef\xbb\xbf"}};
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 1;
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t whole = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    while (length < whole && at + length < text.size() && continues(text[at + length])) ++length;
    const std::string character = text.substr(at, length);
    const bool control =
        lead == 0x7F || (lead < 0x20 && std::strchr("\t\r\n", text[at]) == nullptr);
    const bool dropped = control || lead == 0 ||
                         std::any_of(kDropped.begin(), kDropped.end(), [&](const auto& range) {
                           return length == range.first.size() && range.first <= character &&
                                  character <= range.second;
                         });
    if (!dropped) kept += character;
    at += length;
  }
  return kept;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {
    if (text_.substr(0, 3) == "\xef\xbb\xbf") text_.remove_prefix(3);
  }

  // To the next instruction; false at the end of the file.
  bool SkipToInstruction() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') {
        TakeUntil(kNewline);
      } else if (std::isspace(static_cast<unsigned char>(text_[at_]))) {
        ++at_;
      } else {
        return true;
      }
    }
    return false;
  }

  std::string TakeWord() { return TakeUntil(" \t\r\n"); }

  void SkipOneBlank() {
    if (at_ < text_.size() && kBlank.find(text_[at_]) != kBlank.npos) ++at_;
  }

  // A value: the rest of the line, and of further lines as long as it begins with a quote that is
  // not its end as well. Nothing where the file ends before (parser.go: unquote, stateValue).
  std::optional<std::string> TakeValue() {
    std::string value;
    while (true) {
      value += TakeUntil(kNewline);
      if (auto whole = Unquoted(Trimmed(WithoutUnprintable(value)))) return whole;
      if (at_ == text_.size()) return std::nullopt;
      value += text_[at_++];
    }
  }

  [[nodiscard]] std::int64_t line() const {
    return 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n');
  }

 private:
  std::string TakeUntil(std::string_view stops) {
    const std::size_t end = std::min(text_.find_first_of(stops, at_), text_.size());
    std::string taken(text_.substr(at_, end - at_));
    at_ = end;
    return taken;
  }

  static std::string Trimmed(const std::string& value) {
    constexpr const char* kSpaces = " \t\r\n";
    const auto begin = value.find_first_not_of(kSpaces);
    if (begin == std::string::npos) return "";
    return value.substr(begin, value.find_last_not_of(kSpaces) - begin + 1);
  }
  static std::optional<std::string> Unquoted(const std::string& value) {
    for (const std::string quote : {"\"\"\"", "\""}) {
      if (!value.starts_with(quote)) continue;
      if (value.size() < 2 * quote.size() || !value.ends_with(quote)) return std::nullopt;
      return value.substr(quote.size(), value.size() - 2 * quote.size());
    }
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool IsText(const std::string& instruction) {
  static constexpr std::array<std::string_view, 9> kTexts = {"license",  "template", "system",
                                                             "adapter",  "message",  "draft",
                                                             "renderer", "requires", "parser"};
  return std::find(kTexts.begin(), kTexts.end(), instruction) != kTexts.end();
}

}  // namespace

std::string ParameterError(const std::string& name, const std::string& value) {
  static constexpr std::array<std::string_view, 10> kInts = {
      "num_ctx",  "num_batch",  "num_predict", "num_keep", "num_gpu",
      "main_gpu", "num_thread", "seed",        "top_k",    "repeat_last_n"};
  static constexpr std::array<std::string_view, 7> kFloats = {
      "temperature",      "top_p", "min_p", "typical_p", "repeat_penalty", "presence_penalty",
      "frequency_penalty"};
  const auto among = [&name](const auto& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (among(kInts)) {
    std::int64_t parsed = 0;
    const char* end = value.data() + value.size();
    const auto result = std::from_chars(value.data(), end, parsed);
    const bool whole = result.ec == std::errc() && result.ptr == end;
    return whole ? "" : "invalid int value [" + value + "]";
  }
  if (among(kFloats)) {
    char* end = nullptr;
    std::strtod(value.c_str(), &end);
    return *end == '\0' && !value.empty() ? "" : "invalid float value [" + value + "]";
  }
  if (name == "use_mmap") {
    static constexpr std::array<std::string_view, 12> kBools = {
        "1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"};
    return std::find(kBools.begin(), kBools.end(), value) != kBools.end()
               ? ""
               : "invalid bool value [" + value + "]";
  }
  return name == "stop" ? "" : "unknown parameter '" + name + "'";
}

Expected<Modelfile, std::string> ParseModelfile(std::string_view text) {
  Modelfile result;
  Reader reader(text);
  while (reader.SkipToInstruction()) {
    const std::int64_t line = reader.line();
    const std::string instruction = Lower(reader.TakeWord());
    reader.SkipOneBlank();
    std::string name = instruction == "parameter" ? reader.TakeWord() : "";
    const std::optional<std::string> value = reader.TakeValue();
    if (!value) return Unexpected<std::string>("unexpected EOF");
    if (instruction == "from") {
      result.from = *value;
      result.all_from.push_back(*value);
    } else if (instruction == "parameter") {
      result.parameters.emplace_back(std::move(name), *value);
    } else if (IsText(instruction)) {
      result.texts += instruction + " " + *value + "\n";
    } else {
      return Unexpected<std::string>(
          "(line " + std::to_string(line) +
          "): command must be one of \"from\", \"license\", \"template\", \"system\", \"adapter\", "
          "\"parameter\", or \"message\"");
    }
  }
  if (result.from.empty()) return Unexpected<std::string>("no FROM line");
  return result;
}

}  // namespace ollama_bench::stand_in
