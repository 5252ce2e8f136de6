#include "ollama_bench/core/failure.h"

#include <algorithm>
#include <array>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

using enum FailureKind;

constexpr std::array kKinds = {
    FailureKindInfo{kOutOfMemory, "out_of_memory", "OOM", "CUDA OOM"},
    FailureKindInfo{kGpuResourceAllocation, "gpu_resource_allocation", "GPU alloc",
                    "CUDA resource allocation error"},
    FailureKindInfo{kRunnerCrash, "runner_crash", "crash", "Runner crashed"},
    FailureKindInfo{kTimeout, "timeout", "timeout", "Timeout"},
    FailureKindInfo{kServerUnavailable, "server_unavailable", "no server", "Server unavailable"},
    FailureKindInfo{kServerBusy, "server_busy", "busy", "Server busy"},
    FailureKindInfo{kRefused, "refused", "refused", "Refused"},
    FailureKindInfo{kModelMissing, "model_missing", "no model", "Model missing"},
    FailureKindInfo{kBadModelfile, "bad_modelfile", "Modelfile", "Bad Modelfile"},
    FailureKindInfo{kCannotLoad, "cannot_load", "no load", "Model cannot load"},
    FailureKindInfo{kPromptTooLong, "prompt_too_long", "too long", "Prompt too long"},
    FailureKindInfo{kPromptTruncated, "prompt_truncated", "cut", "Prompt truncated"},
    FailureKindInfo{kNoMetrics, "no_metrics", "no data", "Parse error"},
    FailureKindInfo{kNotRecorded, "not_recorded", "no record", "Not recorded"},
    FailureKindInfo{kInterrupted, "interrupted", "stopped", "Interrupted"},
    FailureKindInfo{kNoDiskSpace, "no_disk_space", "disk full", "No disk space"},
    FailureKindInfo{kUnknown, "unknown", "failed", "Unknown error"},
};

}  // namespace

std::span<const FailureKindInfo> AllFailureKinds() {
  return kKinds;
}

const FailureKindInfo& Describe(FailureKind kind) {
  return *std::find_if(kKinds.begin(), kKinds.end(),
                       [kind](const FailureKindInfo& info) { return info.kind == kind; });
}

std::optional<FailureKind> FailureKindFromKey(std::string_view key) {
  const auto* found = std::find_if(kKinds.begin(), kKinds.end(),
                                   [key](const FailureKindInfo& info) { return info.key == key; });
  if (found == kKinds.end()) return std::nullopt;
  return found->kind;
}

FailureKind FailureKindFromOldError(std::string_view error) {
  const std::string lower = Lower(error);
  for (const FailureKindInfo& info : kKinds) {
    if (lower == Lower(info.sentence)) return info.kind;
  }
  const auto contains = [&lower](std::string_view part) {
    return lower.find(part) != std::string::npos;
  };
  if (contains("resource allocation")) return kGpuResourceAllocation;
  if (contains("oom") || contains("out of memory")) return kOutOfMemory;
  if (contains("timeout") || contains("timed out")) return kTimeout;
  if (contains("pars")) return kNoMetrics;
  return kUnknown;
}

bool TellsOfTheCell(FailureKind kind) {
  switch (kind) {
    case kInterrupted:
    case kServerUnavailable:
    case kServerBusy:
    case kRefused:
    case kModelMissing:
    case kBadModelfile:
    case kNoDiskSpace:
      return false;
    case kOutOfMemory:
    case kGpuResourceAllocation:
    case kRunnerCrash:
    case kTimeout:
    case kCannotLoad:
    case kPromptTooLong:
    case kPromptTruncated:
    case kNoMetrics:
    case kNotRecorded:
    case kUnknown:
      return true;
  }
  return true;
}

bool TellsOfNeighbours(FailureKind kind) {
  return TellsOfTheCell(kind) && kind != kNoMetrics && kind != kNotRecorded;
}

}  // namespace ollama_bench
