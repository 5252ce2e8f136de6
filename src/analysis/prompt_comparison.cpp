#include "ollama_bench/analysis/prompt_comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

namespace ollama_bench {
namespace {

// As in CompareSweeps.
constexpr double kShareOfPrompts = 0.8;

/// The logs of a prompt's runs.
struct LogRuns {
  double count = 0;
  double mean = 0;
  double squares = 0;  ///< sum of the squared distances from the mean
};

LogRuns LogsOf(const std::vector<PromptTiming>& runs, Metric metric) {
  LogRuns logs;
  for (const PromptTiming& timing : runs) {
    const auto value = ValueOf(timing, metric);
    if (!value || !(*value > 0)) continue;
    const double log = std::log(*value);
    ++logs.count;
    const double before = log - logs.mean;
    logs.mean += before / logs.count;
    logs.squares += before * (log - logs.mean);
  }
  return logs;
}

bool Exceeds(const Change& change, double threshold) {
  return std::fabs(std::expm1(change.log.value)) > threshold;
}

/// Pairs prompts and collects how far their runs spread.
class Pairing {
 public:
  Pairing(PromptComparison& comparison) : comparison_(comparison) {}

  void Add(const std::string& id, const PromptRuns::Prompt& first,
           const PromptRuns::Prompt& second) {
    const LogRuns a = LogsOf(first.runs, comparison_.metric);
    const LogRuns b = LogsOf(second.runs, comparison_.metric);
    if (a.count == 0 || b.count == 0) return;
    PromptChange pair{id, std::exp(a.mean), std::exp(b.mean), {}};
    pair.change.log.value = b.mean - a.mean;
    comparison_.prompts.push_back(pair);
    shares_.push_back(1 / a.count + 1 / b.count);
    squares_ += a.squares + b.squares;
    spare_runs_ += a.count + b.count - 2;
    if (HaveOtherLengths(first, second)) ++comparison_.other_lengths;
  }

  void JudgePrompts() {
    comparison_.can_judge_prompts = spare_runs_ > 0;
    if (!comparison_.can_judge_prompts) return;
    const double variance = squares_ / spare_runs_;
    std::vector<std::size_t> order(comparison_.prompts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (const std::size_t i : order) {
      Change& change = comparison_.prompts[i].change;
      change.log.error = {std::sqrt(variance * shares_[i]), spare_runs_};
      change.p_value = change.log.error.PValue(change.log.value);
    }
    std::sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
      return comparison_.prompts[a].change.p_value < comparison_.prompts[b].change.p_value;
    });
    Call(order);
  }

 private:
  static bool HaveOtherLengths(const PromptRuns::Prompt& first, const PromptRuns::Prompt& second) {
    const auto lengths = [](const PromptRuns::Prompt& prompt) {
      std::vector<std::int64_t> tokens;
      for (const PromptTiming& timing : prompt.runs) {
        tokens.push_back(timing.generated_tokens.value_or(0));
      }
      std::sort(tokens.begin(), tokens.end());
      return std::pair(tokens.front(), tokens.back());
    };
    return lengths(first) != lengths(second);
  }

  // Benjamini and Hochberg over `order`, which ascends in the p-values.
  void Call(std::span<const std::size_t> order) {
    const Demand& demand = comparison_.demand;
    std::size_t called = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const double allowed = (1 - demand.level) * kShareOfPrompts * static_cast<double>(i + 1) /
                             static_cast<double>(order.size());
      if (comparison_.prompts[order[i]].change.p_value <= allowed) called = i + 1;
    }
    for (std::size_t i = 0; i < called; ++i) {
      Change& change = comparison_.prompts[order[i]].change;
      change.is_called = Exceeds(change, demand.threshold);
    }
  }

  PromptComparison& comparison_;
  std::vector<double> shares_;  ///< of the variance between runs, one for each pair
  double squares_ = 0;
  double spare_runs_ = 0;
};

std::optional<Change> OverallChange(const PromptComparison& comparison) {
  const auto n = static_cast<double>(comparison.prompts.size());
  if (n < 2) return std::nullopt;
  Change overall;
  for (const PromptChange& prompt : comparison.prompts) {
    overall.log.value += prompt.change.log.value / n;
  }
  double squares = 0;
  for (const PromptChange& prompt : comparison.prompts) {
    const double distance = prompt.change.log.value - overall.log.value;
    squares += distance * distance;
  }
  // Two passes that agree to the last digit leave no spread to divide by.
  const double error =
      std::max(std::sqrt(squares / (n - 1) / n), std::numeric_limits<double>::min());
  overall.log.error = {error, n - 1};
  overall.p_value = overall.log.error.PValue(overall.log.value);
  overall.is_called = overall.p_value <= 1 - comparison.OverallLevel() &&
                      Exceeds(overall, comparison.demand.threshold);
  return overall;
}

void CountAlone(const PromptRuns& of, const PromptRuns& other, std::size_t& only,
                std::vector<std::string>& failed) {
  for (const auto& [id, prompt] : of.prompts()) {
    if (prompt.runs.empty()) continue;
    const auto found = other.prompts().find(id);
    if (found != other.prompts().end() && !found->second.runs.empty()) continue;
    if (found != other.prompts().end() && found->second.has_failed) {
      failed.push_back(id);
    } else {
      ++only;
    }
  }
}

}  // namespace

void PromptRuns::Add(const PromptRecord& record) {
  if (record.failure && record.failure->kind == FailureKind::kInterrupted) return;
  Prompt& prompt = prompts_[record.item.id];
  prompt.text = NextChain({}, record.item);
  if (record.failure) {
    prompt.has_failed = prompt.runs.empty();
  } else if (!record.is_first_after_load) {
    prompt.runs.push_back(record.timing);
    prompt.has_failed = false;
  }
}

double PromptComparison::OverallLevel() const {
  return 1 - (1 - demand.level) * (1 - kShareOfPrompts);
}

PromptComparison ComparePrompts(const PromptRuns& first, const PromptRuns& second, Metric metric,
                                const Demand& demand) {
  PromptComparison comparison;
  comparison.metric = metric;
  comparison.demand = demand;
  Pairing pairing(comparison);
  for (const auto& [id, prompt] : first.prompts()) {
    const auto found = second.prompts().find(id);
    const bool are_both =
        found != second.prompts().end() && !prompt.runs.empty() && !found->second.runs.empty();
    if (are_both) pairing.Add(id, prompt, found->second);
  }
  pairing.JudgePrompts();
  comparison.overall = OverallChange(comparison);
  CountAlone(first, second, comparison.only_first, comparison.now_failed);
  CountAlone(second, first, comparison.only_second, comparison.now_answered);
  return comparison;
}

bool IsSlower(const PromptComparison& comparison, double loss) {
  if (!comparison.now_failed.empty()) return true;
  if (comparison.overall && IsLoss(*comparison.overall, comparison.metric, loss, 0)) return true;
  return std::any_of(comparison.prompts.begin(), comparison.prompts.end(),
                     [&](const PromptChange& prompt) {
                       // A prompt that was asked once has a change without an error.
                       return prompt.change.is_called &&
                              IsLoss(prompt.change, comparison.metric, loss,
                                     prompt.change.log.error.HalfWidth(comparison.demand.level));
                     });
}

}  // namespace ollama_bench
