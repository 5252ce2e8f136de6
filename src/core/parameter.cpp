#include "ollama_bench/core/parameter.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

namespace ollama_bench {
namespace {

// Far above any model, and the difference of any two fits into an int.
constexpr int kMostTokens = 1 << 30;
constexpr int kMostPromptTokens = 4'000'000;

constexpr int kMostGpus = 30;
constexpr int kLargestSet = (1 << kMostGpus) - 1;
constexpr int kLargestInt = std::numeric_limits<int>::max();
constexpr std::array<std::string_view, 3> kKvCacheTypes = {"f16", "q8_0", "q4_0"};

constexpr std::array<ParameterInfo, kParameterCount> kParameters = {{
    {Parameter::kOllama, "ollama", "--ollama", Scope::kSubject, ParameterType::kName, "", 0,
     kLargestInt, Preference::kSmaller, false,
     "Ollama's program; several are measured in turns, each as a server of its own",
     "/opt/old/ollama,/opt/new/ollama"},
    {Parameter::kModel, "model", "--model", Scope::kSubject, ParameterType::kName, "", 0,
     kLargestInt, Preference::kSmaller, false, "base model; it must exist on the server",
     "qwen3:4b"},
    {Parameter::kGpus, "gpus", "--gpus", Scope::kServer, ParameterType::kSet, "", 1, kLargestSet,
     Preference::kSmaller, false, "GPUs that the server may use, 0+1 for the first two", "0,0+1",
     "CUDA_VISIBLE_DEVICES"},
    {Parameter::kSchedSpread, "sched_spread", "--sched-spread", Scope::kServer,
     ParameterType::kSwitch, "", 0, 1, Preference::kSmaller, false,
     "spread a model over all GPUs even where it fits one", "false,true", "OLLAMA_SCHED_SPREAD"},
    {Parameter::kNumParallel, "num_parallel", "--num-parallel", Scope::kServer,
     ParameterType::kCount, "requests", 1, 4'096, Preference::kSmaller, false,
     "requests that a model answers at a time, each with a context of its own", "1,2,4",
     "OLLAMA_NUM_PARALLEL"},
    {Parameter::kFlashAttention, "flash_attention", "--flash-attention", Scope::kServer,
     ParameterType::kSwitch, "", 0, 1, Preference::kSmaller, false,
     "flash attention; auto leaves it to the server", "false,true", "OLLAMA_FLASH_ATTENTION"},
    {Parameter::kKvCacheType, "kv_cache_type", "--kv-cache-type", Scope::kServer,
     ParameterType::kChoice, "", 0, static_cast<int>(kKvCacheTypes.size()) - 1,
     Preference::kSmaller, false, "numbers that the KV cache holds: f16, q8_0 or q4_0", "f16,q8_0",
     "OLLAMA_KV_CACHE_TYPE", kKvCacheTypes},
    {Parameter::kNumCtx, "num_ctx", "--ctx", Scope::kModel, ParameterType::kCount, "tokens", 1,
     kMostTokens, Preference::kLarger, true, "context length, and so the size of the KV cache",
     "4096,8192"},
    {Parameter::kNumBatch, "num_batch", "--batch", Scope::kModel, ParameterType::kCount, "tokens",
     1, kMostTokens, Preference::kSmaller, true, "prompt tokens that go through the model at once",
     "128,512"},
    {Parameter::kNumGpu, "num_gpu", "--num-gpu", Scope::kModel, ParameterType::kCount, "layers", 0,
     10'000, Preference::kLarger, true, "layers of the model on GPUs", "0,16,99"},
    {Parameter::kNumThread, "num_thread", "--num-thread", Scope::kModel, ParameterType::kCount,
     "threads", 1, 4'096, Preference::kSmaller, true, "threads that compute on CPUs", "4,8,12"},
    {Parameter::kMainGpu, "main_gpu", "--main-gpu", Scope::kModel, ParameterType::kCount, "", 0,
     255, Preference::kSmaller, true, "GPU that holds what is not split over all", "0,1"},
    {Parameter::kUseMmap, "use_mmap", "--use-mmap", Scope::kModel, ParameterType::kSwitch, "", 0, 1,
     Preference::kLarger, true, "map the weights into memory instead of reading them",
     "false,true"},
    {Parameter::kPromptTokens, "prompt_tokens", "--prompt-tokens", Scope::kRequest,
     ParameterType::kCount, "tokens", 1, kMostPromptTokens, Preference::kLarger, false,
     "length of the built-in prompt", "2048"},
    {Parameter::kNumPredict, "num_predict", "--num-predict", Scope::kRequest, ParameterType::kCount,
     "tokens", 1, 100'000, Preference::kLarger, true, "tokens to generate in each run", "2"},
    {Parameter::kConcurrency, "concurrency", "--concurrency", Scope::kTraffic,
     ParameterType::kCount, "requests", 1, 10'000, Preference::kLarger, false,
     "requests in flight at a time (users who wait for their answer)", "1,2,4,8"},
    {Parameter::kRequestRate, "request_rate", "--rate", Scope::kTraffic, ParameterType::kDecimal,
     "requests/s", 1, 1'000'000'000, Preference::kLarger, false,
     "requests sent per second, whatever the server does", "0.5,1,2"},
}};

std::string FormatDecimal(int value) {
  const int fraction = std::abs(value % kDecimalUnit);
  std::string text = std::to_string(value / kDecimalUnit);
  if (fraction == 0) return text;
  text += '.' + std::to_string(kDecimalUnit + fraction).substr(1);
  return text.substr(0, text.find_last_not_of('0') + 1);
}

// Digits alone, with a point and at most three of them behind it.
std::optional<int> ParseDecimal(std::string_view text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  std::string fraction(text.substr(std::min(point + 1, text.size())));
  const bool has_empty_part = digits.empty() || (point < text.size() && fraction.empty());
  if (has_empty_part || fraction.size() > 3) return std::nullopt;
  fraction.resize(3, '0');
  digits += fraction;
  int value = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, value);
  const bool is_number = parsed.ec == std::errc() && parsed.ptr == end && digits.front() != '-';
  return is_number ? std::optional(value) : std::nullopt;
}

std::string FormatSet(int value) {
  std::string text;
  for (int i = 0; i < kMostGpus; ++i) {
    if ((value >> i & 1) == 0) continue;
    text += (text.empty() ? "" : "+") + std::to_string(i);
  }
  return text;
}

// "0+2": numbers in any order, each once.
std::optional<int> ParseSet(std::string_view text) {
  int set = 0;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find('+'));
    int number = -1;
    const auto parsed = std::from_chars(part.data(), part.data() + part.size(), number);
    const bool is_number = parsed.ec == std::errc() && parsed.ptr == part.data() + part.size();
    if (!is_number || number < 0 || number >= kMostGpus || (set >> number & 1) != 0) {
      return std::nullopt;
    }
    set |= 1 << number;
    const bool has_more = part.size() < text.size();
    text.remove_prefix(part.size() + (has_more ? 1 : 0));
    if (has_more && text.empty()) return std::nullopt;
  }
  return set == 0 ? std::nullopt : std::optional(set);
}

std::optional<int> ParseChoice(std::span<const std::string_view> choices, std::string_view text) {
  const auto found = std::find(choices.begin(), choices.end(), text);
  if (found == choices.end()) return std::nullopt;
  return static_cast<int>(found - choices.begin());
}

std::optional<int> ParseCount(std::string_view text) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  return parsed.ec == std::errc() && parsed.ptr == end ? std::optional(number) : std::nullopt;
}

// Each name once, for good: views of them stay valid.
class Names {
 public:
  int ValueOf(std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto [found, is_new] =
        values_.try_emplace(std::string(name), static_cast<int>(names_.size()));
    if (is_new) names_.push_back(found->first);
    return found->second;
  }
  std::string_view NameOf(int value) {
    const std::lock_guard lock(mutex_);
    const auto place = static_cast<std::size_t>(value);
    return value >= 0 && place < names_.size() ? names_[place] : std::string_view();
  }

 private:
  std::mutex mutex_;
  std::map<std::string, int, std::less<>> values_;
  std::vector<std::string_view> names_;  ///< keys of the map, by their values
};

Names& AllNames() {
  static Names names;
  return names;
}

}  // namespace

int ValueOfName(std::string_view name) {
  return AllNames().ValueOf(name);
}

std::string_view NameOfValue(int value) {
  return AllNames().NameOf(value);
}

bool IsBefore(Parameter parameter, int a, int b) {
  const bool are_names =
      Describe(parameter).type == ParameterType::kName && a != kAutoValue && b != kAutoValue;
  const int order = are_names ? NameOfValue(a).compare(NameOfValue(b)) : 0;
  return order != 0 ? order < 0 : a < b;
}

std::span<const ParameterInfo> AllParameters() {
  return kParameters;
}

const ParameterInfo& Describe(Parameter parameter) {
  return kParameters[static_cast<std::size_t>(parameter)];
}

std::optional<Parameter> ParameterFromKey(std::string_view key) {
  const auto found = std::find_if(kParameters.begin(), kParameters.end(),
                                  [key](const ParameterInfo& info) { return info.key == key; });
  if (found == kParameters.end()) return std::nullopt;
  return found->parameter;
}

std::string FormatValue(Parameter parameter, int value) {
  if (value == kAutoValue) return "auto";
  const ParameterInfo& info = Describe(parameter);
  switch (info.type) {
    case ParameterType::kSwitch:
      return value != 0 ? "true" : "false";
    case ParameterType::kDecimal:
      return FormatDecimal(value);
    case ParameterType::kChoice: {
      const auto place = static_cast<std::size_t>(value);
      return place < info.choices.size() ? std::string(info.choices[place]) : std::string();
    }
    case ParameterType::kSet:
      return FormatSet(value);
    case ParameterType::kName:
      return std::string(NameOfValue(value));
    case ParameterType::kCount:
      break;
  }
  return std::to_string(value);
}

std::optional<int> ParseValue(Parameter parameter, std::string_view text) {
  if (text == "auto") return kAutoValue;
  const ParameterInfo& info = Describe(parameter);
  switch (info.type) {
    case ParameterType::kSwitch:
      if (text == "true") return 1;
      return text == "false" ? std::optional(0) : std::nullopt;
    case ParameterType::kDecimal:
      return ParseDecimal(text);
    case ParameterType::kChoice:
      return ParseChoice(info.choices, text);
    case ParameterType::kSet:
      return ParseSet(text);
    case ParameterType::kName:
      return text.empty() ? std::nullopt : std::optional(ValueOfName(text));
    case ParameterType::kCount:
      break;
  }
  return ParseCount(text);
}

}  // namespace ollama_bench
