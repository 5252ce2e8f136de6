#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ollama_bench {

/// Why a visit of a cell failed.
enum class FailureKind {
  kOutOfMemory,
  kGpuResourceAllocation,
  kRunnerCrash,
  kTimeout,
  kServerUnavailable,
  kServerBusy,  ///< it runs, and takes no request for now
  kRefused,     ///< the server, or a proxy before it, takes no request of ours
  kModelMissing,
  kBadModelfile,
  kCannotLoad,
  kPromptTooLong,
  kPromptTruncated,
  kNoMetrics,
  kNotRecorded,
  kInterrupted,
  kNoDiskSpace,
  kUnknown,
};

/// The one place where a failure kind's spellings are.
struct FailureKindInfo {
  FailureKind kind;
  std::string_view key;       ///< in the store and in JSON: "out_of_memory"
  std::string_view label;     ///< short, for a picture's cell: "OOM"
  std::string_view sentence;  ///< the store's "error", as the old script worded it
};

/// Every kind once, in the order of the enumeration.
std::span<const FailureKindInfo> AllFailureKinds();
const FailureKindInfo& Describe(FailureKind kind);
std::optional<FailureKind> FailureKindFromKey(std::string_view key);
/// The kind that an old results file's "error" text means; kUnknown where nothing fits.
FailureKind FailureKindFromOldError(std::string_view error);
/// Whether such a failure says something of the cell it happened in. One that was interrupted, or
/// met a server, a model or a disk that was not there, would have happened anywhere.
bool TellsOfTheCell(FailureKind kind);
/// Whether cells that need as much or more are likely to fail like it: what fits, loads and lasts
/// has a border. One of an unknown kind may be any of these.
bool TellsOfNeighbours(FailureKind kind);

struct Failure {
  FailureKind kind = FailureKind::kUnknown;
  std::string message;  ///< one line for a person
  std::string
      output_tail;  ///< the end of what Ollama printed, valid UTF-8, control characters escaped
  int attempts = 1;

  friend bool operator==(const Failure&, const Failure&) = default;
};

/// What ends because a stop was requested.
inline Failure Stopped() {
  return {FailureKind::kInterrupted, "stopped", {}, 1};
}

}  // namespace ollama_bench
