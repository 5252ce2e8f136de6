#include "failure_response.h"

namespace ollama_bench {

FailureResponse ResponseTo(FailureKind kind, bool other_models_loaded) {
  switch (kind) {
    case FailureKind::kGpuResourceAllocation:
    case FailureKind::kRunnerCrash:
    case FailureKind::kTimeout:
    case FailureKind::kNoMetrics:
    case FailureKind::kUnknown:
      return FailureResponse::kRetryOnce;
    case FailureKind::kServerUnavailable:
    case FailureKind::kServerBusy:
      return FailureResponse::kWaitForServer;
    case FailureKind::kModelMissing:
    case FailureKind::kBadModelfile:
    case FailureKind::kNoDiskSpace:
    case FailureKind::kRefused:
      return FailureResponse::kStopSweep;
    case FailureKind::kInterrupted:
      return FailureResponse::kStopRequested;
    case FailureKind::kOutOfMemory:
      return other_models_loaded ? FailureResponse::kRetryOnce : FailureResponse::kRecord;
    case FailureKind::kCannotLoad:
    case FailureKind::kPromptTooLong:
    case FailureKind::kPromptTruncated:
    case FailureKind::kNotRecorded:
      return FailureResponse::kRecord;
  }
  return FailureResponse::kRecord;
}

}  // namespace ollama_bench
