#include "search/score.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

namespace ollama_bench {
namespace {

// Where the rows of a calibration begin, in measurements; its columns are as wide as each other.
constexpr std::array<std::size_t, 5> kRows = {1, 8, 16, 24, 40};
constexpr std::size_t kColumns = 4;

double Quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const auto index = std::ceil(share * static_cast<double>(values.size())) - 1.0;
  return values[static_cast<std::size_t>(std::max(0.0, index))];
}

std::string Count(double value, const Trace& trace) {
  const auto most = static_cast<double>(trace.regret.size());
  return value > most ? fmt::format("> {:.0f}", most) : fmt::format("{:.0f}", value);
}

}  // namespace

std::size_t StaysFrom(const Trace& trace) {
  std::size_t count = trace.regret.size();
  while (count > 0 && trace.regret[count - 1] <= 0.01) --count;
  return count + 1;
}

double WilsonLower(double hits, double count) {
  if (count == 0.0) return 0.0;
  const double z2 = 1.959964 * 1.959964;
  const double share = hits / count;
  return (share + z2 / (2 * count) -
          std::sqrt(z2 * (share * (1 - share) / count + z2 / (4 * count * count)))) /
         (1 + z2 / count);
}

std::string Score::Header() {
  return "| | within 1 % from: median | p95 | regret at 20 | at 40 | at the end | hours to 1 %, "
         "median "
         "| certificates | true | true share, 95 % |\n|---|---|---|---|---|---|---|---|---|---|\n";
}

double Score::MeanRegretAt(std::size_t count) const {
  double sum = 0.0;
  for (const Trace& trace : traces_) {
    sum += trace.regret[std::min(count, trace.regret.size()) - 1];
  }
  return sum / static_cast<double>(traces_.size());
}

double Score::SlowestMs() const {
  double slowest = 0.0;
  for (const Trace& trace : traces_) slowest = std::max(slowest, trace.slowest_ms);
  return slowest;
}

std::string Score::Calibration() const {
  struct Said {
    double sum = 0.0;
    double right = 0.0;
    double count = 0.0;
  };
  std::map<std::pair<std::size_t, std::size_t>, Said> table;  // by measurements, by probability
  for (const Trace& trace : traces_) {
    for (std::size_t i = 0; i < trace.probability.size(); ++i) {
      const auto row = std::upper_bound(kRows.begin(), kRows.end(), i + 1) - kRows.begin() - 1;
      const auto column = static_cast<std::size_t>(trace.probability[i] * kColumns);
      Said& said = table[{kRows[static_cast<std::size_t>(row)], std::min(column, kColumns - 1)}];
      said.sum += trace.probability[i];
      said.right += trace.regret[i] <= 0.01 ? 1.0 : 0.0;
      ++said.count;
    }
  }
  if (table.empty()) return {};
  std::string text = "\n| measurements | said | true | answers |\n|---|---|---|---|\n";
  for (const auto& [key, said] : table) {
    text += fmt::format("| from {} | {:.0f} % | {:.0f} % | {:.0f} |\n", key.first,
                        100 * said.sum / said.count, 100 * said.right / said.count, said.count);
  }
  return text;
}

std::string Score::Row(const std::string& name) const {
  std::vector<double> stays;
  std::vector<double> hours;
  double given = 0.0;
  double right = 0.0;
  for (const Trace& trace : traces_) {
    const std::size_t from = StaysFrom(trace);
    stays.push_back(static_cast<double>(from));
    hours.push_back(from > trace.seconds.size() ? HUGE_VAL : trace.seconds[from - 1] / 3600.0);
    if (!trace.certified_at) continue;
    given += 1.0;
    if (trace.certificate_true) right += 1.0;
  }
  const double median_hours = Quantile(hours, 0.5);
  std::string certificates = "| | ";
  if (given > 0.0) {
    certificates = fmt::format("{:.0f} % | {:.0f} of {:.0f} | ≥ {:.1f} %",
                               100.0 * given / static_cast<double>(traces_.size()), right, given,
                               100.0 * WilsonLower(right, given));
  }
  return fmt::format("| {} | {} | {} | {:.2f} % | {:.2f} % | {:.2f} % | {} | {} |\n", name,
                     Count(Quantile(stays, 0.5), traces_.front()),
                     Count(Quantile(stays, 0.95), traces_.front()), 100.0 * MeanRegretAt(20),
                     100.0 * MeanRegretAt(40), 100.0 * MeanRegretAt(traces_.front().regret.size()),
                     std::isinf(median_hours) ? "never" : fmt::format("{:.1f}", median_hours),
                     certificates);
}

}  // namespace ollama_bench
