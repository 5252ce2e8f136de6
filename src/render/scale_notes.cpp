#include "scale_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string_view>

#include "ollama_bench/core/text.h"
#include "scale_panels.h"

namespace ollama_bench {
namespace {

// Three digits, whole numbers where they have more.
std::string Short(double value) {
  return std::abs(value) < 1000 ? fmt::format("{:.3g}", value) : fmt::format("{:.0f}", value);
}

// A line does not end within the interval.
std::string BreakText(const Breakpoint& found) {
  return fmt::format("{:.0f} tokens [{:.0f},\xC2\xA0{:.0f}]", found.tokens, found.low, found.high);
}

std::string LawText(const ScalingLaw& law) {
  struct Unit {
    double factor;
    std::string_view name;
  };
  constexpr std::array<Unit, 3> kUnits = {Unit{1e3, " ms"}, Unit{1e3, " ms\xC2\xB7n"},
                                          Unit{1e6, " \xC2\xB5s\xC2\xB7n\xC2\xB2"}};
  std::string text;
  for (std::size_t i = 0; i < std::min(law.terms().size(), kUnits.size()); ++i) {
    const double value = law.terms()[i].estimate * kUnits.at(i).factor;
    const std::string_view sign = value < 0 ? (i > 0 ? " - " : "-") : (i > 0 ? " + " : "");
    text += fmt::format("{}{}{}", sign, Short(std::abs(value)), kUnits.at(i).name);
  }
  return text;
}

// " for num_ctx 4096"; empty for one alone.
std::string ForName(const std::vector<std::string>& names, std::size_t i) {
  return names[i].empty() ? "" : " for " + names[i];
}

template <class Count>
std::string RangeOf(const std::vector<ScaleSeries>& series, const Count& count) {
  std::size_t low = count(series.front().points.front());
  std::size_t high = low;
  for (const ScaleSeries& one : series) {
    for (const ScalePoint& point : one.points) {
      low = std::min(low, count(point));
      high = std::max(high, count(point));
    }
  }
  return low == high ? std::to_string(low) : fmt::format("{} to {}", low, high);
}

bool HasDecode(const ScaleSeries& series) {
  return std::any_of(series.points.begin(), series.points.end(),
                     [](const ScalePoint& point) { return point.decode_rate.has_value(); });
}

// Where some have what others lack; a panel says by itself that it is empty.
void AddLacking(const std::vector<ScaleSeries>& series, const std::vector<std::string>& names,
                std::vector<std::string>& notes) {
  if (std::any_of(series.begin(), series.end(), HasDecode)) {
    for (std::size_t i = 0; i < series.size(); ++i) {
      if (HasDecode(series[i])) continue;
      notes.push_back(fmt::format("No decode rate was measured{}.", ForName(names, i)));
    }
  }
  std::size_t all = 0;
  std::size_t reported = 0;
  for (const ScaleSeries& one : series) {
    for (const ScalePoint& point : one.points) {
      ++all;
      reported += point.serving.memory_bytes ? 1 : 0;
    }
  }
  if (reported == 0 || reported == all) return;
  notes.push_back(fmt::format("Memory is reported at {} of {} points.", reported, all));
}

void AddOfLaws(const std::vector<ScaleSeries>& series, const std::vector<std::string>& names,
               std::vector<std::string>& notes) {
  for (std::size_t i = 0; i < series.size(); ++i) {
    const ScaleSeries& one = series[i];
    if (!one.why_no_law.empty()) {
      notes.push_back(
          fmt::format("No law{}: {}.", ForName(names, i), Printable(one.why_no_law, false)));
    }
    if (one.prefill && one.prefill->loads() == 1) {
      notes.push_back(
          fmt::format("The band of the law{} is of a single load, and says nothing of other loads.",
                      ForName(names, i)));
    }
  }
  if (std::any_of(series.begin(), series.end(),
                  [](const ScaleSeries& one) { return one.decode.has_value(); })) {
    notes.emplace_back(
        "The law of the decode is over the context: the prompt and half of the answer.");
  }
}

}  // namespace

std::string ScaleTitle(const std::vector<ScaleSeries>& series,
                       const std::vector<std::string>& names) {
  constexpr std::string_view kPlain = "Prefill and decode by length of the prompt.";
  if (series.size() == 1) {
    const auto& law = series.front().prefill;
    if (!law) return std::string(kPlain);
    const std::string_view figure =
        IsOfWindows(series.front()) ? "Time to the first token" : "Time of the prefill";
    const std::string text = fmt::format("{} of n tokens: {}", figure, LawText(*law));
    const auto& found = law->breakpoint();
    if (!found) return text + ".";
    return fmt::format("{}; from {} on, {} ms per token {}.", text, BreakText(*found),
                       Short(std::abs(found->slope_change) * 1e3),
                       found->slope_change < 0 ? "less" : "more");
  }
  constexpr std::size_t kMostNamed = 2;
  std::vector<std::string> breaks;
  std::vector<double> places;
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (!series[i].prefill || !series[i].prefill->breakpoint()) continue;
    places.push_back(series[i].prefill->breakpoint()->tokens);
    breaks.push_back(BreakText(*series[i].prefill->breakpoint()) + ForName(names, i));
  }
  if (breaks.empty()) return std::string(kPlain);
  if (breaks.size() > kMostNamed) {
    const auto [low, high] = std::minmax_element(places.begin(), places.end());
    return fmt::format(
        "Breakpoints of the prefill in {} of {} series, from {:.0f} to {:.0f} tokens.",
        breaks.size(), series.size(), *low, *high);
  }
  return fmt::format("Breakpoint of the prefill at {}.", fmt::join(breaks, "; "));
}

std::vector<std::string> ScaleNotes(const std::vector<ScaleSeries>& series,
                                    const std::vector<std::string>& names) {
  std::vector<std::string> notes;
  notes.push_back(fmt::format("Loads of the model at a length: {}.",
                              RangeOf(series, [](const auto& point) { return point.loads; })));
  AddOfLaws(series, names, notes);
  AddLacking(series, names, notes);
  if (std::any_of(series.begin(), series.end(), IsOfWindows)) {
    notes.emplace_back(
        "Of windows of load, times are those to the first token of the median request, waiting "
        "included.");
  }
  return notes;
}

}  // namespace ollama_bench
