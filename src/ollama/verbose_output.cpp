#include "verbose_output.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "ollama_bench/core/text.h"
#include "ollama_bench/ollama/go_duration.h"
#include "terminal_text.h"

namespace ollama_bench {
namespace {

constexpr std::string_view kBlanks = " \t";

// "261 token(s)"
std::optional<std::int64_t> ParseCount(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit = Trim({end, text.data() + text.size()}, kBlanks);
  if (error != std::errc() || count < 0 || unit != "token(s)") return std::nullopt;
  return count;
}

// "317.34 tokens/s"
std::optional<double> ParseRate(std::string_view text) {
  double rate = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rate);
  const std::string_view unit = Trim({end, text.data() + text.size()}, kBlanks);
  if (error != std::errc() || !std::isfinite(rate) || rate < 0 || unit != "tokens/s") {
    return std::nullopt;
  }
  return rate;
}

template <auto Field, auto Parse>
void Store(RunMetrics& metrics, std::string_view text) {
  if (const auto value = Parse(text)) metrics.*Field = value;
}

struct Line {
  std::string_view label;
  void (*store)(RunMetrics& metrics, std::string_view text);
};

// "prompt eval rate:" ends in "eval rate:", so the longer labels come first.
constexpr std::array kLines = {
    Line{"prompt eval count:", Store<&RunMetrics::prompt_eval_count, ParseCount>},
    Line{"prompt eval cached:", Store<&RunMetrics::prompt_eval_cached, ParseCount>},
    Line{"prompt eval duration:", Store<&RunMetrics::prompt_eval, ParseGoDuration>},
    Line{"prompt eval rate:", Store<&RunMetrics::printed_prompt_eval_rate, ParseRate>},
    Line{"total duration:", Store<&RunMetrics::total, ParseGoDuration>},
    Line{"load duration:", Store<&RunMetrics::load, ParseGoDuration>},
    Line{"eval count:", Store<&RunMetrics::eval_count, ParseCount>},
    Line{"eval duration:", Store<&RunMetrics::eval, ParseGoDuration>},
    Line{"eval rate:", Store<&RunMetrics::printed_eval_rate, ParseRate>},
};

// A label may be anywhere in its line: leftovers of the spinner can come before it.
void ReadLine(std::string_view line, RunMetrics& metrics) {
  for (const auto& [label, store] : kLines) {
    const auto at = line.find(label);
    if (at == std::string_view::npos) continue;
    store(metrics, Trim(line.substr(at + label.size()), kBlanks));
    return;
  }
}

}  // namespace

RunMetrics ParseVerboseOutput(std::string_view standard_error) {
  const std::string text = StripControlSequences(standard_error);
  RunMetrics metrics;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    ReadLine(rest.substr(0, end), metrics);
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return metrics;
}

}  // namespace ollama_bench
