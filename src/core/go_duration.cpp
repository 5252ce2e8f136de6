#include "ollama_bench/core/go_duration.h"

#include <array>
#include <cstdint>
#include <limits>

namespace ollama_bench {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();

struct Unit {
  std::string_view name;
  std::uint64_t nanoseconds;
};

// Longer names first where one starts with another. Go writes the micro sign as C2 B5; its parser
// also takes the Greek letter and a plain u.
constexpr std::array kUnits = {
    Unit{"ns", 1},
    Unit{"us", 1'000},
    Unit{"\xC2\xB5s", 1'000},
    Unit{"\xCE\xBCs", 1'000},
    Unit{"ms", 1'000'000},
    Unit{"s", 1'000'000'000},
    Unit{"m", 60'000'000'000},
    Unit{"h", 3'600'000'000'000},
};

bool StartsWithDigit(std::string_view text) {
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

// Whole digits off the front of `text`; false when they exceed `kMost`.
bool TakeDigits(std::string_view& text, std::uint64_t& value) {
  while (StartsWithDigit(text)) {
    const auto digit = static_cast<std::uint64_t>(text.front() - '0');
    if (value > (kMost - digit) / 10) return false;
    value = value * 10 + digit;
    text.remove_prefix(1);
  }
  return true;
}

// Digits behind the point, at most as many as matter: 10^-13 of an hour is below a nanosecond.
struct Fraction {
  std::uint64_t digits = 0;
  std::uint64_t scale = 1;
};

Fraction TakeFraction(std::string_view& text) {
  Fraction fraction;
  while (StartsWithDigit(text)) {
    if (fraction.scale < 1'000'000'000'000'000) {
      fraction.digits = fraction.digits * 10 + static_cast<std::uint64_t>(text.front() - '0');
      fraction.scale *= 10;
    }
    text.remove_prefix(1);
  }
  return fraction;
}

const Unit* TakeUnit(std::string_view& text) {
  for (const Unit& unit : kUnits) {
    if (text.starts_with(unit.name)) {
      text.remove_prefix(unit.name.size());
      return &unit;
    }
  }
  return nullptr;
}

// One "12.5ms" off the front of `text`, in nanoseconds.
std::optional<std::uint64_t> TakeComponent(std::string_view& text) {
  if (!StartsWithDigit(text)) return std::nullopt;
  std::uint64_t whole = 0;
  if (!TakeDigits(text, whole)) return std::nullopt;
  Fraction fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = TakeFraction(text);
  }
  const Unit* unit = TakeUnit(text);
  if (unit == nullptr || whole > kMost / unit->nanoseconds) return std::nullopt;
  const auto part = static_cast<std::uint64_t>(static_cast<long double>(fraction.digits) *
                                               static_cast<long double>(unit->nanoseconds) /
                                               static_cast<long double>(fraction.scale));
  return whole * unit->nanoseconds + part;
}

}  // namespace

std::optional<std::chrono::nanoseconds> ParseGoDuration(std::string_view text) {
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  while (!text.empty()) {
    const auto component = TakeComponent(text);
    if (!component || *component > kMost - total) return std::nullopt;
    total += *component;
  }
  return std::chrono::nanoseconds(static_cast<std::int64_t>(total));
}

}  // namespace ollama_bench
