#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "ollama_bench/core/expected.h"

namespace ollama_bench::stand_in {

using Json = nlohmann::ordered_json;

/// What a call is, as far as a rule can ask.
struct Call {
  std::string command;  ///< "run", "create", "rm", "list", …; "serve"; "http"
  std::string path;     ///< of an HTTP request, "/api/generate"
  std::string model;    ///< "cell:latest"
  std::optional<std::int64_t> num_ctx;
  std::optional<std::int64_t> num_batch;
};

/// The script of behaviours: the JSON file that OLLAMA_STAND_IN_SCRIPT of the *server* names, read
/// again at each call, so that a test can rewrite it (by rename) in between. Without one everything
/// works. An unknown key is an error: a misspelt one would silently test nothing.
///
///     {
///       "version": "0.11.4",              // generation to play; OLLAMA_STAND_IN_VERSION of
///                                         // the process wins
///       "models": [{"name": "smollm2:latest", "trained_context": 8192, "size": 98363007}],
///                                         // further: capabilities (["completion"]), remote_host
///       "prefix": "/gpu2",                // of every path; others are not found
///       "loaded": ["smollm2:latest"],      // in memory when the server starts
///       "rate": 300,                      // prompt tokens/s where nothing below says otherwise
///       "rates": [{"num_ctx": 2048, "num_batch": 256, "rate": 83.5}],
///       "surface": {"peak": 300, "num_ctx": 4096, "num_batch": 512,
///                   "ctx_width": 2, "batch_width": 2},
///                                         // peak / (1 + squared distance in doublings / width)
///       "speeds": [{"kv_cache_type": "q8_0", "flash_attention": true, "num_parallel": 1,
///                   "environment": {"NAME": "value"}, "rate": 1.1, "eval_rate": 1.3}],
///                                         // factors where all that is named is in effect
///       "noise": {"relative": 0.02, "seed": 1},  // normal, multiplies the rate
///       "eval_rate": 50,                  // generated tokens/s
///       "load_ms": 350,                   // of a (re)load; a loaded model costs 11 ms
///       "gpu_share": 0,                   // size_vram / size
///       "unload_polls": 0,                // so many /api/ps still list an unloaded model
///       "rules": [{"when": {…}, "do": {…}}]
///     }
///
/// The first rule whose "when" fits is played, and only it. Of "when", all keys must fit:
///     command, path, model, num_ctx, num_batch: equal to the call's;
///     nth: only the n-th call (from 1) that the keys above fit; after: only later ones.
/// Counts are kept in OLLAMA_MODELS, so a killed and restarted server goes on counting.
///
/// "do", any of, in the order in which they happen:
///     kill_server: the server kills itself in mid-request (run_server_killed.stderr);
///     exit_server: it ends after this answer, so the next call meets a closed port;
///     unload: the runner is gone afterwards, as after a crash;
///     grandchild: {"seconds": 30, "pid_file": "…"}: a child in its own session that holds the
///       pipes open and ignores TERM;
///     ignore_term; stop_self (SIGSTOP); sleep_ms (real time);
///     compute_ms: the server keeps a CPU busy for so long (real time), as a runner does;
///     flood: {"stdout": bytes, "stderr": bytes, "line": bytes, 0 for no newline at all};
///     binary: NUL, invalid UTF-8, control sequences on both outputs;
///     signal: the process dies of this number; hang: until it is killed;
///     rate, eval_rate, response, gpu_share, and exactly as given: prompt_eval_count, cached,
///       prompt_eval_ns, load_ns, total_ns, eval_count, eval_ns;
///     no_metrics: exit 0 and no verbose block, as after an interruption or an over-long last line;
///     exit, error: ends with "Error: " + error where Ollama would print it, exit 1 if not given;
///     stdout, stderr: exactly these bytes instead;
///     transcript: "v0.11.4/run_runner_killed": that recording, byte for byte;
///     http_status, with error: {"error": error} under that status; 200: in mid-stream;
///     body: "garbage", "empty", "truncated" (connection lost half-way), "no_end" (a stream
///       without its last line).
class Script {
 public:
  /// Of `text`, JSON; comments are allowed.
  static Expected<Script, std::string> Parse(std::string_view text);
  /// Of the file at `path`; an empty path is the empty script.
  static Expected<Script, std::string> Load(const std::string& path);

  /// The "do" of the first rule that fits; `counts` (one per rule) go up for each rule tried. The
  /// null value where none fits.
  [[nodiscard]] Json Find(const Call& call, std::vector<std::int64_t>& counts) const;

  /// A top-level value, or `fallback`.
  template <class T>
  [[nodiscard]] T Get(const std::string& key, T fallback) const {
    return json_.value(key, fallback);
  }

  /// The release that is played.
  [[nodiscard]] std::string version() const;

  /// Prompt tokens/s of a cell, before noise.
  [[nodiscard]] double Rate(std::int64_t num_ctx, std::int64_t num_batch) const;

 private:
  explicit Script(Json json) : json_(std::move(json)) {}

  Json json_;
};

}  // namespace ollama_bench::stand_in
