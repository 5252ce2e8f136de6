#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/analysis/prompt_summary.h"
#include "ollama_bench/core/debug_log.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/labels.h"
#include "ollama_bench/core/prompt_record.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/render/prompt_text.h"
#include "ollama_bench/session/session_error.h"

namespace ollama_bench {

/// What `prompts` is to do, unchecked but for the types and the bounds of numbers.
struct PromptsOptions {
  std::string model;
  std::string host;             ///< empty: OLLAMA_HOST, else Ollama's default
  std::filesystem::path input;  ///< the data set; "-": standard input; empty: built in
  std::string field;            ///< of the prompt in it; empty: the usual ones
  bool skip_bad = false;
  std::optional<std::size_t> num_samples;  ///< entries of the data set, the first ones
  std::filesystem::path output = "prompt_timing.jsonl";
  std::filesystem::path table;      ///< empty: none
  std::filesystem::path trace;      ///< empty: none
  std::filesystem::path histogram;  ///< empty: none
  int max_new_tokens = 128;
  int concurrency = 1;
  int repeat = 1;
  std::string shard;  ///< "2/4"; empty: all
  int seed = 1;
  std::chrono::seconds timeout{360};  ///< of a request
  Labels labels;
  DebugLog log;
};

/// What a pass is about to do.
struct PromptsPlan {
  std::string model;
  std::string ollama_version;
  std::string server;        ///< URL
  std::string data_set;      ///< in words
  std::size_t requests = 0;  ///< of the pass
  std::size_t known = 0;     ///< of them answered by earlier starts, or failed for good
};

/// Is told what happens, on the thread of the caller.
class PromptsObserver {
 public:
  virtual ~PromptsObserver() = default;

  virtual void OnWarning(const std::string& text) = 0;
  virtual void OnBegin(const PromptsPlan& plan) = 0;
  /// A request has ended, and its record is in the file. `done` of the plan's requests are.
  virtual void OnRecord(const PromptRecord& record, std::size_t done) = 0;
  /// Some 20 times a second while requests are under way.
  virtual void OnIdle() = 0;
};

struct PromptsOutcome {
  /// Of the requests of the plan, those of earlier starts included. Empty after a stop request.
  std::optional<PromptSummary> summary;
  PromptCaption caption;
  std::size_t done = 0;  ///< requests whose outcome is in the file
  std::size_t planned = 0;
  std::optional<Failure> gave_up;              ///< why the rest was not asked
  std::vector<std::filesystem::path> written;  ///< beside the output
};

/// Asks the model each prompt of the data set that the output does not hold an answer to, and adds
/// what comes of it to the output; then writes what else is wanted, of all of it. A stop request
/// cancels what is under way: it is asked again by the next start.
Expected<PromptsOutcome, SessionError> RunPrompts(const PromptsOptions& options,
                                                  const StopRequest& stop,
                                                  PromptsObserver& observer);

}  // namespace ollama_bench
