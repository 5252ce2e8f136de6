#include "ollama_bench/render/load_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

constexpr std::string_view kNone = "-";
// A share of the latency below which a wait for a slot is not worth a word.
constexpr double kShortWait = 0.05;

std::string LevelOf(const Cell& cell) {
  const Parameter traffic = TrafficOf(cell);
  return FormatValue(traffic, cell[traffic]);
}

// Three significant digits, but never an exponent.
std::string Significant(double value) {
  if (value >= 100) return fmt::format("{:.0f}", value);
  if (value >= 10) return fmt::format("{:.1f}", value);
  if (value >= 1) return fmt::format("{:.2f}", value);
  return fmt::format("{:.3f}", value);
}

std::string SecondsText(double seconds) {
  return seconds < 1 ? fmt::format("{:.0f} ms", seconds * 1e3) : Significant(seconds) + " s";
}

std::string MeanText(const std::optional<WindowMean>& mean) {
  if (!mean) return std::string(kNone);
  if (!mean->interval) return Significant(mean->value);
  return fmt::format("{} [{}, {}]", Significant(mean->value), Significant(mean->interval->low),
                     Significant(mean->interval->high));
}

std::string ValueText(const std::optional<Quantile>& quantile) {
  return quantile ? Significant(quantile->value) : std::string(kNone);
}

}  // namespace

TextColumns LevelColumns(const LoadSeries& series) {
  const bool is_open = TrafficOf(series.levels.front().cell) == Parameter::kRequestRate;
  TextColumns table({{is_open ? "rate" : "users", "output", "tokens/s", "TTFT s", "TTFT s", "TPOT",
                      "E2E s", "E2E s", "wait s"},
                     {is_open ? "/s" : "", "tokens/s [95 % CI]", "of each", "p50", "p95", "p50 ms",
                      "p50", "p95", "p50"}});
  for (const LevelEstimate& level : series.levels) {
    if (level.windows == 0) continue;
    const auto& tpot = level.tpot.p50;
    table.Add({LevelOf(level.cell), MeanText(level.output_tokens_per_s),
               level.request_tokens_per_s ? Significant(level.request_tokens_per_s->value)
                                          : std::string(kNone),
               ValueText(level.ttft.p50), ValueText(level.ttft.p95),
               tpot ? Significant(tpot->value * 1e3) : std::string(kNone), ValueText(level.e2e.p50),
               ValueText(level.e2e.p95), ValueText(level.queue_wait.p50)});
  }
  return table;
}

std::optional<TextColumns> LengthColumns(const std::vector<LoadSeries>& all, Parameter length) {
  std::set<int> lengths;
  for (const LoadSeries& series : all) lengths.insert(series.common[length]);
  if (lengths.size() < 2) return std::nullopt;
  const bool is_output = length == Parameter::kNumPredict;
  TextColumns table(
      {{is_output ? "output length" : "input length",
        TrafficOf(all.front().levels.front().cell) == Parameter::kRequestRate ? "requests/s"
                                                                              : "requests",
        "average tokens", "average time s", "tokens/s per request"}});
  for (const LoadSeries& series : all) {
    for (const LevelEstimate& level : series.levels) {
      if (level.windows == 0 || level.mean_e2e_s <= 0) continue;
      table.Add({FormatValue(length, series.common[length]), LevelOf(level.cell),
                 fmt::format("{:.1f}", level.mean_output_tokens), Significant(level.mean_e2e_s),
                 level.request_tokens_per_s ? Significant(level.request_tokens_per_s->value)
                                            : std::string(kNone)});
    }
  }
  return table;
}

namespace {

std::string LengthTable(const std::vector<LoadSeries>& all, Parameter length) {
  const auto table = LengthColumns(all, length);
  return table ? "\n" + table->Text() : std::string();
}

std::string Explain(std::string_view check, bool is_open) {
  if (check == "sender_lag") return "requests left later than they were due";
  if (check == "rate") {
    return is_open ? "fewer requests were sent than asked for"
                   : "fewer requests were in flight than asked for";
  }
  if (check == "littles_law") {
    return "mean in flight differs from throughput x latency by more than 5 % (no steady state)";
  }
  if (check == "client_cpu") return "this program used more than half a CPU";
  return "prompts were read from the server's cache";
}

std::vector<std::string> ProblemsOf(const LevelEstimate& level) {
  std::vector<std::string> problems;
  const std::string name = DescribeCell(level.cell);
  const bool is_open = level.cell.Sets(Parameter::kRequestRate);
  for (const auto& [end, count] : level.failures) {
    problems.push_back(fmt::format("{}: {} of {} requests failed ({})", name, count, level.requests,
                                   end == "unfinished"
                                       ? "ended without done: the model repeated itself, or "
                                         "its runner ended"
                                       : end));
  }
  for (const auto& [check, passed] : AllOf(level.checks)) {
    if (passed == false) {
      problems.push_back(
          fmt::format("{}: check {} failed: {}", name, check, Explain(check, is_open)));
    }
  }
  if (level.falls_behind) {
    problems.push_back(fmt::format(
        "{}: the server falls behind this rate; latencies grow with the length of a window", name));
  }
  const std::int64_t done = level.requests - level.Failed();
  if (level.short_answers * 2 > done) {
    problems.push_back(
        fmt::format("{}: {} of {} answers ended before the length asked for (mean {:.0f} tokens)",
                    name, level.short_answers, done, level.mean_output_tokens));
  }
  return problems;
}

const LevelEstimate* LevelWith(const LoadSeries& series, int concurrency) {
  for (const LevelEstimate& level : series.levels) {
    if (level.cell[Parameter::kConcurrency] == concurrency) return &level;
  }
  return nullptr;
}

// What it says of the first level above the knee.
std::string WaitAbove(const LoadSeries& series, int knee) {
  for (const LevelEstimate& level : series.levels) {
    const int users = level.cell[Parameter::kConcurrency];
    if (users <= knee || !level.queue_wait.p50 || !level.e2e.p50) continue;
    const bool is_wait_short = level.queue_wait.p50->value < kShortWait * level.e2e.p50->value;
    if (is_wait_short && !level.request_tokens_per_s) return {};
    if (is_wait_short) {
      return fmt::format("; {} users get {} tokens/s each", users,
                         Significant(level.request_tokens_per_s->value));
    }
    return fmt::format("; of {} users, each waits {} for a slot (median)", users,
                       SecondsText(level.queue_wait.p50->value));
  }
  return {};
}

std::string KneeSentence(const LoadSeries& series) {
  const Knee& knee = *series.knee;
  const LevelEstimate* level = LevelWith(series, knee.concurrency);
  std::string text =
      fmt::format("Carries {} user{}", knee.concurrency, knee.concurrency == 1 ? "" : "s");
  if (level != nullptr && level->request_tokens_per_s) {
    text += fmt::format(" at {} tokens/s each", Significant(level->request_tokens_per_s->value));
  }
  text += WaitAbove(series, knee.concurrency) + ".\n";
  if (!knee.high) {
    return text +
           "Output throughput still rises at the highest concurrency measured; higher ones may\n"
           "carry more.\n";
  }
  if (*knee.high > knee.concurrency) {
    text += fmt::format(
        "Not decided: {} may raise output throughput by 5 % or more over {}. More windows\n"
        "decide it: the same command with a larger --repetitions.\n",
        *knee.high, knee.concurrency);
  } else {
    text += "More users raise output throughput by less than 5 %.\n";
  }
  return text;
}

std::string CapacitySentence(const LoadSeries& series) {
  const Capacity& capacity = *series.capacity;
  std::vector<std::string> objectives;
  for (const ObjectiveResult& result : series.levels.front().objectives) {
    objectives.push_back(FormatObjective(result.objective));
  }
  const std::string wanted = fmt::format("{}", fmt::join(objectives, ", "));
  std::string text;
  if (capacity.level) {
    text = fmt::format("{} meets {} (95 % confidence)", DescribeCell(*capacity.level), wanted);
  } else {
    text = fmt::format("No level measured is shown to meet {}", wanted);
  }
  if (capacity.next) {
    const bool is_missed = capacity.next_state == ObjectiveState::kMissed;
    text += fmt::format(
        "; {} {}", DescribeCell(*capacity.next),
        is_missed ? "misses it" : "is not decided: more requests decide it (a larger --requests)");
  } else {
    text += "; no higher level was measured";
  }
  return text + ".\n";
}

ReportJson Optional(const std::optional<double>& value) {
  return value ? ReportJson(*value) : ReportJson(nullptr);
}

ReportJson MeanJson(const std::optional<WindowMean>& mean) {
  if (!mean) return nullptr;
  const auto& interval = mean->interval;
  return {{"estimate", mean->value},
          {"low", interval ? ReportJson(interval->low) : ReportJson(nullptr)},
          {"high", interval ? ReportJson(interval->high) : ReportJson(nullptr)}};
}

ReportJson QuantileJson(const std::optional<Quantile>& quantile) {
  if (!quantile) return nullptr;
  return quantile->value;
}

ReportJson PercentilesJson(const Percentiles& percentiles) {
  ReportJson json = {{"p50", QuantileJson(percentiles.p50)},
                     {"p95", QuantileJson(percentiles.p95)},
                     {"p99", QuantileJson(percentiles.p99)}};
  const auto add = [&json](const char* key, const std::optional<Quantile>& quantile) {
    if (quantile) json[key] = {quantile->interval.low, quantile->interval.high};
  };
  add("p50_interval", percentiles.p50);
  add("p95_interval", percentiles.p95);
  add("p99_interval", percentiles.p99);
  return json;
}

std::string_view CheckText(const std::optional<bool>& passed) {
  if (!passed) return "unknown";
  return *passed ? "pass" : "fail";
}

std::string_view KeyOf(ObjectiveState state) {
  switch (state) {
    case ObjectiveState::kMet:
      return "met";
    case ObjectiveState::kMissed:
      return "missed";
    case ObjectiveState::kUndecided:
      break;
  }
  return "undecided";
}

ReportJson LevelJson(const LevelEstimate& level) {
  ReportJson json;
  const bool is_open = level.cell.Sets(Parameter::kRequestRate);
  const auto value = [&level](Parameter parameter) {
    return level.cell.Sets(parameter) ? ValueAs<ReportJson>(parameter, level.cell[parameter])
                                      : ReportJson(nullptr);
  };
  json["concurrency"] = is_open ? ReportJson(nullptr) : value(Parameter::kConcurrency);
  json["rate"] = value(Parameter::kRequestRate);
  json.update(CellJson(level.cell.With(Parameter::kRequestRate, kAutoValue)
                           .With(Parameter::kConcurrency, kAutoValue)));
  json["windows"] = level.windows;
  json["requests"] = level.requests;
  json["errors"] = level.Failed();
  json["failures"] = level.failures;
  json["output_tokens_per_s"] = MeanJson(level.output_tokens_per_s);
  json["request_tokens_per_s"] = MeanJson(level.request_tokens_per_s);
  json["requests_per_s"] = MeanJson(level.requests_per_s);
  json["mean_output_tokens"] = level.mean_output_tokens;
  json["mean_e2e_s"] = level.mean_e2e_s;
  json["short_answers"] = level.short_answers;
  json["ttft_s"] = PercentilesJson(level.ttft);
  json["tpot_s"] = PercentilesJson(level.tpot);
  json["e2e_s"] = PercentilesJson(level.e2e);
  json["queue_wait_s"] = PercentilesJson(level.queue_wait);
  json["goodput_per_s"] = Optional(level.goodput_per_s);
  ReportJson checks = ReportJson::object();
  bool is_failed = false;
  bool is_known = true;
  for (const auto& [check, passed] : AllOf(level.checks)) {
    checks[std::string(check)] = CheckText(passed);
    is_failed = is_failed || passed == false;
    // Old servers do not say what they took from their cache.
    is_known = is_known && (passed || check == "cache");
  }
  json["valid"] = is_failed ? "fail" : (is_known ? "pass" : "unknown");
  json["checks"] = std::move(checks);
  json["falls_behind"] = level.falls_behind;
  ReportJson objectives = ReportJson::array();
  for (const ObjectiveResult& result : level.objectives) {
    objectives.push_back({{"objective", FormatObjective(result.objective)},
                          {"met", result.met},
                          {"requests", result.requests},
                          {"state", KeyOf(result.state)}});
  }
  json["objectives"] = std::move(objectives);
  return json;
}

ReportJson KneeJson(const std::optional<Knee>& knee) {
  if (!knee) return nullptr;
  return {{"concurrency", knee->concurrency},
          {"low", knee->concurrency},
          {"high", knee->high ? ReportJson(*knee->high) : ReportJson(nullptr)}};
}

ReportJson LevelValue(const std::optional<Cell>& cell) {
  if (!cell) return nullptr;
  const Parameter traffic = TrafficOf(*cell);
  return ValueAs<ReportJson>(traffic, (*cell)[traffic]);
}

ReportJson CapacityJson(const std::optional<Capacity>& capacity) {
  if (!capacity) return nullptr;
  return {{"level", LevelValue(capacity->level)},
          {"next", LevelValue(capacity->next)},
          {"next_state",
           capacity->next ? ReportJson(KeyOf(capacity->next_state)) : ReportJson(nullptr)}};
}

}  // namespace

std::string RenderLoadText(const std::vector<LoadSeries>& series,
                           const std::optional<std::string>& num_parallel) {
  std::string text;
  for (const LoadSeries& one : series) {
    const bool has_any = std::any_of(one.levels.begin(), one.levels.end(),
                                     [](const LevelEstimate& level) { return level.windows > 0; });
    if (!has_any) continue;
    if (one.common != Cell()) text += fmt::format("\n{}\n", DescribeCell(one.common));
    text += "\n" + LevelColumns(one).Text() + "\n";
    const std::vector<std::string> problems = LoadProblems(one);
    if (!problems.empty()) text += fmt::format("{}\n\n", fmt::join(problems, "\n"));
    if (one.knee) text += KneeSentence(one);
    if (one.capacity) text += CapacitySentence(one);
  }
  if (text.empty()) return text;
  text += LengthTable(series, Parameter::kNumPredict);
  text += LengthTable(series, Parameter::kPromptTokens);
  if (num_parallel)
    text += fmt::format("The server runs with OLLAMA_NUM_PARALLEL={}.\n",
                        Printable(*num_parallel, false));
  return text;
}

std::vector<std::string> LoadProblems(const LoadSeries& series) {
  std::vector<std::string> problems;
  for (const LevelEstimate& level : series.levels) {
    for (std::string& problem : ProblemsOf(level)) problems.push_back(std::move(problem));
  }
  return problems;
}

std::string LoadSentences(const LoadSeries& series) {
  std::string text;
  if (series.knee) text += KneeSentence(series);
  if (series.capacity) text += CapacitySentence(series);
  std::replace(text.begin(), text.end(), '\n', ' ');
  if (!text.empty()) text.pop_back();
  return text;
}

ReportJson LoadJson(const std::vector<LoadSeries>& series) {
  ReportJson json = {{"event", "answer"}};
  ReportJson levels = ReportJson::array();
  ReportJson all = ReportJson::array();
  for (const LoadSeries& one : series) {
    for (const LevelEstimate& level : one.levels) levels.push_back(LevelJson(level));
    ReportJson part = CellJson(one.common);
    part["knee"] = KneeJson(one.knee);
    part["capacity"] = CapacityJson(one.capacity);
    all.push_back(std::move(part));
  }
  json["levels"] = std::move(levels);
  json["knee"] = series.size() == 1 ? KneeJson(series.front().knee) : ReportJson(nullptr);
  json["capacity"] =
      series.size() == 1 ? CapacityJson(series.front().capacity) : ReportJson(nullptr);
  if (series.size() > 1) json["series"] = std::move(all);
  return json;
}

}  // namespace ollama_bench
