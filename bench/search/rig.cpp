#include "search/rig.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ollama_bench {
namespace {

constexpr double kLoadSeconds = 90.0;
constexpr double kRunSeconds = 35.0;

}  // namespace

Rig::Rig(const Surface& surface, const Noise& noise, std::uint64_t seed)
    : surface_(&surface),
      noise_(noise),
      random_(seed),
      drift_phase_(random_.Uniform(0.0, 2.0 * std::numbers::pi)),
      drift_period_(random_.Uniform(2000.0, 40000.0)) {}

double Rig::HopLog(double duration) {
  double low = 0.0;
  double left = duration;
  while (left > 0.0) {
    if (hop_left_ <= 0.0) {
      low_ = !low_;
      hop_left_ = random_.Uniform(5.0, 60.0);
    }
    const double step = std::min(left, hop_left_);
    if (low_) low += step;
    hop_left_ -= step;
    left -= step;
  }
  return std::log(0.91) * low / duration;
}

std::optional<double> Rig::Measure(std::size_t cell) {
  if (noise_.hops) HopLog(kLoadSeconds);
  seconds_ += kLoadSeconds;
  const double rate = surface_->rate[cell];
  if (rate == 0.0 || random_.Uniform() < noise_.passing_failures) return std::nullopt;
  seconds_ += kRunSeconds;
  double log_rate = std::log(rate) + noise_.sigma * random_.Normal();
  log_rate +=
      noise_.drift * std::sin(drift_phase_ + 2.0 * std::numbers::pi * seconds_ / drift_period_);
  if (random_.Uniform() < noise_.outliers) log_rate += std::log(random_.Uniform(0.6, 0.9));
  if (noise_.hops) log_rate += HopLog(kRunSeconds);
  return std::exp(log_rate);
}

}  // namespace ollama_bench
