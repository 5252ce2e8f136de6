#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/labels.h"
#include "ollama_bench/core/metric.h"

namespace ollama_bench {

/// One turn of a conversation.
struct ChatMessage {
  std::string role;  ///< "system", "user" or "assistant"
  std::string content;

  friend bool operator==(const ChatMessage&, const ChatMessage&) = default;
};

/// One entry of a data set. Its texts are valid UTF-8.
struct PromptItem {
  std::string id;                          ///< its own, else its number in the input
  bool id_is_number = false;               ///< written as a number
  std::string prompt;                      ///< of a conversation its last message
  std::vector<ChatMessage> messages = {};  ///< a conversation, for /api/chat; else empty

  friend bool operator==(const PromptItem&, const PromptItem&) = default;
};

/// Which entry of which data set a record is of, so that parts can be proved to make up a whole.
struct PromptPlace {
  std::int64_t index = 0;  ///< among the chosen entries, from 0
  std::int64_t count = 0;  ///< chosen entries, those of other shards included
  /// Of the ids and the texts of all entries up to this one: equal in two data sets only where
  /// these are.
  std::string chain;

  friend bool operator==(const PromptPlace&, const PromptPlace&) = default;
};

/// The chain of the entry that follows one with the chain `previous`; the first follows "".
std::string NextChain(const std::string& previous, const PromptItem& item);

/// What the model was asked with.
struct PromptConfig {
  std::string model;
  std::string digest;  ///< "sha256:…"
  std::string ollama_version;
  std::string endpoint;  ///< "/api/generate" or "/api/chat"
  int num_predict = 0;   ///< tokens at most
  int seed = 0;          ///< of the sampler

  friend bool operator==(const PromptConfig&, const PromptConfig&) = default;
};

/// In milliseconds and tokens; empty where the server did not report it.
struct PromptTiming {
  std::optional<double> prefill_ms;       ///< by the server, as are the next five
  std::optional<double> decode_total_ms;  ///< from the first sampled token on
  std::optional<double> queue_ms;         ///< total less load, prefill and decode
  std::optional<double> load_ms;
  std::optional<std::int64_t> prompt_tokens;
  std::optional<std::int64_t> generated_tokens;
  std::optional<std::int64_t> cached_tokens;  ///< of the prompt's, from the prefix cache
  std::optional<double> ttfr_ms;  ///< from sending to the answer's first byte, by this program
  std::optional<double> ttft_ms;  ///< to the first chunk with text or thinking
  std::optional<double> ttfo_ms;  ///< to the first chunk with text that is not thinking
  std::optional<double> tpot_ms;  ///< a token after the first
  std::optional<double> e2e_ms;   ///< to the last line

  friend bool operator==(const PromptTiming&, const PromptTiming&) = default;
};

/// Decode time over all generated tokens, as batch timing scripts report it.
std::optional<double> DecodeAverageMs(const PromptTiming& timing);
/// Decode rate in tokens/s: the tokens after the first over the decode time.
std::optional<double> DecodeTokensPerSecond(const PromptTiming& timing);
/// The metric in its own unit; empty for one that a prompt has not.
std::optional<double> ValueOf(const PromptTiming& timing, Metric metric);

/// One prompt asked once, and what came of it.
struct PromptRecord {
  PromptItem item;
  std::string response;  ///< without the thinking
  PromptConfig config;
  Labels labels = {};  ///< of the start that asked it
  PromptTiming timing;
  /// Time between two chunks with text or thinking, the last one to the last line. A chunk is not a
  /// token.
  std::vector<double> step_ms;
  int repeat = 1;  ///< how often the prompt was asked, this time included
  PromptPlace place;
  double started_unix_s = 0;         ///< when it was sent
  double lasted_ms = 0;              ///< until its outcome was known
  int slot = 0;                      ///< of the requests in flight, from 0
  bool is_first_after_load = false;  ///< sent while the model was not in memory
  std::string end;                   ///< a key of StreamEnd: "done", "unfinished"
  std::string done_reason;           ///< "stop", "length"; as the server says
  std::optional<Failure> failure;    ///< empty only where it is done
  std::int64_t merged_chunks = 0;    ///< their time is that of a later one
  std::int64_t unstamped_reads = 0;  ///< their time is that of the read

  friend bool operator==(const PromptRecord&, const PromptRecord&) = default;
};

/// Whether asking again may give an answer. What the prompt itself brought about comes again.
bool MayPass(const PromptRecord& record);

}  // namespace ollama_bench
