#include "ollama_bench/analysis/prompt_summary.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ollama_bench {
namespace {

constexpr std::size_t kMostSlow = 10;
constexpr std::array kPercents = {50, 90, 95, 99};

struct Figure {
  std::string_view key;
  std::string_view label;
  std::string_view unit;
  std::optional<double> (*value)(const PromptTiming&);
};

constexpr std::array<Figure, 6> kFigures = {{
    {"e2e_ms", "E2E", "ms", [](const PromptTiming& timing) { return timing.e2e_ms; }},
    {"ttft_ms", "TTFT", "ms", [](const PromptTiming& timing) { return timing.ttft_ms; }},
    {"tpot_ms", "TPOT", "ms", [](const PromptTiming& timing) { return timing.tpot_ms; }},
    {"queue_ms", "queue wait", "ms", [](const PromptTiming& timing) { return timing.queue_ms; }},
    {"prefill_ms", "prefill", "ms", [](const PromptTiming& timing) { return timing.prefill_ms; }},
    {"tokens_per_second", "decode rate", "tokens/s",
     [](const PromptTiming& timing) { return DecodeTokensPerSecond(timing); }},
}};

}  // namespace

std::string OutcomeKey(const PromptRecord& record) {
  if (!record.failure) return "done";
  for (const char* end : {"unfinished", "error_line", "broken"}) {
    if (record.end == end) return end;
  }
  return std::string(Describe(record.failure->kind).key);
}

PromptSummarizer::PromptSummarizer(std::size_t planned) : runs_(kFigures.size()) {
  summary_.planned = planned;
}

void PromptSummarizer::Add(const PromptRecord& record) {
  summary_.merged_chunks += record.merged_chunks;
  summary_.unstamped_reads += record.unstamped_reads;
  if (record.failure) {
    ++summary_.failures[OutcomeKey(record)];
    return;
  }
  ++summary_.answered;
  ++answered_[record.place.index];
  const PromptTiming& timing = record.timing;
  summary_.prompt_tokens += timing.prompt_tokens.value_or(0);
  summary_.generated_tokens += timing.generated_tokens.value_or(0);
  summary_.cached_prompts += timing.cached_tokens.value_or(0) > 0 ? 1 : 0;
  const bool is_short = record.done_reason != "length" &&
                        timing.generated_tokens.value_or(0) < record.config.num_predict;
  summary_.short_answers += is_short ? 1 : 0;
  AddFigures(record);
  AddSlow(record);
}

void PromptSummarizer::AddFigures(const PromptRecord& record) {
  if (record.is_first_after_load) {
    summary_.first_after_load.push_back(record.timing);
    return;
  }
  const bool is_second = !summary_.second || record.started_unix_s < second_started_;
  if (is_second) {
    summary_.second = record.timing;
    second_started_ = record.started_unix_s;
  }
  for (std::size_t i = 0; i < kFigures.size(); ++i) {
    const auto value = kFigures.at(i).value(record.timing);
    if (!value || !std::isfinite(*value)) continue;
    Runs& runs = runs_[i][record.place.index];
    ++runs.count;
    const double before = *value - runs.mean;
    runs.mean += before / runs.count;
    runs.squares += before * (*value - runs.mean);
  }
}

void PromptSummarizer::AddSlow(const PromptRecord& record) {
  if (!record.timing.e2e_ms) return;
  std::vector<SlowPrompt>& slowest = summary_.slowest;
  const double e2e = *record.timing.e2e_ms;
  const auto place = std::find_if(slowest.begin(), slowest.end(),
                                  [e2e](const SlowPrompt& slow) { return slow.e2e_ms < e2e; });
  slowest.insert(place, {record.item.id, record.repeat, e2e, record.timing.ttft_ms,
                         record.timing.generated_tokens});
  if (slowest.size() > kMostSlow) slowest.pop_back();
}

void PromptSummarizer::Fill(Distribution& figure, std::size_t place) const {
  double squares_of_runs = 0;
  int spare_runs = 0;
  std::vector<double> means;
  for (const auto& [index, runs] : runs_[place]) {
    means.push_back(runs.mean);
    squares_of_runs += runs.squares;
    spare_runs += runs.count - 1;
  }
  if (spare_runs > 0) figure.run_deviation = std::sqrt(squares_of_runs / spare_runs);
  figure.SetValues(std::move(means));
}

void Distribution::SetValues(std::vector<double> all) {
  values = std::move(all);
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  mean = 0;
  for (const double value : values) mean += value / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  if (values.size() > 1) deviation = std::sqrt(squares / (n - 1));
  quantiles.clear();
  for (const int percent : kPercents) {
    quantiles.push_back({percent, QuantileOf(values, percent / 100.0)});
  }
}

PromptSummary PromptSummarizer::Finish() {
  std::size_t failed = 0;
  for (const auto& [key, count] : summary_.failures) failed += count;
  const std::size_t asked = summary_.answered + failed;
  summary_.unasked = summary_.planned > asked ? summary_.planned - asked : 0;
  summary_.prompts = answered_.size();
  if (summary_.first_after_load.empty()) summary_.second.reset();
  for (std::size_t i = 0; i < kFigures.size(); ++i) {
    Distribution figure;
    figure.key = kFigures.at(i).key;
    figure.label = kFigures.at(i).label;
    figure.unit = kFigures.at(i).unit;
    Fill(figure, i);
    if (!figure.values.empty()) summary_.figures.push_back(std::move(figure));
  }
  return std::move(summary_);
}

}  // namespace ollama_bench
