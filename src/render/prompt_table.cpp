#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "ollama_bench/render/prompt_text.h"

namespace ollama_bench {
namespace {

std::string Escaped(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char letter : text) {
    switch (letter) {
      case '\t':
        escaped += "\\t";
        break;
      case '\n':
        escaped += "\\n";
        break;
      case '\r':
        escaped += "\\r";
        break;
      case '\\':
        escaped += "\\\\";
        break;
      default:
        escaped += letter;
    }
  }
  return escaped;
}

std::string Number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? fmt::format("{:.3f}", *value) : std::string();
}

std::string Count(const std::optional<std::int64_t>& value) {
  return value ? fmt::format("{}", *value) : std::string();
}

// The keys of the JSON lines.
struct Column {
  std::string_view name;
  std::string (*text)(const PromptRecord&);
};

constexpr std::array<Column, 25> kColumns = {{
    {"id", [](const PromptRecord& record) { return Escaped(record.item.id); }},
    {"repeat", [](const PromptRecord& record) { return fmt::format("{}", record.repeat); }},
    {"prompt", [](const PromptRecord& record) { return Escaped(record.item.prompt); }},
    {"response", [](const PromptRecord& record) { return Escaped(record.response); }},
    {"model", [](const PromptRecord& record) { return Escaped(record.config.model); }},
    {"end", [](const PromptRecord& record) { return Escaped(record.end); }},
    {"done_reason", [](const PromptRecord& record) { return Escaped(record.done_reason); }},
    {"failure",
     [](const PromptRecord& record) {
       return record.failure ? std::string(Describe(record.failure->kind).key) : std::string();
     }},
    {"prefill_ms", [](const PromptRecord& record) { return Number(record.timing.prefill_ms); }},
    {"decode_total_ms",
     [](const PromptRecord& record) { return Number(record.timing.decode_total_ms); }},
    {"decode_avg_ms",
     [](const PromptRecord& record) { return Number(DecodeAverageMs(record.timing)); }},
    {"ttft_ms", [](const PromptRecord& record) { return Number(record.timing.ttft_ms); }},
    {"queue_ms", [](const PromptRecord& record) { return Number(record.timing.queue_ms); }},
    {"load_ms", [](const PromptRecord& record) { return Number(record.timing.load_ms); }},
    {"num_prompt_tokens",
     [](const PromptRecord& record) { return Count(record.timing.prompt_tokens); }},
    {"num_generated_tokens",
     [](const PromptRecord& record) { return Count(record.timing.generated_tokens); }},
    {"tokens_per_second",
     [](const PromptRecord& record) { return Number(DecodeTokensPerSecond(record.timing)); }},
    {"tpot_ms", [](const PromptRecord& record) { return Number(record.timing.tpot_ms); }},
    {"e2e_ms", [](const PromptRecord& record) { return Number(record.timing.e2e_ms); }},
    {"ttfr_ms", [](const PromptRecord& record) { return Number(record.timing.ttfr_ms); }},
    {"ttfo_ms", [](const PromptRecord& record) { return Number(record.timing.ttfo_ms); }},
    {"num_cached_tokens",
     [](const PromptRecord& record) { return Count(record.timing.cached_tokens); }},
    {"started_unix_s",
     [](const PromptRecord& record) { return fmt::format("{:.6f}", record.started_unix_s); }},
    {"slot", [](const PromptRecord& record) { return fmt::format("{}", record.slot); }},
    {"first_after_load",
     [](const PromptRecord& record) {
       return std::string(record.is_first_after_load ? "1" : "0");
     }},
}};

}  // namespace

std::string PromptTableHeader() {
  std::string line;
  for (const Column& column : kColumns) {
    line += fmt::format("{}{}", line.empty() ? "" : "\t", column.name);
  }
  return line + "\n";
}

std::string PromptTableLine(const PromptRecord& record) {
  std::string line;
  for (const Column& column : kColumns) {
    if (&column != &kColumns.front()) line += '\t';
    line += column.text(record);
  }
  return line + "\n";
}

}  // namespace ollama_bench
