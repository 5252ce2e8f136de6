#include "ollama_bench/render/answer_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ollama_bench/render/number_format.h"
#include "signed_percent.h"

namespace ollama_bench {
namespace {

// "1", "0.5": a share as per cent without needless digits.
std::string Percent(double share) {
  return fmt::format("{:.3g}", 100 * share);
}

std::string SignedPercentWithInterval(const LogEstimate& change, double level) {
  const Interval interval = change.LogInterval(level);
  return fmt::format("{} ({} to {}, {} % sure)", SignedPercent(change.value),
                     SignedPercent(interval.low), SignedPercent(interval.high), Percent(level));
}

std::string LimitsOf(const SweepAnswer& answer) {
  const Demand& demand = answer.options.demand;
  return fmt::format("(within {} %, {} % sure)", Percent(demand.threshold), Percent(demand.level));
}

// Where the value is not that of the map: " in 3 confirming loads".
std::string BasisOf(const CellEstimate& estimate) {
  if (estimate.confirming == 0) return {};
  const int others = estimate.loads - estimate.confirming;
  return fmt::format(" in {}{} confirming load{}",
                     others == 0 ? "" : fmt::format("{} control and ", others), estimate.confirming,
                     estimate.confirming == 1 ? "" : "s");
}

std::string PresentSetting(const SweepAnswer& answer) {
  const std::string& source = answer.options.baseline_source;
  return fmt::format("your present setting, {}{}", NameOf(answer.baseline->baseline.cell),
                     source.empty() ? "" : fmt::format(" ({})", source));
}

}  // namespace

std::string AnswerSentence(const SweepAnswer& answer) {
  const std::size_t all = answer.cells.size();
  const std::size_t best = answer.best.cells.size();
  const std::string take = NameOf(answer.best.recommended.cell);
  if (all == 1) return fmt::format("Only one cell was measured: {}.", take);
  if (best == 1) {
    return fmt::format(
        "Take {}: each of the other {} cells is slower by more than {} % ({} % sure).", take,
        all - 1, Percent(answer.options.demand.threshold), Percent(answer.options.demand.level));
  }
  const std::string which =
      best == all ? fmt::format("{} cells are alike as far as this sweep can tell",
                                all == 2 ? "Both" : fmt::format("All {}", all))
                  : fmt::format("These {} of {} cells cannot be told apart", best, all);
  return fmt::format("{} {}; take {}, the largest context among them.", which, LimitsOf(answer),
                     take);
}

std::string ValueSentence(const SweepAnswer& answer) {
  const MetricInfo& metric = Describe(answer.metric);
  const NumberFormat format{metric.decimals};
  const CellEstimate& recommended = answer.best.recommended;
  const double level = answer.options.demand.level;
  const Interval interval = recommended.log.RatioInterval(level);
  return fmt::format("{}: {} {}{}, between {} and {} ({} % sure).", NameOf(recommended.cell),
                     format(recommended.value()), metric.unit, BasisOf(recommended),
                     format(interval.low), format(interval.high), Percent(level));
}

std::string BaselineSentence(const SweepAnswer& answer) {
  if (!answer.baseline) return {};
  const BaselineGain& baseline = *answer.baseline;
  const std::string present = PresentSetting(answer);
  const std::string gain = SignedPercentWithInterval(baseline.gain, answer.options.demand.level);
  switch (baseline.verdict) {
    case BaselineGain::Verdict::kSameCell:
      return fmt::format("That is {}: nothing to change.", present);
    case BaselineGain::Verdict::kWorthHaving:
      return fmt::format("Gain over {}: {}.", present, gain);
    case BaselineGain::Verdict::kNone:
      return fmt::format("No gain worth having over {}: {}.", present, gain);
    case BaselineGain::Verdict::kUnclear:
      break;
  }
  return fmt::format("No gain worth having is shown over {}: {}.", present, gain);
}

std::string SafeContextSentence(const SweepAnswer& answer) {
  if (!answer.largest_safe_context) return {};
  const SafeContext& safe = *answer.largest_safe_context;
  constexpr double kWholeGpu = 0.995;
  const std::string on_gpu =
      safe.gpu_share.value_or(0) >= kWholeGpu ? " and stays wholly on the GPU" : "";
  const std::string lead =
      fmt::format("Largest context that loses at most {} %{}: {}", Percent(answer.options.max_loss),
                  on_gpu, NameOf(safe.estimate.cell));
  const std::string rest =
      safe.undecided
          ? fmt::format(" Whether num_ctx={} loses more cannot be told.", *safe.undecided)
          : "";
  if (safe.estimate.cell == answer.best.leader.cell) return lead + ", the fastest." + rest;
  return fmt::format("{}, {} against the fastest.{}", lead,
                     SignedPercentWithInterval(safe.ratio, answer.options.demand.level), rest);
}

std::string DriftSentence(const SweepAnswer& answer) {
  if (!answer.drift) return {};
  const Drift& drift = *answer.drift;
  const std::string moved = fmt::format(
      "{} moved by {} over {} loads", NameOf(drift.cell),
      SignedPercentWithInterval(drift.change, answer.options.demand.level), drift.controls);
  if (answer.detrended) {
    return fmt::format("Drift: {}. It is taken out of the answer, the values shown are raw.",
                       moved);
  }
  if (!drift.has_moved) return fmt::format("Drift: none to be seen; {}.", moved);
  return fmt::format("WARNING: the machine changed during the sweep: {}. {}", moved,
                     CanDetrend(drift) ? "Read with --detrend, or measure again."
                                       : "Measure again when it is quiet.");
}

std::string NoiseSentence(const SweepAnswer& answer) {
  const NoiseModel& noise = answer.noise;
  const auto part = [](double deviation, int differences) {
    return fmt::format("{:.1f} %{}", 100 * deviation, differences == 0 ? " (assumed)" : "");
  };
  return fmt::format("Noise: {} between loads, {} between runs of one load.",
                     part(noise.load_deviation(), noise.load_differences()),
                     part(noise.run_deviation(), noise.run_differences()));
}

std::string OutlierSentence(const SweepAnswer& answer) {
  const auto stalled = std::count_if(answer.outliers.begin(), answer.outliers.end(),
                                     [](const Outlier& outlier) { return outlier.stalled; });
  const auto counted = static_cast<std::ptrdiff_t>(answer.outliers.size()) - stalled;
  std::vector<std::string> sentences;
  if (stalled == 1) {
    sentences.emplace_back(
        "One run was less than half as fast as the others of its load; left out.");
  } else if (stalled > 1) {
    sentences.push_back(fmt::format(
        "{} runs were less than half as fast as the others of their load; left out.", stalled));
  }
  if (counted == 1) {
    sentences.emplace_back(
        "One run lies far from the other runs of its cell; counted all the same.");
  } else if (counted > 1) {
    sentences.push_back(fmt::format(
        "{} runs lie far from the other runs of their cell; counted all the same.", counted));
  }
  return fmt::format("{}", fmt::join(sentences, " "));
}

std::vector<std::string> NoteSentences(const SweepAnswer& answer) {
  std::vector<std::string> notes;
  for (std::string& sentence :
       std::vector{DriftSentence(answer), NoiseSentence(answer), OutlierSentence(answer)}) {
    if (!sentence.empty()) notes.push_back(std::move(sentence));
  }
  return notes;
}

}  // namespace ollama_bench
