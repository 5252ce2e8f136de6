#include "ollama_bench/core/server_variable.h"

#include <algorithm>

#include "ollama_bench/core/text.h"

namespace ollama_bench {

std::string VariableText(Parameter parameter, int value) {
  if (Describe(parameter).type == ParameterType::kSwitch) return value != 0 ? "1" : "0";
  std::string text = FormatValue(parameter, value);
  std::replace(text.begin(), text.end(), '+', ',');
  return text;
}

std::optional<int> ReadVariableText(Parameter parameter, std::string_view text) {
  std::string value = Lower(Trim(text, " \t\"'"));
  if (value.empty()) return std::nullopt;
  if (Describe(parameter).type == ParameterType::kSwitch) {
    // As Go's ParseBool, and whatever else is set counts as on.
    return value != "0" && value != "f" && value != "false" ? 1 : 0;
  }
  if (Describe(parameter).type == ParameterType::kSet) {
    std::replace(value.begin(), value.end(), ',', '+');
  }
  const auto number = ParseValue(parameter, value);
  const ParameterInfo& info = Describe(parameter);
  const bool is_valid = number && *number >= info.lowest && *number <= info.highest;
  return is_valid ? number : std::nullopt;
}

}  // namespace ollama_bench
