#include "ollama_bench/render/number_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ollama_bench/core/metric.h"

namespace ollama_bench {
namespace {

constexpr double kTooLarge = 1e8;
constexpr int kMostDecimals = 6;

// Whether `decimals` show the value as exactly as `reference` decimals do.
bool ShowsTheSame(double value, int decimals, int reference) {
  const double scale = std::pow(10.0, decimals);
  return std::abs(std::round(value * scale) / scale - value) < 0.5 * std::pow(10.0, -reference);
}

double RoundStep(double at_least) {
  const double power = std::pow(10.0, std::floor(std::log10(at_least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= at_least * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

}  // namespace

std::string NumberFormat::operator()(double value) const {
  if (std::abs(value) >= kTooLarge) return fmt::format("{:.2g}", value);
  return fmt::format("{:.{}f}", value, decimals);
}

NumberFormat ChooseNumberFormat(const ResultTable& table) {
  std::vector<double> values;
  for (const CellState& state : table.states) {
    const auto* measured = std::get_if<Measured>(&state);
    if (measured != nullptr && std::abs(measured->value) < kTooLarge) {
      values.push_back(measured->value);
    }
  }
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  const int most = Describe(table.metric).decimals;
  const int whole_digits = largest < 1 ? 1 : static_cast<int>(std::floor(std::log10(largest))) + 1;
  NumberFormat format{std::clamp(4 - whole_digits, 0, most)};
  const int reference = format.decimals;
  while (format.decimals > 0 && std::all_of(values.begin(), values.end(), [&](double value) {
           return ShowsTheSame(value, format.decimals - 1, reference + 1);
         })) {
    --format.decimals;
  }
  return format;
}

std::vector<double> RoundTicks(double low, double high, int most) {
  const double span = high - low;
  if (!(span > 0) || !std::isfinite(span)) return {low};
  const auto first = [&](double step) { return std::ceil(low / step - 1e-9); };
  const auto count = [&](double step) { return std::floor(high / step + 1e-9) - first(step) + 1; };
  double step = RoundStep(span / most);
  // A step may be too fine by one tick where both ends are round.
  while (count(step) > most) step = RoundStep(step * 1.5);
  std::vector<double> ticks(static_cast<std::size_t>(count(step)));
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    ticks[i] = (first(step) + static_cast<double>(i)) * step;
  }
  return ticks.size() < 2 ? std::vector<double>{low} : ticks;
}

NumberFormat FormatForTicks(const std::vector<double>& ticks) {
  const int decimals = static_cast<int>(-std::floor(std::log10(ticks[1] - ticks[0]) + 1e-6));
  return {std::clamp(decimals, 0, kMostDecimals)};
}

}  // namespace ollama_bench
