#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "ollama_bench/core/text.h"
#include "ollama_bench/render/prompt_text.h"

namespace ollama_bench {
namespace {

using Json = nlohmann::ordered_json;

// "1234", "98.7", "4.56".
std::string Short(double value) {
  const double size = std::fabs(value);
  return fmt::format("{:.{}f}", value, size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

std::string Short(const std::optional<double>& value) {
  return value ? Short(*value) : "-";
}

std::string Counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string CountsOf(const PromptSummary& summary, const PromptCaption& caption) {
  std::string text =
      fmt::format("{} of {} answered{}: {} prompt tokens, {} generated tokens\n", summary.answered,
                  Counted(summary.planned, "request"),
                  caption.shard.empty() ? "" : fmt::format(" (shard {})", caption.shard),
                  summary.prompt_tokens, summary.generated_tokens);
  for (const auto& [key, count] : summary.failures) {
    text += fmt::format("  failed, {}: {}\n", key, count);
  }
  if (summary.unasked > 0) text += fmt::format("  not asked yet: {}\n", summary.unasked);
  if (caption.bad_entries > 0) {
    text += fmt::format("  left out of the data set, {}: {}\n", caption.bad_places,
                        caption.bad_entries);
  }
  return text;
}

// What a reader has to know of the figures.
std::string NotesOf(const PromptSummary& summary, const PromptCaption& caption) {
  std::string text;
  if (caption.concurrency > 1 && summary.answered > 0) {
    text += fmt::format("With {} requests at a time, prefill and decode are those under load.\n",
                        caption.concurrency);
  }
  if (summary.cached_prompts > 0) {
    text += fmt::format("{} had part of {} prompt in the server's cache.\n",
                        Counted(static_cast<std::size_t>(summary.cached_prompts), "answer"),
                        summary.cached_prompts == 1 ? "its" : "their");
  }
  if (summary.short_answers > 0) {
    text += fmt::format("{} of {} ended before --max-new-tokens.\n", summary.short_answers,
                        Counted(summary.answered, "answer"));
  }
  if (summary.unstamped_reads > 0 || summary.merged_chunks > 0) {
    text += fmt::format(
        "{} chunks arrived together with a later one, {} reads have no time of the "
        "kernel's.\n",
        summary.merged_chunks, summary.unstamped_reads);
  }
  return text;
}

std::string FirstOf(const PromptSummary& summary) {
  std::string text;
  for (std::size_t i = 0; i < summary.first_after_load.size() && i < 3; ++i) {
    const PromptTiming& first = summary.first_after_load[i];
    text += fmt::format("{}TTFT {} ms, load {} ms", text.empty() ? "" : "; ", Short(first.ttft_ms),
                        Short(first.load_ms));
  }
  if (text.empty()) return text;
  const std::size_t count = summary.first_after_load.size();
  text = fmt::format("Not in the table, sent before the model was in memory: {} ({}{})",
                     Counted(count, "answer"), text, count > 3 ? "; …" : "");
  if (summary.second) {
    text += fmt::format("; the next one: TTFT {} ms, load {} ms", Short(summary.second->ttft_ms),
                        Short(summary.second->load_ms));
  }
  return text + ".\n";
}

// Nothing where none is bounded.
std::string QuantilesOf(const Distribution& figure) {
  std::vector<std::string> parts;
  for (const Distribution::Share& share : figure.quantiles) {
    if (!share.quantile) continue;
    parts.push_back(fmt::format("p{} {} [{}, {}]", share.percent, Short(share.quantile->value),
                                Short(share.quantile->interval.low),
                                Short(share.quantile->interval.high)));
  }
  return parts.empty() ? std::string() : fmt::format("    {}\n", fmt::join(parts, ", "));
}

// Which percentiles so few prompts cannot bound.
std::string MissingQuantiles(const PromptSummary& summary) {
  std::vector<std::string> parts;
  for (const Distribution::Share& share : summary.figures.front().quantiles) {
    if (share.quantile) continue;
    parts.push_back(
        fmt::format("a p{} needs {}", share.percent, FewestForQuantile(share.percent / 100.0)));
  }
  if (parts.empty()) return {};
  return fmt::format("Percentiles that so few prompts cannot bound are left out: {}.\n",
                     fmt::join(parts, ", "));
}

bool HasRuns(const PromptSummary& summary) {
  for (const Distribution& figure : summary.figures) {
    if (figure.run_deviation) return true;
  }
  return false;
}

std::string FiguresOf(const PromptSummary& summary, const TerminalStyle& style) {
  if (summary.figures.empty()) return {};
  const bool has_runs = HasRuns(summary);
  std::string heading =
      fmt::format("{:<22}{:>8}{:>10}{:>10}{:>10}{:>10}", "", "prompts", "mean", "sd", "min", "max");
  if (has_runs) heading += fmt::format("{:>12}", "sd of runs");
  std::string text = "\n" + Bold(heading, style.color) + "\n";
  for (const Distribution& figure : summary.figures) {
    text += fmt::format("{:<22}{:>8}{:>10}{:>10}{:>10}{:>10}",
                        fmt::format("{}, {}", figure.label, figure.unit), figure.values.size(),
                        Short(figure.mean), Short(figure.deviation), Short(figure.values.front()),
                        Short(figure.values.back()));
    if (has_runs) text += fmt::format("{:>12}", Short(figure.run_deviation));
    text += "\n" + Dim(QuantilesOf(figure), style.color);
  }
  text += "Percentiles with their 95 % CI (order statistics).\n" + MissingQuantiles(summary);
  if (has_runs) {
    text += "A prompt's value is the mean of its runs: sd is that between prompts.\n";
  }
  return text;
}

std::string SlowestOf(const PromptSummary& summary) {
  if (summary.slowest.empty()) return {};
  std::string text = "\nSlowest:\n";
  for (const SlowPrompt& slow : summary.slowest) {
    std::string name = Printable(StartOf(slow.id, 40), false);
    if (slow.repeat > 1) name += fmt::format(" (repeat {})", slow.repeat);
    text += fmt::format("  {:<24} {:>9} ms, TTFT {:>7} ms, {} tokens\n", name, Short(slow.e2e_ms),
                        Short(slow.ttft_ms), slow.generated_tokens.value_or(0));
  }
  return text;
}

Json OrNull(const std::optional<double>& value) {
  return value ? Json(*value) : Json();
}

Json FigureJson(const Distribution& figure) {
  Json json = {{"prompts", figure.values.size()},
               {"unit", figure.unit},
               {"mean", figure.mean},
               {"sd", OrNull(figure.deviation)},
               {"sd_of_runs", OrNull(figure.run_deviation)},
               {"min", figure.values.front()},
               {"max", figure.values.back()}};
  for (const Distribution::Share& share : figure.quantiles) {
    Json& quantile = json[fmt::format("p{}", share.percent)];
    if (!share.quantile) continue;
    quantile = {{"estimate", share.quantile->value},
                {"low", share.quantile->interval.low},
                {"high", share.quantile->interval.high}};
  }
  return json;
}

Json FirstJson(const PromptTiming& timing) {
  return {{"ttft_ms", OrNull(timing.ttft_ms)},
          {"load_ms", OrNull(timing.load_ms)},
          {"e2e_ms", OrNull(timing.e2e_ms)}};
}

}  // namespace

std::string PromptCounts(const PromptSummary& summary, const PromptCaption& caption) {
  return CountsOf(summary, caption);
}

std::string PromptNotes(const PromptSummary& summary, const PromptCaption& caption) {
  const std::string missing = summary.figures.empty() ? std::string() : MissingQuantiles(summary);
  return missing + FirstOf(summary) + NotesOf(summary, caption);
}

TextColumns PromptFigureColumns(const PromptSummary& summary) {
  const bool has_runs = HasRuns(summary);
  TextColumns::Row heading = {"figure", "prompts", "mean", "sd"};
  if (has_runs) heading.emplace_back("sd of runs");
  heading.insert(heading.end(), {"min", "max"});
  if (!summary.figures.empty()) {
    for (const Distribution::Share& share : summary.figures.front().quantiles) {
      heading.push_back(fmt::format("p{} [95 % CI]", share.percent));
    }
  }
  TextColumns columns({std::move(heading)});
  for (const Distribution& figure : summary.figures) {
    TextColumns::Row row = {fmt::format("{}, {}", figure.label, figure.unit),
                            fmt::format("{}", figure.values.size()), Short(figure.mean),
                            Short(figure.deviation)};
    if (has_runs) row.push_back(Short(figure.run_deviation));
    row.insert(row.end(), {Short(figure.values.front()), Short(figure.values.back())});
    for (const Distribution::Share& share : figure.quantiles) {
      const auto& quantile = share.quantile;
      row.push_back(quantile
                        ? fmt::format("{} [{}, {}]", Short(quantile->value),
                                      Short(quantile->interval.low), Short(quantile->interval.high))
                        : "-");
    }
    columns.Add(std::move(row));
  }
  return columns;
}

TextColumns SlowestColumns(const PromptSummary& summary) {
  TextColumns columns({{"prompt", "repeat", "E2E, ms", "TTFT, ms", "tokens"}});
  for (const SlowPrompt& slow : summary.slowest) {
    columns.Add({Printable(StartOf(slow.id, 80), false), fmt::format("{}", slow.repeat),
                 Short(slow.e2e_ms), Short(slow.ttft_ms),
                 fmt::format("{}", slow.generated_tokens.value_or(0))});
  }
  return columns;
}

std::string RenderPromptSummary(const PromptSummary& summary, const PromptCaption& caption,
                                const TerminalStyle& style) {
  return Bold(CountsOf(summary, caption), style.color) + FiguresOf(summary, style) +
         FirstOf(summary) + NotesOf(summary, caption) + SlowestOf(summary);
}

std::string RenderPromptSummaryJson(const PromptSummary& summary, const PromptCaption& caption) {
  Json json = {{"event", "summary"},
               {"model", caption.model},
               {"concurrency", caption.concurrency},
               {"shard", caption.shard.empty() ? Json() : Json(caption.shard)},
               {"requests", summary.planned},
               {"answered", summary.answered},
               {"prompts", summary.prompts},
               {"failed", Json::object()},
               {"not_asked", summary.unasked},
               {"bad_entries", caption.bad_entries},
               {"prompt_tokens", summary.prompt_tokens},
               {"generated_tokens", summary.generated_tokens},
               {"cached_prompts", summary.cached_prompts},
               {"short_answers", summary.short_answers},
               {"merged_chunks", summary.merged_chunks},
               {"unstamped_reads", summary.unstamped_reads},
               {"figures", Json::object()},
               {"first_after_load", Json::array()},
               {"second", summary.second ? FirstJson(*summary.second) : Json()},
               {"slowest", Json::array()}};
  for (const auto& [key, count] : summary.failures) json["failed"][key] = count;
  for (const Distribution& figure : summary.figures) {
    json["figures"][std::string(figure.key)] = FigureJson(figure);
  }
  for (const PromptTiming& first : summary.first_after_load) {
    json["first_after_load"].push_back(FirstJson(first));
  }
  for (const SlowPrompt& slow : summary.slowest) {
    json["slowest"].push_back({{"id", slow.id},
                               {"repeat", slow.repeat},
                               {"e2e_ms", slow.e2e_ms},
                               {"ttft_ms", OrNull(slow.ttft_ms)},
                               {"generated_tokens", slow.generated_tokens.value_or(0)}});
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ollama_bench
