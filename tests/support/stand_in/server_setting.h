#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/stand_in/behaviour.h"
#include "support/stand_in/script.h"

namespace ollama_bench::stand_in {

/// What a runner is given of OLLAMA_FLASH_ATTENTION, OLLAMA_KV_CACHE_TYPE and OLLAMA_NUM_PARALLEL,
/// by the rules of the real servers (tests/data/server_logs): before v0.30 a CPU has no flash
/// attention, and without it no quantised cache; from then on both are as asked for, and that
/// combination does not load.
struct ServerSetting {
  bool flash_attention = false;
  bool is_automatic = false;  ///< llama.cpp chose flash attention
  std::string kv_cache_type;  ///< "f16" where none is asked for
  int num_parallel = 1;
  std::string refusal;  ///< why no model loads; empty: it does
  std::vector<std::string> warnings;

  /// Of the cache for one token, of one request.
  [[nodiscard]] std::int64_t CacheBytesPerToken() const;
};

/// Whether OLLAMA_NOPRUNE is set, as it is for a server on folders that others own: the stand-in
/// then refuses to create and remove models, which a test would see. A real one would not.
bool IsReadOnly();

/// Of this process's environment; there is a GPU where the script has a "gpu_share".
ServerSetting SettingFromEnvironment(const Script& script);

/// What the product of the script's "speeds" that fit makes of the rate that `key` names.
double SpeedFactor(const Script& script, const ServerSetting& setting, const char* key);

/// The lines of a server's log: at its start, and when a runner starts with a context of `num_ctx`
/// for each request.
std::string StartLog(const Script& script);
std::string LoadLog(const Script& script, const ServerSetting& setting, std::int64_t num_ctx,
                    std::int64_t num_batch);

/// Appends to the file that OLLAMA_STAND_IN_JOURNAL names, where it does: one line for each start
/// ({"start": {"pid", "version", "environment": {"OLLAMA_…": …}}}) and each call ({"call": {…}}).
void WriteJournal(const Json& entry);
/// The entry of a start.
Json StartEntry(const Script& script);

}  // namespace ollama_bench::stand_in
