#include "numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <locale>
#include <sstream>

namespace ollama_bench {
namespace {

struct Integer {
  bool is_integer = false;
  std::optional<long long> value;  // empty: does not even fit into 64 bits
};

Integer ParseStrictly(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('-')) digits.remove_prefix(1);
  const bool all_digits = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
  if (!all_digits || (digits.size() > 1 && digits.front() == '0')) return {};
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return {true, std::nullopt};
  return {true, value};
}

std::optional<double> ParseDecimal(const std::string& text) {
  std::istringstream stream(text);
  stream.imbue(std::locale::classic());
  double value = 0;
  if (!(stream >> value) || stream.peek() != std::istringstream::traits_type::eof()) {
    return std::nullopt;
  }
  return value;
}

// What somebody most likely meant by a spelling that is refused: 2048.0, 0x800, 32k, 2_048.
std::optional<long long> GuessNumber(std::string_view text, const ConfigKey& parameter) {
  if (text.size() > 40) return std::nullopt;
  std::string plain;
  for (const char c : text) {
    if (c != '_' && c != ',' && c != '\'' && c != ' ') plain += c;
  }
  double guess = 0;
  if (plain.starts_with("0x") || plain.starts_with("0X")) {
    unsigned value = 0;
    const char* end = plain.data() + plain.size();
    const auto result = std::from_chars(plain.data() + 2, end, value, 16);
    if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
    guess = value;
  } else {
    const bool kilo = plain.ends_with('k') || plain.ends_with('K');
    if (kilo) plain.pop_back();
    const auto value = ParseDecimal(plain);
    if (!value) return std::nullopt;
    guess = *value * (kilo ? 1024 : 1);
  }
  const bool in_range = guess >= parameter.lowest && guess <= parameter.highest;
  if (!in_range || guess != std::floor(guess)) return std::nullopt;
  return static_cast<long long>(guess);
}

std::string Wanted(const ConfigKey& parameter) {
  return fmt::format("write a whole number from {} to {}{}{}", parameter.lowest, parameter.highest,
                     parameter.word.empty() ? "" : ", or ", parameter.word);
}

}  // namespace

std::optional<int> ReadNumber(const Setting& setting, std::string_view key, ErrorList& errors) {
  const ConfigKey& parameter = ConfigKeyOf(key);
  const auto [is_integer, value] = ParseStrictly(setting.text);
  const auto add = [&](std::string message, std::string remedy) {
    errors.Add(setting.place, setting.text, std::move(message), std::move(remedy));
    return std::nullopt;
  };
  const std::string shown = setting.text.empty() ? "\"\"" : Shown(setting.text);
  if (!is_integer || setting.quoted) {
    const auto guess = GuessNumber(setting.text, parameter);
    const std::string remedy = guess ? fmt::format("write {}", *guess) : Wanted(parameter);
    if (setting.quoted) {
      return add(fmt::format("\"{}\" in quotes is a text", Shown(setting.text)), remedy);
    }
    return add(fmt::format("{} is not a whole number", shown), remedy);
  }
  if (value && *value >= parameter.lowest && *value <= parameter.highest) {
    return static_cast<int>(*value);
  }
  const bool is_low = setting.text.starts_with('-') || (value && *value < parameter.lowest);
  return add(is_low ? fmt::format("{} is below {}", shown, parameter.lowest)
                    : fmt::format("{} is above {}", shown, parameter.highest),
             Wanted(parameter));
}

std::optional<bool> ReadBoolean(const Setting& setting, ErrorList& errors) {
  constexpr std::array kTrue = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"};
  constexpr std::array kFalse = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"};
  const auto is_one_of = [&setting](const auto& spellings) {
    return std::find(spellings.begin(), spellings.end(), setting.text) != spellings.end();
  };
  const bool is_true = is_one_of(kTrue);
  const bool is_false = is_one_of(kFalse);
  if (setting.quoted && (is_true || is_false)) {
    errors.Add(setting.place, setting.text, fmt::format("\"{}\" in quotes is a text", setting.text),
               fmt::format("write {}", is_true));
    return std::nullopt;
  }
  if (is_true || is_false) return is_true;
  errors.Add(setting.place, setting.text,
             fmt::format("{} is neither true nor false",
                         setting.text.empty() ? "\"\"" : Shown(setting.text)),
             "write true or false");
  return std::nullopt;
}

}  // namespace ollama_bench
