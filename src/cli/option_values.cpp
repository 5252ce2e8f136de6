#include "option_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "ollama_bench/core/text.h"

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

std::function<std::string(const std::string&)> CheckCount(std::uint64_t lowest) {
  return [lowest](const std::string& text) {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    const bool is_whole = error == std::errc() && rest == end;
    if (is_whole && value >= lowest) return std::string();
    return fmt::format("{} is no whole number from {} on; write one such as {}",
                       text.empty() ? "\"\"" : Printable(text, false), lowest,
                       std::max<std::uint64_t>(lowest, 10));
  };
}

std::function<std::string(const std::string&)> CheckNumber(double lowest, double highest) {
  return [lowest, highest](const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    const bool is_number = end != text.c_str() && *end == '\0';
    if (is_number && value >= lowest && value <= highest) return std::string();
    return fmt::format("{} is no number from {} to {}",
                       text.empty() ? "\"\"" : Printable(text, false), lowest, highest);
  };
}

namespace {

struct ParameterValue {
  Parameter parameter{};
  int value = kAutoValue;
};

// "num_thread=8", "use_mmap=false", "num_ctx=auto".
Expected<ParameterValue, std::string> ParseWhere(const std::string& text) {
  const auto equals = text.find('=');
  const auto parameter = ParameterFromKey(text.substr(0, equals));
  if (equals == std::string::npos || !parameter) {
    return Unexpected<std::string>(
        fmt::format("{}: write a parameter and a value, such as num_thread=8", text));
  }
  const std::string value = text.substr(equals + 1);
  if (const auto parsed = ParseValue(*parameter, value)) return ParameterValue{*parameter, *parsed};
  return Unexpected<std::string>(
      fmt::format("{}: {} is no value of {}", text, value, KeyOf(*parameter)));
}

constexpr const char* kSliceGroup = "Which cells, where more than two parameters were swept";

CLI::Option* AddAxisOption(CLI::App& app, const std::string& name, std::string& axis,
                           const std::string& help) {
  return app.add_option(name, axis, help)
      ->type_name("PARAMETER")
      ->check(CLI::IsMember(KeysOf(AllParameters())))
      ->group(kSliceGroup);
}

void AddAcrossOption(CLI::App& app, SliceOptions& options) {
  AddAxisOption(app, "--across", options.across, "Parameter that goes across");
}

void AddWhereOption(CLI::App& app, SliceOptions& options) {
  app.add_option("--where", options.where,
                 "Only cells with this value; several of one parameter are alternatives")
      ->type_name("PARAMETER=VALUE")
      ->allow_extra_args(false)
      ->check([](const std::string& text) {
        const auto parsed = ParseWhere(text);
        return parsed ? std::string() : parsed.error();
      })
      ->group(kSliceGroup);
}

}  // namespace

void AddTableOptions(CLI::App& app, SliceOptions& options) {
  AddAcrossOption(app, options);
  AddAxisOption(app, "--down", options.down,
                "Parameter that goes down; others give one table a value");
  AddWhereOption(app, options);
}

void AddLineOptions(CLI::App& app, SliceOptions& options) {
  AddAcrossOption(app, options);
  AddWhereOption(app, options);
}

Slice SliceOf(const SliceOptions& options) {
  Slice slice;
  slice.across = ParameterFromKey(options.across);
  slice.down = ParameterFromKey(options.down);
  for (const std::string& text : options.where) {
    const ParameterValue held = *ParseWhere(text);
    const auto known =
        std::find_if(slice.where.begin(), slice.where.end(),
                     [&held](const Axis& axis) { return axis.parameter == held.parameter; });
    if (known == slice.where.end()) {
      slice.where.push_back({held.parameter, {held.value}});
    } else {
      known->values.push_back(held.value);
    }
  }
  return slice;
}

}  // namespace ollama_bench
