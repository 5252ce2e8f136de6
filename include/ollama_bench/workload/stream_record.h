#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/sample.h"

namespace ollama_bench {

/// How a streamed request ended.
enum class StreamEnd {
  kDone,         ///< with a line of `done:true`
  kUnfinished,   ///< without one: the server stopped a model that repeats itself, or died
  kErrorLine,    ///< with an error in the stream, under status 200
  kRefused,      ///< by a status outside 200 to 299
  kBroken,       ///< what came is no answer of Ollama's, or the connection was lost in it
  kUnreachable,  ///< no connection, or it was lost before the first byte
  kTimedOut,
  kCancelled,
};

/// "done", "unfinished", "error_line", …
std::string_view KeyOf(StreamEnd end);

enum class ChunkKind : std::uint8_t { kEmpty, kText, kThinking };

/// One line of the answer.
struct StreamChunk {
  std::chrono::steady_clock::time_point arrived;
  double created_s = 0;  ///< the server's `created_at`, seconds since 1970; 0 where it has none
  ChunkKind kind = ChunkKind::kEmpty;
};

/// A request to /api/generate or /api/chat.
struct StreamRequest {
  std::string path = "/api/generate";
  std::string body;  ///< JSON
  /// When it is to be sent; latencies of an open loop count from here. Empty: at once.
  std::optional<std::chrono::steady_clock::time_point> due;
  std::chrono::milliseconds timeout{360'000};  ///< from then on, for the whole answer
  bool keep_text = false;                      ///< what the model says, in StreamRecord::text
};

/// What came of a request. All times are of the monotonic clock.
struct StreamRecord {
  using Time = std::chrono::steady_clock::time_point;

  Time due;                          ///< when it was to be sent
  std::optional<Time> sent;          ///< when its first byte left
  std::optional<Time> first_byte;    ///< of the answer
  std::optional<Time> first_text;    ///< first chunk with text or thinking
  std::optional<Time> first_answer;  ///< first chunk with text that is not thinking
  std::optional<Time> done;          ///< arrival of the last line
  Time ended;                        ///< when the outcome was known
  std::vector<StreamChunk> chunks;   ///< all lines but the last
  std::string text;                  ///< UTF-8; without the thinking
  RunMetrics metrics;                ///< of the last line
  std::string done_reason;           ///< "stop", "length"; as the server says
  StreamEnd end = StreamEnd::kCancelled;
  std::optional<Failure> failure;  ///< says why, unless it ended as kDone
  bool reused_connection = false;
  /// Chunks that lay in the socket together with a later one: their time is the later one's.
  std::size_t merged_chunks = 0;
  /// Reads whose time is that of the read, because the kernel gave none or an impossible one.
  std::size_t unstamped_reads = 0;
};

/// From sending to the first chunk with text or thinking.
std::optional<std::chrono::nanoseconds> TimeToFirstToken(const StreamRecord& record);
/// Mean time of a token after the first: from the first text to the last line, over `eval_count`
/// less one. Empty below two tokens.
std::optional<std::chrono::nanoseconds> TimePerOutputToken(const StreamRecord& record);

}  // namespace ollama_bench
