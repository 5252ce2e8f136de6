#include "ollama_bench/core/window.h"

#include <algorithm>
#include <array>

namespace ollama_bench {
namespace {

constexpr std::array<std::pair<WindowPart, std::string_view>, 4> kParts = {{
    {WindowPart::kCalibration, "calibration"},
    {WindowPart::kWarmUp, "warm_up"},
    {WindowPart::kMeasured, "measured"},
    {WindowPart::kTail, "tail"},
}};

std::optional<double> PerSecond(std::int64_t count, const Window& window) {
  if (!window.duration || window.duration->count() <= 0) return std::nullopt;
  return static_cast<double>(count) / std::chrono::duration<double>(*window.duration).count();
}

}  // namespace

std::string_view KeyOf(WindowPart part) {
  return kParts[static_cast<std::size_t>(part)].second;
}

std::optional<WindowPart> WindowPartFromKey(std::string_view key) {
  const auto found = std::find_if(kParts.begin(), kParts.end(),
                                  [key](const auto& part) { return part.second == key; });
  if (found == kParts.end()) return std::nullopt;
  return found->first;
}

std::vector<std::pair<std::string_view, std::optional<bool>>> AllOf(const WindowChecks& checks) {
  return {{"sender_lag", checks.sender_lag},
          {"rate", checks.rate},
          {"littles_law", checks.littles_law},
          {"client_cpu", checks.client_cpu},
          {"cache", checks.cache}};
}

std::optional<double> OutputThroughput(const Window& window) {
  return PerSecond(window.output_tokens, window);
}

std::optional<double> RequestThroughput(const Window& window) {
  return PerSecond(window.completed, window);
}

}  // namespace ollama_bench
