#include "change_text.h"

#include <fmt/format.h>

#include <cmath>

#include "number_format.h"
#include "ollama_bench/core/text.h"

namespace ollama_bench {

std::string_view Direction(const Change& change, Metric metric) {
  const MetricInfo& info = Describe(metric);
  const bool is_higher = change.log.value > 0;
  const bool is_of_time = info.unit == "s" || info.unit.ends_with("/s");
  if (!is_of_time) return is_higher ? "higher" : "lower";
  return is_higher == info.higher_is_better ? "faster" : "slower";
}

std::string IntervalText(const Change& change, double level) {
  const Interval interval = change.log.LogInterval(level);
  return PercentInterval(interval.low, interval.high);
}

std::string OverallText(const Change& overall, double level, Metric metric,
                        const ComparisonCaption& caption) {
  const std::string interval =
      fmt::format("{:.3g} % CI {}", 100 * level, IntervalText(overall, level));
  if (!overall.is_called) {
    return fmt::format("Overall, no significant change: {}, {}.", SignedPercent(overall.log.value),
                       interval);
  }
  return fmt::format("Overall, {} is {:.1f} % {} than {} ({}).", Printable(caption.second, false),
                     std::fabs(overall.percent()), Direction(overall, metric),
                     Printable(caption.first, false), interval);
}

}  // namespace ollama_bench
