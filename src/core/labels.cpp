#include "ollama_bench/core/labels.h"

#include <fmt/format.h>

#include <algorithm>

#include "ollama_bench/core/parameter.h"
#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestValue = 200;
constexpr std::string_view kHost = "host";

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

Expected<void, std::string> AddLabel(std::string_view text, Labels& labels) {
  const auto problem = [text](std::string_view why) {
    return Unexpected<std::string>(fmt::format("{}: {}", Printable(std::string(text), false), why));
  };
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return problem("write NAME=VALUE, such as commit=1f0c2ab");
  const std::string name(text.substr(0, equals));
  const std::string value(text.substr(equals + 1));
  if (name == kHost || ParameterFromKey(name)) {
    return problem(name + " is known without a label");
  }
  if (!IsLabelName(name)) {
    return problem("the name of a label is a letter, then letters, digits, '_', '-' and '.'");
  }
  if (value.empty()) return problem("the label has no value");
  if (value.size() > kLongestValue) {
    return problem(fmt::format("a value has {} bytes at most", kLongestValue));
  }
  if (Printable(value, false) != value) return problem("the value is not printable");
  if (!labels.emplace(name, value).second) return problem(name + " is given twice");
  return {};
}

}  // namespace

bool IsLabelName(std::string_view text) {
  if (text.empty() || text.size() > kLongestName || !IsLetter(text.front())) return false;
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
    return IsLetter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
  return is_plain && text != kHost && !ParameterFromKey(text);
}

Expected<void, std::string> AddLabels(std::string_view text, Labels& labels) {
  while (true) {
    const auto comma = text.find(',');
    if (auto added = AddLabel(text.substr(0, comma), labels); !added) return added;
    if (comma == std::string_view::npos) return {};
    text.remove_prefix(comma + 1);
  }
}

}  // namespace ollama_bench
