#include "ollama_bench/core/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>

namespace ollama_bench {
namespace {

bool IsControl(std::uint32_t code_point) {
  const bool c0 = code_point < 0x20 || code_point == 0x7F;
  const bool c1 = code_point >= 0x80 && code_point < 0xA0;
  // Marks that turn the direction of what follows can make a terminal show another text.
  const bool bidi = (code_point >= 0x202A && code_point <= 0x202E) ||
                    (code_point >= 0x2066 && code_point <= 0x2069);
  return c0 || c1 || bidi;
}

// Optimal string alignment distance: edits plus swaps of neighbours.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  std::iota(d[0].begin(), d[0].end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, substitution});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string Printable(std::string_view text, bool keep_newlines) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto [code_point, length] = DecodeUtf8(text);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
      continue;
    }
    if (code_point == '\n' && keep_newlines) {
      out += '\n';
    } else if (code_point < 0x100 && IsControl(code_point)) {
      out += fmt::format("\\x{:02x}", code_point);
    } else if (IsControl(code_point)) {
      out += fmt::format("\\u{:04x}", code_point);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out;
}

std::size_t ValidUtf8Length(std::string_view text) {
  std::size_t valid = 0;
  while (valid < text.size()) {
    const std::size_t length = DecodeUtf8(text.substr(valid)).length;
    if (length == 0) break;
    valid += length;
  }
  return valid;
}

std::string_view StartOf(std::string_view text, std::size_t most_bytes) {
  if (text.size() <= most_bytes) return text;
  const std::string_view start = text.substr(0, most_bytes);
  return start.substr(0, ValidUtf8Length(start));
}

std::string_view Trim(std::string_view text, std::string_view blanks) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

namespace {

constexpr std::string_view kHidden = "***";

// From the first colon behind "scheme://" to the last @ of the word.
void HideInAddresses(std::string& text) {
  constexpr std::string_view kScheme = "://";
  for (auto scheme = text.find(kScheme); scheme != std::string::npos;
       scheme = text.find(kScheme, scheme + kScheme.size())) {
    const auto begin = scheme + kScheme.size();
    const auto end = std::min(text.find_first_of(" \t\r\n", begin), text.size());
    const auto at = text.rfind('@', end - 1);
    const auto colon = text.find(':', begin);
    if (at == std::string::npos || colon == std::string::npos || colon >= at) continue;
    text.replace(colon + 1, at - colon - 1, kHidden);
  }
}

// Up to the blank or the & behind it; a value in quotes up to the closing one.
void HideAssigned(std::string& text) {
  constexpr std::string_view kKey = "password";
  for (auto key = Lower(text).find(kKey); key != std::string::npos;
       key = Lower(text).find(kKey, key + kKey.size())) {
    const auto equals = text.find_first_not_of(" \t", key + kKey.size());
    if (equals == std::string::npos || text[equals] != '=') continue;
    const auto begin = text.find_first_not_of(" \t", equals + 1);
    if (begin == std::string::npos) return;
    const bool is_quoted = text[begin] == '\'';
    const auto end = is_quoted ? text.find('\'', begin + 1) : text.find_first_of(" \t\r\n&", begin);
    text.replace(begin, std::min(end, text.size()) - begin, kHidden);
  }
}

}  // namespace

std::string WithoutPasswords(std::string_view text) {
  std::string hidden(text);
  HideInAddresses(hidden);
  HideAssigned(hidden);
  return hidden;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string NearestSpelling(std::string_view given, const std::vector<std::string>& known) {
  // Long hostile input has no near spelling, and the table would be large.
  if (given.size() > 64) return {};
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, given.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = EditDistance(given, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string FormatDuration(std::chrono::duration<double> duration) {
  const double seconds = std::max(0.0, duration.count());
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  if (seconds < 89.5) return fmt::format("{:.0f} s", seconds);
  if (seconds < 90 * 60) return fmt::format("{:.1f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

std::string FormatBytes(std::int64_t bytes) {
  static constexpr std::array<std::string_view, 4> kUnits = {"kB", "MB", "GB", "TB"};
  constexpr double kStep = 1000;
  if (static_cast<double>(bytes) < kStep) return fmt::format("{} bytes", bytes);
  double value = static_cast<double>(bytes) / kStep;
  std::size_t unit = 0;
  // What would be rounded up to a thousand belongs to the next unit.
  while (value >= kStep - 0.5 && unit + 1 < kUnits.size()) {
    value /= kStep;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, value < 10 ? 1 : 0, kUnits[unit]);
}

DecodedCharacter DecodeUtf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return {};
  std::uint32_t code_point = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {};
    code_point = code_point << 6U | (byte(i) & 0x3FU);
  }
  const bool overlong =
      (length == 3 && code_point < 0x800) || (length == 4 && code_point < 0x10000);
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (overlong || surrogate || code_point > 0x10FFFF) return {};
  return {code_point, length};
}

}  // namespace ollama_bench
