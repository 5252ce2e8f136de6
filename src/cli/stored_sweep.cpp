#include "ollama_bench/cli/stored_sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace ollama_bench {
namespace {

std::string DescribeHardware(const Environment& environment) {
  std::vector<std::pair<std::string, int>> kinds;
  for (const std::string& gpu : environment.gpus) {
    const auto known = std::find_if(kinds.begin(), kinds.end(),
                                    [&gpu](const auto& kind) { return kind.first == gpu; });
    if (known == kinds.end()) {
      kinds.emplace_back(gpu, 1);
    } else {
      ++known->second;
    }
  }
  std::vector<std::string> parts;
  for (const auto& [name, count] : kinds) {
    parts.push_back(count == 1 ? name : fmt::format("{} x {}", count, name));
  }
  return parts.empty() ? environment.cpu : fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

Grid PlannedGrid(const Metadata& metadata) {
  return {ParseAxis(metadata.num_ctx_range).value_or(Axis()),
          ParseAxis(metadata.num_batch_range).value_or(Axis())};
}

SweepCaption MakeCaption(const Metadata& metadata) {
  constexpr std::size_t kLengthOfDate = 10;
  SweepCaption caption;
  caption.model = metadata.identity.model;
  caption.ollama_version = metadata.identity.ollama_version;
  caption.hardware = DescribeHardware(metadata.environment);
  caption.date = metadata.start_time.substr(0, kLengthOfDate);
  caption.prompt_tokens = metadata.identity.prompt_tokens;
  caption.replayed = metadata.replayed;
  caption.mixed = metadata.mixed;
  return caption;
}

}  // namespace ollama_bench
