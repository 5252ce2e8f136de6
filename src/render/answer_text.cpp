#include "ollama_bench/render/answer_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

#include "number_format.h"
#include "ollama_bench/core/stratum.h"
#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

// "1", "0.5": a share as per cent without needless digits.
std::string Percent(double share) {
  return fmt::format("{:.3g}", 100 * share);
}

// An interval rests on the noise, which nothing showed where no cell was loaded twice.
std::string Condition(const SweepAnswer& answer) {
  if (answer.repeats) return {};
  return fmt::format(" if loads vary by the assumed {:.1f} %", 100 * answer.load_deviation);
}

std::string WithInterval(const LogPosterior& change, const SweepAnswer& answer) {
  return fmt::format("{}, 95 % CI {}{}", SignedPercent(change.mean),
                     PercentInterval(change.low, change.high), Condition(answer));
}

std::string CurrentSetting(const SweepAnswer& answer) {
  const std::string& source = answer.options.current_source;
  return fmt::format("the current setting, {}{}", NameOf(answer.cells[*answer.current].cell),
                     source.empty() ? "" : fmt::format(" ({})", source));
}

std::string ChangeSentence(const SweepAnswer& answer, const std::string& name) {
  if (!answer.gain) {
    return fmt::format("CHANGE: recommended: {}; the current setting, {}, fails.", name,
                       NameOf(*answer.options.current));
  }
  if (answer.for_context) {
    return fmt::format(
        "CHANGE: recommended: {}, more context than {}, and not more than {} % slower ({}).", name,
        CurrentSetting(answer), Percent(kThreshold), WithInterval(*answer.gain, answer));
  }
  const char* rank = answer.is_fastest  ? ", the fastest cell"
                     : answer.is_within ? ", within 1 % of the fastest cell"
                                        : "";
  return fmt::format("CHANGE: recommended: {}{}: {} against {}.", name, rank,
                     WithInterval(*answer.gain, answer), CurrentSetting(answer));
}

std::string TieSentence(const SweepAnswer& answer, const std::string& name) {
  if (answer.contenders.size() > 1) {
    return fmt::format("TIE: recommended: {}. All {} contenders are within {} % of it.", name,
                       answer.contenders.size(), Percent(kThreshold));
  }
  return fmt::format("BEST: recommended: {}. {}", name,
                     answer.cells.size() > 1 ? "Each of the other cells is significantly slower."
                                             : "No other cell was measured.");
}

std::string UndecidedSentence(const SweepAnswer& answer, const std::string& name) {
  const std::string gain = answer.gain && answer.recommended != answer.current
                               ? fmt::format(" ({} against {})", WithInterval(*answer.gain, answer),
                                             CurrentSetting(answer))
                               : "";
  return fmt::format("UNDECIDED: {}. Best so far: {}{}.", answer.reason, name, gain);
}

// Whether all answers say the same, and recommend one setting.
bool Agree(std::span<const StratumAnswer> answers) {
  const auto setting_of = [](const SweepAnswer& answer) {
    return SettingOf(answer.cells[*answer.recommended].cell);
  };
  const auto& first = answers.front().answer;
  return std::all_of(answers.begin(), answers.end(), [&](const StratumAnswer& of_stratum) {
    const auto& answer = of_stratum.answer;
    return answer && answer->recommended && first->recommended &&
           answer->verdict == first->verdict && !answer->for_context &&
           setting_of(*answer) == setting_of(*first);
  });
}

// The first word of a sentence about answers that agree.
std::string_view VerdictWord(std::span<const StratumAnswer> answers) {
  switch (answers.front().answer->verdict) {
    case Verdict::kChange:
      return "CHANGE";
    case Verdict::kKeep:
      return "KEEP";
    case Verdict::kTie:
      return std::all_of(answers.begin(), answers.end(),
                         [](const StratumAnswer& of_stratum) {
                           return of_stratum.answer->contenders.size() == 1;
                         })
                 ? "BEST"
                 : "TIE";
    case Verdict::kUndecided:
      return "UNDECIDED";
    case Verdict::kNoAnswer:
      break;
  }
  return "NO ANSWER";
}

// ", +47.3 % to +49.4 % against the current setting, num_thread=4"; empty where one is not known.
std::string GainsOf(std::span<const StratumAnswer> answers) {
  double low = HUGE_VAL;
  double high = -HUGE_VAL;
  for (const StratumAnswer& of_stratum : answers) {
    const SweepAnswer& answer = *of_stratum.answer;
    if (!answer.gain || !answer.current || answer.recommended == answer.current) return {};
    low = std::min(low, answer.gain->mean);
    high = std::max(high, answer.gain->mean);
  }
  const SweepAnswer& first = *answers.front().answer;
  return fmt::format(", {} to {} against the current setting, {}", SignedPercent(low),
                     SignedPercent(high), NameOf(SettingOf(first.cells[*first.current].cell)));
}

}  // namespace

std::string AnswerSentence(const SweepAnswer& answer) {
  if (!answer.recommended) {
    return fmt::format("NO ANSWER: {}; measure again when the machine is quiet.", answer.reason);
  }
  const std::string name = NameOf(answer.cells[*answer.recommended].cell);
  switch (answer.verdict) {
    case Verdict::kChange:
      return ChangeSentence(answer, name);
    case Verdict::kKeep:
      return fmt::format("KEEP {}: no cell is more than {} % faster.", CurrentSetting(answer),
                         Percent(kThreshold));
    case Verdict::kTie:
      return TieSentence(answer, name);
    case Verdict::kUndecided:
    case Verdict::kNoAnswer:
      break;
  }
  return UndecidedSentence(answer, name);
}

std::string AnswersSentence(std::span<const StratumAnswer> answers) {
  if (HaveNoChoice(answers)) {
    return "Each request was measured with one setting alone: there is nothing to choose from.";
  }
  if (answers.size() > 1 && Agree(answers)) {
    const SweepAnswer& first = *answers.front().answer;
    return fmt::format("{} for each request: {}{}{}.", VerdictWord(answers),
                       first.verdict == Verdict::kUndecided ? "best so far: " : "recommended: ",
                       NameOf(SettingOf(first.cells[*first.recommended].cell)), GainsOf(answers));
  }
  std::string text;
  for (const StratumAnswer& of_stratum : answers) {
    if (!text.empty()) text += ' ';
    if (answers.size() > 1) text += DescribeCell(of_stratum.stratum) + ": ";
    text += of_stratum.answer ? AnswerSentence(*of_stratum.answer) : "No cell has a value.";
  }
  return text;
}

std::string ValueSentence(const SweepAnswer& answer) {
  if (!answer.recommended) return {};
  const MetricInfo& metric = Describe(answer.metric);
  const NumberFormat format{metric.decimals};
  const CellStanding& recommended = answer.cells[*answer.recommended];
  return fmt::format("{}: {} {}, 95 % CI [{}, {}]{}, {} load{}.", NameOf(recommended.cell),
                     format(std::exp(recommended.value.mean)), metric.unit,
                     format(std::exp(recommended.value.low)),
                     format(std::exp(recommended.value.high)), Condition(answer), recommended.loads,
                     recommended.loads == 1 ? "" : "s");
}

std::string MeaningSentence(const SweepAnswer& answer) {
  if (!answer.recommended) return {};
  const bool compares = answer.current && answer.current != answer.recommended;
  std::vector<std::string> parts;
  const auto add = [&](const char* label, const auto& text_of) {
    const std::string now = text_of(answer.recommended, answer.recommended_serving);
    if (now.empty()) return;
    const std::string before = compares ? text_of(answer.current, answer.current_serving) : "";
    parts.push_back(before.empty() || before == now
                        ? fmt::format("{} {}", label, now)
                        : fmt::format("{} {} -> {}", label, before, now));
  };
  using Place = std::optional<std::size_t>;
  using Serving = std::optional<CellServing>;
  if (answer.metric == Metric::kPromptEvalRate && answer.options.prompt_tokens) {
    const auto tokens = static_cast<double>(*answer.options.prompt_tokens);
    const std::string label = fmt::format("a {}-token prompt:", *answer.options.prompt_tokens);
    add(label.c_str(), [&](const Place& place, const Serving&) {
      return fmt::format("{:.3g} s", tokens / std::exp(answer.cells[*place].value.mean));
    });
  }
  add("decode", [](const Place&, const Serving& serving) {
    return serving && serving->decode_rate ? fmt::format("{:.3g} tokens/s", *serving->decode_rate)
                                           : std::string();
  });
  add("on the GPU", [](const Place&, const Serving& serving) {
    return serving && serving->gpu_share.value_or(0) > 0
               ? fmt::format("{:.0f} %", 100 * *serving->gpu_share)
               : std::string();
  });
  add("memory", [](const Place&, const Serving& serving) {
    constexpr double kGigabyte = 1e9;
    return serving && serving->memory_bytes
               ? fmt::format("{:.2f} GB", static_cast<double>(*serving->memory_bytes) / kGigabyte)
               : std::string();
  });
  add("energy", [](const Place&, const Serving& serving) {
    return serving && serving->joules_per_token
               ? fmt::format("{:.3g} J/token", *serving->joules_per_token)
               : std::string();
  });
  if (parts.empty()) return {};
  const std::string text = fmt::format("{}.", fmt::join(parts, "; "));
  if (compares) return "Current -> recommended: " + text;
  return static_cast<char>(std::toupper(static_cast<unsigned char>(text.front()))) + text.substr(1);
}

std::string MoreLoadsSentence(const SweepAnswer& answer) {
  // It says nothing of cells that were not visited; the command that left them out resumes.
  if (answer.more_loads == 0 || !answer.is_whole) return {};
  const std::string time =
      answer.more_s
          ? fmt::format(" ({})", FormatDuration(std::chrono::duration<double>(*answer.more_s)))
          : "";
  if (answer.more_loads >= kMostMoreLoads) {
    return "More loads alone will hardly decide it; a longer prompt or a quieter machine may.";
  }
  return fmt::format(
      "About {} more loads{} would decide it: `run` with a larger --extra, or `tune --no-stop`.",
      answer.more_loads, time);
}

std::string SafeContextSentence(const SweepAnswer& answer) {
  if (!answer.largest_safe_context) return {};
  const SafeContext& safe = *answer.largest_safe_context;
  constexpr double kWholeGpu = 0.995;
  const std::string on_gpu =
      safe.gpu_share.value_or(0) >= kWholeGpu ? " and stays wholly on the GPU" : "";
  const CellStanding& standing = answer.cells[safe.place];
  const std::string lead =
      fmt::format("Largest context that loses at most {} %{}: {}", Percent(answer.options.max_loss),
                  on_gpu, NameOf(standing.cell));
  if (safe.place == answer.leader) return lead + ".";
  return fmt::format("{} ({} against the best).", lead,
                     WithInterval(standing.against_leader, answer));
}

std::string MemorySentence(const SweepAnswer& answer) {
  if (!answer.memory) return {};
  std::vector<std::string> sizes;
  std::vector<std::string> contexts;
  std::optional<int> least;
  int most = 0;
  for (const ServerMemory& setting : answer.memory->settings) {
    const std::string name = NameOf(setting.server);
    sizes.push_back(fmt::format("{} {}", name, FormatBytes(setting.size_bytes)));
    if (!setting.largest_on_gpu) continue;
    contexts.push_back(fmt::format("{} with {}", *setting.largest_on_gpu, name));
    least = std::min(least.value_or(*setting.largest_on_gpu), *setting.largest_on_gpu);
    most = std::max(most, *setting.largest_on_gpu);
  }
  std::string text =
      fmt::format("Memory at {}: {}.", DescribeCell(answer.memory->shared), fmt::join(sizes, ", "));
  if (contexts.size() < 2) return text;
  return text +
         fmt::format(" Largest num_ctx measured wholly on GPUs: {}{}.", fmt::join(contexts, ", "),
                     most == *least
                         ? ""
                         : fmt::format(" ({:.2g} times)", static_cast<double>(most) / *least));
}

std::string ContendersSentence(const SweepAnswer& answer) {
  const auto eligible = std::count_if(answer.cells.begin(), answer.cells.end(),
                                      [](const auto& standing) { return standing.is_eligible; });
  if (answer.contenders.size() < 2) return {};
  return fmt::format("{} of {} cells are not significantly different from the best.",
                     answer.contenders.size(), eligible);
}

std::string TrustSentence(const SweepAnswer& answer) {
  if (!answer.repeats) return "Trust: poor; no cell was loaded twice, so the noise is assumed.";
  return fmt::format(
      "Trust: {}; a difference of {:.2g} % would have shown{}.", KeyOf(answer.trust),
      100 * answer.detectable,
      answer.not_replaced == 0
          ? ""
          : fmt::format("; {} disturbed loads were not replaced", answer.not_replaced));
}

std::string DriftSentence(const SweepAnswer& answer) {
  constexpr double kWorthAWord = 0.02;
  if (answer.drift < kWorthAWord) return {};
  return fmt::format(
      "Drift: the machine changed by up to {:.1f} % during the sweep; it is part of the model.",
      100 * answer.drift);
}

std::string NoiseSentence(const SweepAnswer& answer) {
  return fmt::format("Noise: {:.1f} % between loads{}{}.", 100 * answer.load_deviation,
                     answer.repeats ? "" : " (assumed: no cell was loaded twice)",
                     answer.run_deviation > 0 ? fmt::format(", {:.1f} % between runs of one load",
                                                            100 * answer.run_deviation)
                                              : "");
}

std::string OutlierSentence(const SweepAnswer& answer) {
  const auto stalled = std::count_if(answer.outliers.begin(), answer.outliers.end(),
                                     [](const Outlier& outlier) { return outlier.stalled; });
  const auto counted = static_cast<std::ptrdiff_t>(answer.outliers.size()) - stalled;
  std::vector<std::string> sentences;
  if (stalled > 0) {
    sentences.push_back(
        fmt::format("{} less than half as fast as the others of {} load; left out.",
                    stalled == 1 ? "One run was" : fmt::format("{} runs were", stalled),
                    stalled == 1 ? "its" : "their"));
  }
  if (counted > 0) {
    sentences.push_back(
        fmt::format("{} far from the other runs of {} cell; counted.",
                    counted == 1 ? "One run is" : fmt::format("{} runs are", counted),
                    counted == 1 ? "its" : "their"));
  }
  return fmt::format("{}", fmt::join(sentences, " "));
}

std::vector<std::string> NoteSentences(const SweepAnswer& answer) {
  std::vector<std::string> notes;
  for (std::string& sentence : std::vector{TrustSentence(answer), DriftSentence(answer),
                                           NoiseSentence(answer), OutlierSentence(answer)}) {
    if (!sentence.empty()) notes.push_back(std::move(sentence));
  }
  return notes;
}

}  // namespace ollama_bench
