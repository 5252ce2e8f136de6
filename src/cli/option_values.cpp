#include "option_values.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <string_view>

namespace ollama_bench {

Expected<double, std::string> ParsePercent(const std::string& text) {
  char* end = nullptr;
  const double percent = std::strtod(text.c_str(), &end);
  const std::string_view rest(end);
  const bool is_number = end != text.c_str() && (rest.empty() || rest == "%" || rest == " %");
  if (is_number && std::isfinite(percent) && percent > 0 && percent < 100) return percent / 100;
  return Unexpected<std::string>(
      fmt::format("{}: not a share above 0 and below 100 per cent, such as 5%", text));
}

std::string CheckPercent(const std::string& text) {
  const auto percent = ParsePercent(text);
  return percent ? std::string() : percent.error();
}

}  // namespace ollama_bench
