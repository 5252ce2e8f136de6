#include "number_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include "ollama_bench/core/median.h"
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

int WholeDigits(double value) {
  return value < 1 ? 1 : static_cast<int>(std::floor(std::log10(value))) + 1;
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

NumberFormat ChooseNumberFormat(const std::vector<double>& all, Metric metric) {
  std::vector<double> values;
  std::copy_if(all.begin(), all.end(), std::back_inserter(values),
               [](double value) { return std::abs(value) < kTooLarge; });
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  const int most = Describe(metric).decimals;
  NumberFormat format{std::clamp(4 - WholeDigits(largest), 0, most)};
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

std::string RoundedToInterval(double value, double low, double high, Metric metric) {
  const int most = Describe(metric).decimals;
  const double half_width = (high - low) / 2;
  if (!(half_width > 0) || !std::isfinite(half_width)) {
    return NumberFormat{std::clamp(4 - WholeDigits(std::abs(value)), 0, most)}(value);
  }
  const int decimals = static_cast<int>(-std::floor(std::log10(half_width) + 1e-9));
  if (decimals >= 0) return NumberFormat{std::min(decimals, most)}(value);
  const double place = std::pow(10.0, -decimals);
  return NumberFormat{0}(std::round(value / place) * place);
}

NumberFormat FormatForTicks(const std::vector<double>& ticks) {
  const int decimals = static_cast<int>(-std::floor(std::log10(ticks[1] - ticks[0]) + 1e-6));
  return {std::clamp(decimals, 0, kMostDecimals)};
}

std::string EstimateMargins(std::span<const SweepMap> maps) {
  std::vector<double> margins;
  for (const SweepMap& map : maps) {
    for (const MapCell& cell : map.cells) {
      if (cell.kind == MapCell::Kind::kEstimated) margins.push_back(cell.high / cell.value - 1);
    }
  }
  if (margins.empty()) return {};
  const double largest = *std::max_element(margins.begin(), margins.end());
  return fmt::format("+/- {:.1f} % (median), {:.1f} % at most", 100 * *Median(std::move(margins)),
                     100 * largest);
}

}  // namespace ollama_bench
