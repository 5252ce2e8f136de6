#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/core/cell.h"

namespace ollama_bench {

/// A release of Ollama. What follows the third number ("-rc2", "+local") is left out.
struct OllamaVersion {
  int major = 0;
  int minor = 0;
  int patch = 0;

  friend auto operator<=>(const OllamaVersion&, const OllamaVersion&) = default;
};

/// Reads "0.11.4", "v0.33.0-rc2"; empty for anything else ("0.0.0" of a build by hand included).
std::optional<OllamaVersion> ParseOllamaVersion(std::string_view text);

/// The version in the output of `ollama --version`: the client's own where both are told.
std::string ClientVersion(std::string_view output);

/// Something to know of some releases before measuring with them.
struct VersionFact {
  bool is_warning = false;  ///< results of these releases mislead; else only good to know
  std::string_view text;    ///< one sentence for a person
};

/// What is known of `version`, warnings first. Sources: Ollama's own, tags v0.6.8 to v0.33.0-rc2.
std::vector<VersionFact> FactsOfVersion(const OllamaVersion& version);

/// What to say before a sweep on a server that calls itself `version`; a line each, mostly none. Of
/// a version that is none ("0.0.0") that its defaults are not known.
std::vector<std::string> VersionWarnings(std::string_view version);

/// What a release makes of the values that it is given.
struct EffectiveRules {
  bool cuts_batch_to_context = false;    ///< num_batch to num_ctx
  bool cuts_context_to_trained = false;  ///< num_ctx to what the model was trained with
  /// The least num_ctx that a model with vision is given; empty: what is asked for.
  std::optional<int> least_vision_context = {};
  bool needs_gpu_for_flash_attention = false;
  /// Without flash attention the KV cache is f16, whatever is asked for.
  bool drops_kv_type = false;
  /// A quantised KV cache without flash attention ends the load.
  bool refuses_kv_type = false;
  /// What auto means, of settings of Scope::kServer where it is known.
  Cell server_defaults = {};
};
EffectiveRules RulesOfVersion(const OllamaVersion& version);

/// Whether /api/ps reports the context that a model was loaded with.
bool ReportsContext(const OllamaVersion& version);

/// The num_batch above which nothing changes for models of the llama family; empty: there is none.
std::optional<int> LargestLlamaBatch(const OllamaVersion& version);

/// Whether a prompt that another one displaces is kept in memory and can come back.
bool KeepsDisplacedPrompts(const OllamaVersion& version);

/// num_ctx and num_batch that a release takes where neither the user nor the model names one, in
/// tokens. `num_ctx` is empty from v0.14 on: it depends on the server's memory.
std::optional<int> DefaultNumCtx(const OllamaVersion& version);
int DefaultNumBatch(const OllamaVersion& version, int num_ctx);

}  // namespace ollama_bench
