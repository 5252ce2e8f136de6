#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/sample.h"
#include "ollama_bench/workload/prompt_feed.h"
#include "ollama_bench/workload/window.h"

namespace ollama_bench {

/// One of several programs or models that are measured, as found before the first sample.
struct SubjectFacts {
  Cell subject;  ///< the program and the model that it is, where cells set them
  std::string ollama_version;
  std::string model_digest;                          ///< "sha256:…"
  std::optional<std::int64_t> trained_context = {};  ///< tokens
  std::optional<std::int64_t> layers = {};
  bool has_vision = false;
  /// The release has no flash attention for one of the devices that it computes on.
  bool lacks_flash_attention = false;
};

/// What is known of the server and the base model before anything is measured.
struct ServerFacts {
  std::string ollama_version;
  std::string model_digest;  ///< "sha256:…" of the base model, or of the Modelfile and its weights
  std::optional<std::int64_t> trained_context;  ///< tokens
  std::vector<std::string> other_models_loaded;
  bool is_local = true;
  int port = 0;                             ///< of the server; 0 for a recording
  std::optional<std::int64_t> layers = {};  ///< of the model, but for the output
  /// A file that the prompt names would be attached to it (see FindAttachedFile).
  bool attaches_files = false;
  bool has_vision = false;                  ///< of the model, as the server says
  bool lacks_flash_attention = false;       ///< as in SubjectFacts
  std::vector<SubjectFacts> subjects = {};  ///< where several are measured; the first is as above
};

/// `facts` with those of the subject of `cell` in place of the first one's.
ServerFacts FactsFor(const ServerFacts& facts, const Cell& cell);

/// A model in the server's memory, as /api/ps reports it.
struct LoadedModel {
  std::string digest;                   ///< "sha256:…"
  std::optional<std::int64_t> context;  ///< tokens; servers before v0.10 do not say
  std::int64_t size_bytes = 0;
  std::int64_t size_vram_bytes = 0;
  std::optional<Cell> server = {};  ///< the settings that the server says it uses
};

/// A cell made ready to be measured.
struct PreparedCell {
  std::optional<std::chrono::nanoseconds> create;  ///< time that `ollama create` took
  /// The model is in memory as the cell wants it: the cell before differs in the request alone, and
  /// this one was not measured since the load.
  bool is_loaded = false;
};

struct RunReport {
  RunMetrics metrics;
  std::chrono::nanoseconds wall{0};
  std::optional<std::chrono::nanoseconds> first_token = {};  ///< as in Sample
  std::optional<Window> window = {};                         ///< as in Sample
  std::vector<RequestFigures> requests = {};                 ///< of the window
  /// When its measured stretch began.
  std::optional<std::chrono::steady_clock::time_point> measured_from = {};
};

/// One way to measure a cell with Ollama: through its command line, its HTTP interface, or a
/// recording. A Failure of kind kInterrupted means that a stop was requested. Not thread-safe.
class Driver {
 public:
  virtual ~Driver() = default;

  /// "cli", "api" or "replay", as the store's identity has it.
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Reaches the server, checks that the model is there (never pulls it), removes nothing.
  virtual Expected<ServerFacts, Failure> Connect() = 0;
  /// Makes `cell` the one that Run measures. The model is loaded by the first Run after it, unless
  /// the answer says that it is loaded.
  virtual Expected<PreparedCell, Failure> Prepare(const Cell& cell) = 0;
  /// One run of the prepared cell with `prompt`, to its end or the time-out. After a run that had
  /// to be ended, the model is unloaded before this returns, so that the GPU is free again.
  virtual Expected<RunReport, Failure> Run(std::string_view prompt) = 0;
  /// A window of load on the prepared cell, with prompts of `feed`; see RunWindow, also for
  /// failures. One where the driver has no way to it.
  virtual Expected<RunReport, Failure> RunWindow(const WindowPlan& plan, PromptFeed& feed);
  /// Makes the server forget the last prompt without a load, so that the next one is read whole,
  /// the model's template and SYSTEM text included.
  virtual Expected<void, Failure> ForgetPrompt() = 0;
  /// Has the loaded model generate `tokens` tokens, or as many as it likes to, without a load. For
  /// the decode rate: a run reads its long prompt and generates next to nothing. A failure where
  /// the driver has no way to it.
  virtual Expected<RunMetrics, Failure> Decode(int tokens) = 0;
  /// The prepared cell's model as loaded now; empty when it is not loaded or it is not known.
  virtual std::optional<LoadedModel> Loaded() = 0;
  /// Names of the user's models in the server's memory now beside the one that is measured; empty
  /// where it is not known.
  virtual std::vector<std::string> OtherModels() = 0;
  /// Names of the models that Prepare will create on the server. They are written down before the
  /// first Prepare, so that they can be removed, also after a crash.
  [[nodiscard]] virtual std::vector<std::string> TemporaryModels() const = 0;
  /// Takes the model that was measured out of the server's memory; the temporary models stay on its
  /// disk. Safe to call again, and after a stop request. A failure says why it may still be loaded.
  virtual Expected<void, Failure> CleanUp() = 0;
};

}  // namespace ollama_bench
