#include "ollama_bench/core/workload_kind.h"

#include <algorithm>
#include <array>

namespace ollama_bench {
namespace {

constexpr std::array kWorkloads = {
    WorkloadInfo{WorkloadKind::kPrefill, "prefill", Metric::kPromptEvalRate, 2,
                 "how fast a prompt is read"},
    WorkloadInfo{WorkloadKind::kGenerate, "generate", Metric::kEvalRate, 128,
                 "how fast an answer is generated"},
};

}  // namespace

std::span<const WorkloadInfo> AllWorkloads() {
  return kWorkloads;
}

const WorkloadInfo& Describe(WorkloadKind kind) {
  return kWorkloads[static_cast<std::size_t>(kind)];
}

std::optional<WorkloadKind> WorkloadFromKey(std::string_view key) {
  const auto found = std::find_if(kWorkloads.begin(), kWorkloads.end(),
                                  [key](const WorkloadInfo& info) { return info.key == key; });
  if (found == kWorkloads.end()) return std::nullopt;
  return found->kind;
}

}  // namespace ollama_bench
