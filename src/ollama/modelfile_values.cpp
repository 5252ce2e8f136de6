#include "modelfile_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

constexpr std::array<std::string_view, 11> kWholeNumbers = {
    "num_ctx",  "num_batch", "num_gpu",     "main_gpu", "num_thread",   "draft_num_predict",
    "num_keep", "seed",      "num_predict", "top_k",    "repeat_last_n"};
constexpr std::array<std::string_view, 7> kNumbers = {
    "temperature",      "top_p", "min_p", "typical_p", "repeat_penalty", "presence_penalty",
    "frequency_penalty"};
// Taken with any value; newer releases only warn of them.
constexpr std::array<std::string_view, 10> kOthers = {
    "stop",       "penalize_newline", "low_vram", "f16_kv",       "logits_all",
    "vocab_only", "use_mlock",        "mirostat", "mirostat_tau", "mirostat_eta"};
// Go's strconv.ParseBool.
constexpr std::array<std::string_view, 12> kTruths = {"1", "t", "T", "true",  "TRUE",  "True",
                                                      "0", "f", "F", "false", "FALSE", "False"};

template <std::size_t N>
bool IsAmong(const std::array<std::string_view, N>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::string_view WithoutSign(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  return text;
}

// Go's strconv.ParseInt with base 10.
bool IsWholeNumber(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  return parsed.ec == std::errc() && parsed.ptr == end;
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsHexDigit(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Without the underscores that Go allows between digits and after "0x"; nothing where one stands
// elsewhere.
std::optional<std::string> WithoutUnderscores(std::string_view text, bool is_hex) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      plain += text[i];
      continue;
    }
    const auto is_digit = is_hex ? IsHexDigit : IsDigit;
    const bool follows = i > 0 && (is_digit(text[i - 1]) || (is_hex && i == 2));
    if (!follows || i + 1 == text.size() || !is_digit(text[i + 1])) return std::nullopt;
  }
  return plain;
}

// Go's strconv.ParseFloat to 32 bits, but for infinity and NaN, which cannot be stored.
bool IsNumber(std::string_view text) {
  const std::string digits = Lower(WithoutSign(text));
  const bool is_hex = digits.starts_with("0x");
  auto plain = WithoutUnderscores(digits, is_hex);
  if (!plain) return false;
  if (is_hex) {
    // A mantissa in base 16 needs its exponent.
    if (plain->find('p') == std::string::npos) return false;
    plain->erase(0, 2);
  }
  if (plain->empty() || !(IsHexDigit(plain->front()) || plain->front() == '.')) return false;
  // The exponent's own sign may be a plus, which from_chars takes too.
  double number = 0;
  const char* end = plain->data() + plain->size();
  const auto format = is_hex ? std::chars_format::hex : std::chars_format::general;
  const auto parsed = std::from_chars(plain->data(), end, number, format);
  if (parsed.ptr != end) return false;
  // What is too small for a double is 0.
  const bool is_tiny =
      parsed.ec == std::errc::result_out_of_range && plain->find("e-") != std::string::npos;
  if (parsed.ec != std::errc() && !is_tiny) return false;
  return is_tiny || std::isfinite(static_cast<float>(number));
}

}  // namespace

std::string ParameterFault(const std::string& name, const std::string& value) {
  std::string_view wanted;
  if (IsAmong(kWholeNumbers, name)) {
    if (IsWholeNumber(value)) return {};
    wanted = "a whole number";
  } else if (IsAmong(kNumbers, name)) {
    if (IsNumber(value)) return {};
    wanted = "a number";
  } else if (name == "use_mmap") {
    if (IsAmong(kTruths, value)) return {};
    wanted = "true or false";
  } else if (IsAmong(kOthers, name)) {
    return {};
  } else {
    return fmt::format("Ollama knows no parameter \"{}\"", Printable(name, false));
  }
  constexpr std::size_t kShown = 60;
  std::string fault = fmt::format("{} must be {}, not \"{}\"", name, wanted,
                                  Printable(StartOf(value, kShown), false));
  if (value.find('#') != std::string::npos) fault += "; a comment needs a line of its own";
  return fault;
}

bool IsModelfileVersion(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  const auto take = [&text](auto belongs) {
    const auto* end = std::find_if_not(text.begin(), text.end(), belongs);
    const std::string_view taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(taken.size());
    return taken;
  };
  const auto is_identifier = [](char c) {
    return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
  };
  const auto has_empty = [](std::string_view list) {
    return list.empty() || list.starts_with('.') || list.ends_with('.') ||
           list.find("..") != std::string_view::npos;
  };
  for (int part = 0; part < 3; ++part) {
    const std::string_view number = take(IsDigit);
    if (number.empty() || (number.size() > 1 && number.starts_with('0'))) return false;
    if (text.empty()) return true;
    if (part < 2 && !text.starts_with('.')) return false;
    if (part < 2) text.remove_prefix(1);
  }
  for (const char mark : {'-', '+'}) {
    if (!text.starts_with(mark)) continue;
    text.remove_prefix(1);
    if (has_empty(take(is_identifier))) return false;
  }
  return text.empty();
}

}  // namespace ollama_bench
