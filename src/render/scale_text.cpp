#include "ollama_bench/render/scale_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

constexpr double kMs = 1e3;
constexpr double kUs = 1e6;

std::string Count(double tokens) {
  return fmt::format("{:.0f}", tokens);
}

// "12.3 [11.9, 12.7]": with as many digits as the estimate's three leading ones need.
std::string BoundedText(const Bounded& value, double unit = 1) {
  const double size = std::fabs(value.estimate) * unit;
  const int digits =
      size > 0 ? std::clamp(2 - static_cast<int>(std::floor(std::log10(size))), 0, 6) : 2;
  return fmt::format("{:.{}f} [{:.{}f}, {:.{}f}]", value.estimate * unit, digits, value.low * unit,
                     digits, value.high * unit, digits);
}

std::string SecondsText(const Bounded& value) {
  const bool is_short = value.estimate < 1;
  return BoundedText(value, is_short ? kMs : 1) + (is_short ? " ms" : " s");
}

std::string OrDash(const std::optional<Bounded>& value) {
  return value ? BoundedText(*value) : "-";
}

}  // namespace

TextColumns PointColumns(const ScaleSeries& series) {
  const bool has_throughput = std::any_of(series.points.begin(), series.points.end(),
                                          [](const auto& point) { return point.throughput; });
  TextColumns table({{"prompt", has_throughput ? "TTFT s, p50" : "prefill s", "prefill",
                      has_throughput ? "output" : "decode", "on GPU", "memory"},
                     {"tokens", "[95 % CI]", "tokens/s", "tokens/s [95 % CI]", "%", ""}});
  for (const ScalePoint& point : series.points) {
    const auto& serving = point.serving;
    table.Add({Count(point.tokens), OrDash(point.prefill_s),
               point.prefill_rate && !has_throughput
                   ? fmt::format("{:.4g}", point.prefill_rate->estimate)
                   : "-",
               OrDash(has_throughput ? point.throughput : point.decode_rate),
               serving.gpu_share ? fmt::format("{:.0f}", 100 * *serving.gpu_share) : "-",
               serving.memory_bytes ? FormatBytes(*serving.memory_bytes) : "-"});
  }
  return table;
}

namespace {

std::string LawSentence(const ScaleSeries& series) {
  if (!series.prefill) return fmt::format("No law: {}.\n", series.why_no_law);
  const ScalingLaw& law = *series.prefill;
  return fmt::format(
      "Law: a prompt of n tokens takes a + b n + c n^2: a {} ms, b {} ms, c {} ns (95 % CI, {} "
      "load{}; a run is {:.1f} % off).\n",
      BoundedText(law.terms()[0], kMs), BoundedText(law.terms()[1], kMs),
      BoundedText(law.terms()[2], 1e9), law.loads(), law.loads() == 1 ? "" : "s",
      100 * law.deviation());
}

std::string BreakpointSentence(const ScalingLaw& law) {
  const auto& found = law.breakpoint();
  if (!found) return "No breakpoint is significant.\n";
  return fmt::format(
      "Breakpoint: from {} tokens on (95 % CI [{}, {}]) each token costs {:.3g} ms {} (p = "
      "{:.3f}).\n",
      Count(found->tokens), Count(found->low), Count(found->high),
      kMs * std::fabs(found->slope_change), found->slope_change > 0 ? "more" : "less",
      found->p_value);
}

std::string DecodeSentence(const ScaleSeries& series) {
  if (!series.decode) return {};
  const ScalingLaw& line = *series.decode;
  const Bounded& slope = line.terms()[1];
  const bool is_significant = slope.low > 0 || slope.high < 0;
  return fmt::format(
      "Decode: {} ms a token with an empty context; each 1,000 tokens of context add {} ms{}.\n",
      BoundedText(line.terms()[0], kMs), BoundedText(slope, kMs * 1000),
      is_significant ? "" : ", not significant");
}

std::string PredictionSentence(const ScalingLaw& law, double tokens) {
  const auto time = law.At(tokens);
  if (!time) {
    return fmt::format(
        "{} tokens: not predicted, for {} to {} were measured; measure lengths nearer to it.\n",
        Count(tokens), Count(law.shortest()), Count(law.longest()));
  }
  return fmt::format("{} tokens: {}{}.\n", Count(tokens), SecondsText(time->seconds),
                     time->is_extrapolated ? " (extrapolated)" : "");
}

}  // namespace

std::string PlacementText(const std::vector<ScaleSeries>& series) {
  std::string text;
  for (const Placement& placement : PlacementsOf(series)) {
    const std::string lead = fmt::format("{} GPUs against {}, {} tokens: ", placement.gpus,
                                         placement.base_gpus, Count(placement.tokens));
    if (placement.overhead) {
      text += lead + fmt::format("communication_overhead {:+.1f} % (end to end, one request)\n",
                                 100 * *placement.overhead);
    } else {
      text += lead + fmt::format("scaling_efficiency {:.0f} %\n", 100 * *placement.efficiency);
    }
  }
  if (!text.empty()) {
    text += "Bubbles of the pipeline and all-reduce times cannot be seen from outside.\n";
  }
  return text;
}

namespace {

// The cached values of a series against 16 bits.
double CacheShare(const ScaleSeries& series) {
  switch (series.common[Parameter::kKvCacheType]) {
    case static_cast<int>(KvCacheType::kQ8):
      return 34.0 / 64;
    case static_cast<int>(KvCacheType::kQ4):
      return 18.0 / 64;
    default:
      return 1;
  }
}

std::optional<ScaleLimits> LimitsFor(const ScaleSeries& series, const ScaleQuestions& questions) {
  if (!questions.cost || !questions.memory) return std::nullopt;
  return LimitsOf(series, *questions.cost, *questions.memory, CacheShare(series));
}

std::string LimitSentence(const ScaleLimits& limits) {
  const DecodeLimit& limit = limits.decode.front();
  std::string text = fmt::format(
      "Memory: {:.1f} GB/s ({}). A token reads {} at {:.0f} tokens of context, {:.1f} GB/s at "
      "{:.4g} "
      "tokens/s: ",
      limits.memory.gb_per_s, limits.memory.source,
      FormatBytes(static_cast<std::int64_t>(limit.bytes_per_token)), limit.tokens,
      limit.bytes_per_token * limit.decode_rate / 1e9, limit.decode_rate);
  if (limit.utilisation > 1) {
    text += "more than the memory moves, for a part of it stays in the caches.\n";
  } else {
    text += fmt::format(
        "decode uses {:.0f} % of the memory bandwidth: no setting can make it more than {:.2f} "
        "times "
        "faster.\n",
        100 * limit.utilisation, 1 / limit.utilisation);
  }
  if (limits.prefill_operations_per_s) {
    text += fmt::format(
        "Prefill computes {:.3g} GFLOP/s (2 operations for each of {:.3g} M active "
        "parameters).\n",
        *limits.prefill_operations_per_s / 1e9,
        static_cast<double>(limits.cost.active_parameters) / 1e6);
  }
  return text;
}

std::string LimitsText(const ScaleSeries& series, const ScaleQuestions& questions) {
  const auto limits = LimitsFor(series, questions);
  std::string text = limits ? LimitSentence(*limits) : "";
  for (const std::string& sentence : AdviceOf(series, questions.cost, limits)) {
    text += sentence + '\n';
  }
  return text;
}

ReportJson LimitsJson(const std::optional<ScaleLimits>& limits) {
  if (!limits) return nullptr;
  ReportJson json = {{"peak_bandwidth_gb_s", limits->memory.gb_per_s},
                     {"bandwidth_source", limits->memory.source},
                     {"weight_bytes", limits->cost.weight_bytes},
                     {"active_parameters", limits->cost.active_parameters},
                     {"is_mixture", limits->cost.is_mixture}};
  json["kv_bytes_per_token"] = limits->cost.kv_bytes_per_token
                                   ? ReportJson(*limits->cost.kv_bytes_per_token)
                                   : ReportJson(nullptr);
  json["prefill_operations_per_s"] = limits->prefill_operations_per_s
                                         ? ReportJson(*limits->prefill_operations_per_s)
                                         : ReportJson(nullptr);
  json["decode"] = ReportJson::array();
  for (const DecodeLimit& limit : limits->decode) {
    json["decode"].push_back({{"tokens", limit.tokens},
                              {"bytes_per_token", limit.bytes_per_token},
                              {"decode_tokens_per_s", limit.decode_rate},
                              {"bandwidth_utilisation", limit.utilisation}});
  }
  return json;
}

std::string LinksText(const std::vector<LinkBandwidth>& links) {
  if (links.empty()) return {};
  TextColumns table({{"link", "peak GB/s", "latency us", "efficiency %", "from"}});
  const auto figure = [](const std::optional<double>& value) {
    return value ? fmt::format("{:.4g}", *value) : std::string("-");
  };
  for (const LinkBandwidth& link : links) {
    table.Add({link.name, figure(link.peak_bandwidth_gb_s), figure(link.latency_microseconds),
               figure(link.efficiency_percent), link.source});
  }
  return "\n" + table.Text();
}

ReportJson LinksJson(const std::vector<LinkBandwidth>& links) {
  const auto figure = [](const std::optional<double>& value) {
    return value ? ReportJson(*value) : ReportJson(nullptr);
  };
  ReportJson list = ReportJson::array();
  for (const LinkBandwidth& link : links) {
    list.push_back({{"name", link.name},
                    {"peak_bandwidth_gb_s", figure(link.peak_bandwidth_gb_s)},
                    {"latency_microseconds", figure(link.latency_microseconds)},
                    {"efficiency_percent", figure(link.efficiency_percent)},
                    {"source", link.source}});
  }
  return list;
}

ReportJson BoundedJson(const Bounded& value, double unit = 1) {
  return {
      {"estimate", value.estimate * unit}, {"low", value.low * unit}, {"high", value.high * unit}};
}

ReportJson OrNullJson(const std::optional<Bounded>& value, double unit = 1) {
  return value ? BoundedJson(*value, unit) : ReportJson(nullptr);
}

ReportJson PointJson(const ScalePoint& point) {
  const auto optional = [](const auto& value) {
    return value ? ReportJson(*value) : ReportJson(nullptr);
  };
  ReportJson json = CellJson(point.cell);
  json["counted_tokens"] = point.tokens;
  json["loads"] = point.loads;
  json["prefill_s"] = OrNullJson(point.prefill_s);
  json["prefill_tokens_per_s"] = OrNullJson(point.prefill_rate);
  json["ttft_s"] = OrNullJson(point.ttft_s);
  json["decode_tokens_per_s"] = OrNullJson(point.decode_rate);
  json["output_tokens_per_s"] = OrNullJson(point.throughput);
  json["gpu_share"] = optional(point.serving.gpu_share);
  json["memory_bytes"] = optional(point.serving.memory_bytes);
  return json;
}

ReportJson LawJson(const ScalingLaw& law) {
  return {{"a_ms", BoundedJson(law.terms()[0], kMs)},
          {"b_ms_per_token", BoundedJson(law.terms()[1], kMs)},
          {"c_us_per_token2", BoundedJson(law.terms()[2], kUs)},
          {"loads", law.loads()},
          {"shortest_tokens", law.shortest()},
          {"longest_tokens", law.longest()}};
}

ReportJson BreakpointJson(const std::optional<Breakpoint>& found) {
  if (!found) return nullptr;
  return {{"tokens", found->tokens},
          {"low", found->low},
          {"high", found->high},
          {"slope_change_ms_per_token", kMs * found->slope_change},
          {"p_value", found->p_value}};
}

ReportJson PredictionsJson(const ScaleSeries& series, const std::vector<double>& lengths) {
  ReportJson list = ReportJson::array();
  for (const double tokens : lengths) {
    const auto time = series.prefill ? series.prefill->At(tokens) : std::nullopt;
    list.push_back(
        {{"tokens", tokens},
         {"prefill_s", time ? BoundedJson(time->seconds) : ReportJson(nullptr)},
         {"extrapolated", time ? ReportJson(time->is_extrapolated) : ReportJson(nullptr)}});
  }
  return list;
}

void AddSeries(ReportJson& json, const ScaleSeries& series, const ScaleQuestions& questions) {
  json["law"] = series.prefill ? LawJson(*series.prefill) : ReportJson(nullptr);
  json["breakpoint"] =
      series.prefill ? BreakpointJson(series.prefill->breakpoint()) : ReportJson(nullptr);
  json["points"] = ReportJson::array();
  for (const ScalePoint& point : series.points) json["points"].push_back(PointJson(point));
  json["decode"] = nullptr;
  if (series.decode) {
    json["decode"] = {
        {"ms_per_token", BoundedJson(series.decode->terms()[0], kMs)},
        {"us_per_token_and_token_of_context", BoundedJson(series.decode->terms()[1], kUs)}};
  }
  const auto limits = LimitsFor(series, questions);
  json["limits"] = LimitsJson(limits);
  json["advice"] = AdviceOf(series, questions.cost, limits);
  json["predictions"] = PredictionsJson(series, questions.lengths);
}

}  // namespace

std::string ScaleSentences(const ScaleSeries& series) {
  std::string text = LawSentence(series);
  if (series.prefill) text += BreakpointSentence(*series.prefill);
  return text + DecodeSentence(series);
}

std::string RenderScaleText(const std::vector<ScaleSeries>& series,
                            const ScaleQuestions& questions) {
  std::string text;
  for (const ScaleSeries& one : series) {
    text += fmt::format("\n{}\n\n{}\n", DescribeCell(one.common), PointColumns(one).Text());
    text += ScaleSentences(one) + LimitsText(one, questions);
    if (!one.prefill) continue;
    for (const double tokens : questions.lengths) text += PredictionSentence(*one.prefill, tokens);
  }
  const std::string placement = PlacementText(series);
  if (!placement.empty()) text += "\n" + placement;
  return text + LinksText(questions.links);
}

ReportJson ScaleJson(const std::vector<ScaleSeries>& series, const ScaleQuestions& questions) {
  ReportJson json = {{"event", "answer"}};
  if (series.size() == 1) AddSeries(json, series.front(), questions);
  if (series.size() > 1) {
    json["series"] = ReportJson::array();
    for (const ScaleSeries& one : series) {
      ReportJson part = CellJson(one.common);
      AddSeries(part, one, questions);
      json["series"].push_back(std::move(part));
    }
  }
  json["bandwidth"] = LinksJson(questions.links);
  json["placement"] = ReportJson::array();
  for (const Placement& placement : PlacementsOf(series)) {
    json["placement"].push_back(
        {{"prompt_tokens", placement.tokens},
         {"pipeline_parallel_size", placement.gpus},
         {"base_gpus", placement.base_gpus},
         {"communication_overhead",
          placement.overhead ? ReportJson(*placement.overhead) : ReportJson(nullptr)},
         {"scaling_efficiency",
          placement.efficiency ? ReportJson(*placement.efficiency) : ReportJson(nullptr)}});
  }
  return json;
}

}  // namespace ollama_bench
