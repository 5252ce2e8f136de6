#include "ollama_bench/core/parameter.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

namespace ollama_bench {
namespace {

// Far above any model, and the difference of any two fits into an int.
constexpr int kMostTokens = 1 << 30;
constexpr int kMostPromptTokens = 4'000'000;

constexpr std::array<ParameterInfo, kParameterCount> kParameters = {{
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

}  // namespace

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
  if (Describe(parameter).type == ParameterType::kSwitch) return value != 0 ? "true" : "false";
  if (Describe(parameter).type == ParameterType::kDecimal) return FormatDecimal(value);
  return std::to_string(value);
}

std::optional<int> ParseValue(Parameter parameter, std::string_view text) {
  if (text == "auto") return kAutoValue;
  if (Describe(parameter).type == ParameterType::kSwitch) {
    if (text == "true") return 1;
    return text == "false" ? std::optional(0) : std::nullopt;
  }
  if (Describe(parameter).type == ParameterType::kDecimal) return ParseDecimal(text);
  int number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  return parsed.ec == std::errc() && parsed.ptr == end ? std::optional(number) : std::nullopt;
}

}  // namespace ollama_bench
