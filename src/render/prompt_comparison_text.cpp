#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "change_text.h"
#include "number_format.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/render/json_report.h"
#include "ollama_bench/render/prompt_text.h"

namespace ollama_bench {
namespace {

using Json = ReportJson;

constexpr std::size_t kMostRows = 20;

std::size_t CalledPrompts(const PromptComparison& comparison) {
  return static_cast<std::size_t>(
      std::count_if(comparison.prompts.begin(), comparison.prompts.end(),
                    [](const PromptChange& prompt) { return prompt.change.is_called; }));
}

std::string Prologue(const PromptComparison& comparison, const ComparisonCaption& caption) {
  const MetricInfo& metric = Describe(comparison.metric);
  return fmt::format("{} of a prompt in {}: {} (before), {} (after); {} pairs", metric.label,
                     metric.unit, Printable(caption.first, false), Printable(caption.second, false),
                     comparison.prompts.size());
}

std::string Overall(const PromptComparison& comparison, const ComparisonCaption& caption) {
  if (comparison.prompts.empty()) return "No prompt was answered in both.";
  if (!comparison.overall) return "One pair says nothing of a change: two are needed at least.";
  return OverallText(*comparison.overall, comparison.OverallLevel(), comparison.metric, caption);
}

std::string PromptsSentence(const PromptComparison& comparison) {
  if (comparison.prompts.empty()) return {};
  if (!comparison.can_judge_prompts) {
    return "Each prompt was asked once: whether a single one changed cannot be said; ask them "
           "again with --repeat.";
  }
  const std::size_t called = CalledPrompts(comparison);
  return fmt::format("{} of {} prompts changed significantly (by more than {:.3g} %).",
                     called == 0 ? "None" : std::to_string(called), comparison.prompts.size(),
                     100 * comparison.demand.threshold);
}

std::string IdsOf(const std::vector<std::string>& ids) {
  constexpr std::size_t kMost = 5;
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(kMost, ids.size()); ++i) {
    shown.push_back(Printable(StartOf(ids[i], 40), false));
  }
  return fmt::format("{}{}", fmt::join(shown, ", "),
                     ids.size() > kMost ? fmt::format(" and {} more", ids.size() - kMost) : "");
}

// What a reader has to know beside the change, a sentence a line.
std::vector<std::string> Notes(const PromptComparison& comparison,
                               const ComparisonCaption& caption) {
  std::vector<std::string> notes;
  if (comparison.other_lengths > 0) {
    notes.push_back(
        fmt::format("{} of {} pairs have answers of different lengths{}.", comparison.other_lengths,
                    comparison.prompts.size(),
                    comparison.metric == Metric::kTotal
                        ? ", which the total time shows as well; --metric eval_rate and ttft do not"
                        : ""));
  }
  const auto failed = [&notes](const std::vector<std::string>& ids, const std::string& first,
                               const std::string& second) {
    if (ids.empty()) return;
    notes.push_back(
        fmt::format("{} that {} answered failed in {}: {}.",
                    ids.size() == 1 ? "1 prompt" : fmt::format("{} prompts", ids.size()), first,
                    second, IdsOf(ids)));
  };
  const std::string first = Printable(caption.first, false);
  const std::string second = Printable(caption.second, false);
  failed(comparison.now_failed, first, second);
  failed(comparison.now_answered, second, first);
  const auto alone = [&notes](std::size_t count, const std::string& name) {
    if (count == 0) return;
    notes.push_back(
        fmt::format("{} prompt{} answered in {} alone, or in the other before the model "
                    "was in memory.",
                    count, count == 1 ? " was" : "s were", name));
  };
  alone(comparison.only_first, first);
  alone(comparison.only_second, second);
  return notes;
}

// The largest changes, those that are significant first.
std::vector<const PromptChange*> Shown(const PromptComparison& comparison) {
  std::vector<const PromptChange*> shown;
  for (const PromptChange& prompt : comparison.prompts) shown.push_back(&prompt);
  std::stable_sort(shown.begin(), shown.end(), [](const PromptChange* a, const PromptChange* b) {
    const auto key = [](const PromptChange* prompt) {
      return std::pair(!prompt->change.is_called, -std::fabs(prompt->change.log.value));
    };
    return key(a) < key(b);
  });
  if (shown.size() > kMostRows) shown.resize(kMostRows);
  return shown;
}

std::vector<std::string> Heading(const PromptComparison& comparison) {
  return {"prompt",
          "before",
          "after",
          "change",
          fmt::format("{:.3g} % CI", 100 * comparison.demand.level),
          "significant"};
}

std::vector<std::string> Columns(const PromptChange& prompt, const PromptComparison& comparison) {
  const NumberFormat format{std::max(Describe(comparison.metric).decimals, 3)};
  std::string bounds = "-";
  if (comparison.can_judge_prompts) {
    const Interval interval = prompt.change.log.LogInterval(comparison.demand.level);
    bounds = PercentInterval(interval.low, interval.high);
  }
  return {Printable(StartOf(prompt.id, 24), false),
          format(prompt.first),
          format(prompt.second),
          SignedPercent(prompt.change.log.value),
          bounds,
          prompt.change.is_called ? std::string(Direction(prompt.change, comparison.metric)) : "-"};
}

Json ChangeJson(const Change& change, double level) {
  const Interval interval = change.log.LogInterval(level);
  Json json = PercentJson({change.log.value, change.log.error.value, interval.low, interval.high});
  json["p_value"] = change.p_value;
  json["is_called"] = change.is_called;
  return json;
}

}  // namespace

std::string RenderPromptComparisonText(const PromptComparison& comparison,
                                       const ComparisonCaption& caption,
                                       const TerminalStyle& style) {
  const auto line = [](const std::vector<std::string>& texts) {
    return fmt::format("{:<24} {:>10} {:>10} {:>8} {:>16}  {}", texts[0], texts[1], texts[2],
                       texts[3], texts[4], texts[5]);
  };
  std::string text = Prologue(comparison, caption) + "\n\n";
  if (!comparison.prompts.empty()) text += Bold(line(Heading(comparison)), style.color) + "\n";
  for (const PromptChange* prompt : Shown(comparison)) {
    const std::string shown = line(Columns(*prompt, comparison));
    text += (prompt->change.is_called ? Bold(shown, style.color) : Dim(shown, style.color)) + "\n";
  }
  if (comparison.prompts.size() > kMostRows) {
    text += fmt::format("… and {} more prompts, which changed less; --json lists all\n",
                        comparison.prompts.size() - kMostRows);
  }
  text += "\n" + Bold(Overall(comparison, caption), style.color) + "\n";
  const std::string prompts = PromptsSentence(comparison);
  if (!prompts.empty()) text += prompts + "\n";
  for (const std::string& note : Notes(comparison, caption)) text += note + "\n";
  return text;
}

std::string RenderPromptComparisonMarkdown(const PromptComparison& comparison,
                                           const ComparisonCaption& caption) {
  std::string text = fmt::format("**{}** {}\n\n{}\n\n", Overall(comparison, caption),
                                 PromptsSentence(comparison), Prologue(comparison, caption));
  text += fmt::format("| {} |\n|:--|--:|--:|--:|:-:|:-:|\n", fmt::join(Heading(comparison), " | "));
  for (const PromptChange* prompt : Shown(comparison)) {
    std::vector<std::string> columns = Columns(*prompt, comparison);
    for (std::string& column : columns) std::replace(column.begin(), column.end(), '|', '/');
    text += fmt::format("| {} |\n", fmt::join(columns, " | "));
  }
  std::vector<std::string> notes = Notes(comparison, caption);
  for (const std::string& difference : caption.differences) {
    notes.push_back("differs: " + Printable(difference, false));
  }
  for (const std::string& note : notes) text += fmt::format("\n- {}", note);
  return notes.empty() ? text : text + "\n";
}

std::string RenderPromptComparisonJson(const PromptComparison& comparison,
                                       const ComparisonCaption& caption,
                                       std::optional<bool> is_slower) {
  const MetricInfo& metric = Describe(comparison.metric);
  Json report = {{"first", caption.first},
                 {"second", caption.second},
                 {"metric", metric.key},
                 {"unit", metric.unit},
                 {"higher_is_better", metric.higher_is_better},
                 {"threshold_percent", 100 * comparison.demand.threshold},
                 {"level", comparison.demand.level},
                 {"differences", caption.differences},
                 {"overall", Json()},
                 {"can_judge_prompts", comparison.can_judge_prompts},
                 {"changed_prompts", CalledPrompts(comparison)},
                 {"other_lengths", comparison.other_lengths},
                 {"is_slower", is_slower ? Json(*is_slower) : Json()},
                 {"prompts", Json::array()},
                 {"only_first", comparison.only_first},
                 {"only_second", comparison.only_second},
                 {"now_failed", comparison.now_failed},
                 {"now_answered", comparison.now_answered}};
  if (comparison.overall) {
    report["overall"] = ChangeJson(*comparison.overall, comparison.OverallLevel());
    report["overall"]["level"] = comparison.OverallLevel();
  }
  for (const PromptChange& prompt : comparison.prompts) {
    Json json = {{"id", prompt.id}, {"before", prompt.first}, {"after", prompt.second}};
    if (comparison.can_judge_prompts) {
      json.update(ChangeJson(prompt.change, comparison.demand.level));
    } else {
      json["percent"] = prompt.change.percent();
    }
    report["prompts"].push_back(std::move(json));
  }
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace ollama_bench
