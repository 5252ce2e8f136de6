#include "support/stand_in/metrics.h"

#include <cstdio>

namespace ollama_bench::stand_in {
namespace {

using std::chrono::nanoseconds;

// `value` / 10^digits in decimals, without trailing zeros.
std::string Decimal(std::int64_t value, int digits) {
  std::int64_t scale = 1;
  for (int i = 0; i < digits; ++i) scale *= 10;
  std::string text = std::to_string(value / scale);
  std::string fraction = std::to_string(scale + value % scale).substr(1);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return fraction.empty() ? text : text + "." + fraction;
}

std::string Rate(std::int64_t tokens, nanoseconds duration) {
  char text[64];
  const double seconds = std::chrono::duration<double>(duration).count();
  std::snprintf(text, sizeof text, "%.2f tokens/s\n", static_cast<double>(tokens) / seconds);
  return text;
}

}  // namespace

std::string GoDuration(nanoseconds duration) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t ns = duration.count();
  if (ns == 0) return "0s";
  if (ns < 1'000) return std::to_string(ns) + "ns";
  if (ns < 1'000'000) return Decimal(ns, 3) + "\u00b5s";
  if (ns < kSecond) return Decimal(ns, 6) + "ms";
  const std::int64_t minutes = ns / (60 * kSecond);
  std::string text;
  if (minutes >= 60) text.append(std::to_string(minutes / 60)).append("h");
  if (minutes > 0) text.append(std::to_string(minutes % 60)).append("m");
  text.append(Decimal(ns % (60 * kSecond), 9)).append("s");
  return text;
}

std::string VerboseBlock(const Metrics& metrics, bool tells_cached) {
  std::string text;
  if (metrics.total.count() > 0)
    text += "total duration:       " + GoDuration(metrics.total) + "\n";
  if (metrics.load.count() > 0) text += "load duration:        " + GoDuration(metrics.load) + "\n";
  if (metrics.prompt_tokens > 0) {
    text += "prompt eval count:    " + std::to_string(metrics.prompt_tokens) + " token(s)\n";
  }
  const std::int64_t cached = tells_cached ? metrics.cached_tokens : 0;
  if (cached > 0) text += "prompt eval cached:   " + std::to_string(cached) + " token(s)\n";
  if (metrics.prompt_eval.count() > 0) {
    text += "prompt eval duration: " + GoDuration(metrics.prompt_eval) + "\n";
    text += "prompt eval rate:     " + Rate(metrics.prompt_tokens - cached, metrics.prompt_eval);
  }
  if (metrics.eval_tokens > 0) {
    text += "eval count:           " + std::to_string(metrics.eval_tokens) + " token(s)\n";
  }
  if (metrics.eval.count() > 0) {
    text += "eval duration:        " + GoDuration(metrics.eval) + "\n";
    text += "eval rate:            " + Rate(metrics.eval_tokens, metrics.eval);
  }
  return text;
}

}  // namespace ollama_bench::stand_in
