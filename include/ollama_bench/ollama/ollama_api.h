#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/debug_log.h"
#include "ollama_bench/core/decode_cost.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/ollama/server_address.h"

namespace ollama_bench {

/// A model that the server has, by /api/tags.
struct ModelListing {
  std::string name;                        ///< with its tag: "qwen3:latest"
  std::string digest;                      ///< "sha256:…"
  std::optional<std::int64_t> size_bytes;  ///< of its files
  std::string remote_host = {};            ///< that runs it; empty where the server itself does
};

/// The model that `name` means, as Ollama reads it: a missing tag is ":latest", and case does not
/// count. Null where there is none.
const ModelListing* FindModel(const std::vector<ModelListing>& models, const std::string& name);

/// A model in memory, by /api/ps.
struct RunningModel {
  std::string name;
  std::string digest;
  std::int64_t size_bytes = 0;
  std::int64_t size_vram_bytes = 0;
  std::optional<std::int64_t> context_length;  ///< tokens; from v0.10 on
};

/// What /api/show reports of a model.
struct ModelDetails {
  std::string family;
  std::optional<std::int64_t> trained_context;     ///< tokens
  std::optional<std::int64_t> layers;              ///< but for the output
  std::optional<std::int64_t> kv_bytes_per_token;  ///< of the KV cache at 16 bits a value
  std::optional<DecodeCost> decode_cost = {};      ///< of what its tensors say
  std::string parameters;                          ///< of its Modelfile, a line each
  std::string remote_host;                         ///< as in ModelListing
  std::vector<std::string> capabilities;  ///< "completion", "vision"; servers before v0.6.4: none
  bool takes_files = false;  ///< sees pictures or hears sound, so that the client attaches files
  bool has_vision = false;   ///< it is said to read pictures
};

/// Ollama's HTTP interface, as far as it is needed beside the command line. Answers are bounded in
/// size and time and checked: whatever is no answer of Ollama's comes back as a Failure, nothing
/// throws. Not thread-safe; keeps one connection open.
///
/// After a stop request a request has no more than 5 s, all together have 15 s; what is not
/// answered in that time, and every request after one that was not, is a kInterrupted.
class OllamaApi {
 public:
  /// `stop` must outlive the object. `log` takes a line on each request.
  OllamaApi(ServerAddress address, const StopRequest& stop, DebugLog log = nullptr);
  ~OllamaApi();

  [[nodiscard]] const ServerAddress& address() const;
  [[nodiscard]] const DebugLog& log() const;

  Expected<std::string, Failure> Version();
  Expected<std::vector<ModelListing>, Failure> Models();
  Expected<std::vector<RunningModel>, Failure> Running();
  Expected<ModelDetails, Failure> Show(const std::string& model);
  /// The start of every prompt of the model, as its template makes it: a special token, else a
  /// word. `cell` is what the model is loaded with, or empty where those are its own parameters.
  /// Empty where the server does not report it; only for releases from v0.30 on, others would run
  /// the model.
  std::string PromptOpening(const std::string& model, std::optional<Cell> cell);
  /// Asks the server to take the model out of memory. It happens later: see Running.
  Expected<void, Failure> Unload(const std::string& model);
  /// Removes the model from the server. That there is none is no failure.
  Expected<void, Failure> Remove(const std::string& model);

 private:
  class Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace ollama_bench
