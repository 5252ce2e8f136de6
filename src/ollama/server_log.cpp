#include "ollama_bench/ollama/server_log.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

std::vector<std::string_view> LinesOf(std::string_view log) {
  std::vector<std::string_view> lines;
  while (!log.empty()) {
    const std::size_t end = std::min(log.find('\n'), log.size());
    lines.push_back(log.substr(0, end));
    log.remove_prefix(std::min(end + 1, log.size()));
  }
  return lines;
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Takes a text in quotes, as Go quotes it, from the start of `text`.
std::string TakeQuoted(std::string_view& text) {
  std::string value;
  std::size_t i = 1;
  for (; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      value += text[i] == 'n' ? '\n' : text[i] == 't' ? '\t' : text[i];
    } else {
      value += text[i];
    }
  }
  text.remove_prefix(std::min(i + 1, text.size()));
  return value;
}

// The value of `key` in a line of Go's slog: `key=value key="a value"`.
std::optional<std::string> ValueOf(std::string_view line, std::string_view key) {
  while (!line.empty()) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view before = line.substr(0, equals);
    const std::string_view name = before.substr(std::min(before.rfind(' ') + 1, before.size()));
    line.remove_prefix(equals + 1);
    std::string value;
    if (line.starts_with('"')) {
      value = TakeQuoted(line);
    } else {
      const std::size_t end = std::min(line.find(' '), line.size());
      value = line.substr(0, end);
      line.remove_prefix(end);
    }
    if (name == key) return value;
  }
  return std::nullopt;
}

// The words of a command line as it is logged: joined by blanks, those with blanks in them too, so
// that only flags and their values can be trusted.
std::vector<std::string_view> WordsOf(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::optional<int> NumberOf(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Lines that start a runner of a model; a runner that only looks for devices has no --model.
bool StartsRunner(std::string_view line) {
  if (!Contains(line, "msg=\"starting llama server\"") &&
      !Contains(line, "msg=\"starting llama-server\"") &&
      !Contains(line, "msg=\"starting runner\"")) {
    return false;
  }
  return Contains(ValueOf(line, "cmd").value_or(""), " --model ");
}

// v0.11: `--flash-attn` alone, or not at all; from v0.30 on with on, off or auto.
void ReadFlashAttention(const std::vector<std::string_view>& words, bool has_values,
                        RunnerSetting& setting) {
  const auto flag = std::find(words.begin(), words.end(), "--flash-attn");
  if (!has_values) {
    setting.flash_attention = flag != words.end();
  } else if (flag != words.end() && flag + 1 != words.end()) {
    if (flag[1] == "on") setting.flash_attention = true;
    if (flag[1] == "off") setting.flash_attention = false;
  }
}

void ReadCommand(std::string_view line, RunnerSetting& setting) {
  const std::string command = ValueOf(line, "cmd").value_or("");
  const std::vector<std::string_view> words = WordsOf(command);
  const bool is_llama_server = Contains(line, "starting llama-server");
  // "starting runner" (v0.11.5 to v0.29) has the setting in a later request of its own.
  if (!Contains(line, "starting runner")) ReadFlashAttention(words, is_llama_server, setting);
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string_view flag = words[i];
    const std::string_view value = words[i + 1];
    if (flag == "--parallel" || flag == "-np") setting.num_parallel = NumberOf(value);
    if (flag == "--batch-size" || flag == "-b") setting.num_batch = NumberOf(value);
    if (flag == "--kv-cache-type" || flag == "--cache-type-k") setting.kv_cache_type = value;
  }
}

// "llama_kv_cache: size =   90.00 MiB (…), K (f16):   45.00 MiB, …", with "KV self size" before
// v0.12. A model with a cache of another length for some layers has a line for each.
void ReadCacheSize(std::string_view line, RunnerSetting& setting) {
  const std::size_t type = line.find("K (");
  const std::size_t type_end = line.find(')', type);
  if (type == std::string_view::npos || type_end == std::string_view::npos) return;
  setting.kv_cache_type = line.substr(type + 3, type_end - type - 3);
  const std::string text(line.substr(line.find('=') + 1));
  char* end = nullptr;
  const double mib = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || !std::string_view(end).starts_with(" MiB")) return;
  setting.kv_cache_bytes = setting.kv_cache_bytes.value_or(0) + std::llround(mib * 1024 * 1024);
}

// "llama_context: flash_attn            = enabled"; 0 and 1 before v0.12.
void ReadContext(std::string_view line, RunnerSetting& setting) {
  const std::string_view value = Trim(line.substr(line.find('=') + 1));
  if (value == "enabled" || value == "1") setting.flash_attention = true;
  if (value == "disabled" || value == "0") setting.flash_attention = false;
}

void ReadReason(std::string_view line, RunnerSetting& setting) {
  std::string reason;
  if (Contains(line, "level=WARN")) {
    reason = ValueOf(line, "msg").value_or("");
    if (!Contains(reason, "flash attention") && !Contains(reason, "kv cache")) return;
    // Said of every model with flash attention and no type asked for: nothing was refused.
    if (Contains(reason, "not supported by model") && ValueOf(line, "type") == "") return;
  } else if (line.starts_with("llama_init_from_model:") && Contains(line, "flash_attn")) {
    reason = Trim(line.substr(line.find(':') + 1));
  } else {
    return;
  }
  auto& reasons = setting.reasons;
  if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
    reasons.push_back(std::move(reason));
  }
}

// What the runner itself logs after its start.
void ReadRunnerLine(std::string_view line, RunnerSetting& setting) {
  if (line.starts_with("llama_context: flash_attn")) {
    ReadContext(line, setting);
  } else if (line.starts_with("llama_kv_cache") && Contains(line, "size") &&
             Contains(line, "K (")) {
    ReadCacheSize(line, setting);
  } else if (Contains(line, "Flash Attention enabled") ||
             Contains(line, "Flash Attention was auto, set to enabled")) {
    setting.flash_attention = true;
  } else if (Contains(line, "Flash Attention disabled") ||
             Contains(line, "Flash Attention not supported") ||
             Contains(line, "Flash Attention was auto, set to disabled")) {
    setting.flash_attention = false;
  }
}

}  // namespace

std::vector<ComputeDevice> ComputeDevices(std::string_view log) {
  std::vector<ComputeDevice> devices;
  for (const std::string_view line : LinesOf(log)) {
    if (!Contains(line, "msg=\"inference compute\"")) continue;
    // From v0.12 on "name" is llama.cpp's short one, such as CUDA0.
    std::string name = ValueOf(line, "description").value_or("");
    if (name.empty()) name = ValueOf(line, "name").value_or("");
    devices.push_back({ValueOf(line, "id").value_or(""),
                       Lower(ValueOf(line, "library").value_or("")),
                       ValueOf(line, "compute").value_or(""), std::move(name)});
  }
  return devices;
}

std::optional<RunnerSetting> LastRunner(std::string_view log) {
  const std::vector<std::string_view> lines = LinesOf(log);
  const auto last = std::find_if(lines.rbegin(), lines.rend(), StartsRunner);
  if (last == lines.rend()) return std::nullopt;
  const auto start = last.base() - 1;
  // The server warns before it starts the runner.
  const auto before = std::find_if(last + 1, lines.rend(), StartsRunner).base();
  RunnerSetting setting;
  ReadCommand(*start, setting);
  for (auto line = before; line != lines.end(); ++line) {
    ReadReason(*line, setting);
    if (line > start) ReadRunnerLine(*line, setting);
  }
  return setting;
}

}  // namespace ollama_bench
