#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "support/simulator/engine.h"

namespace ollama_bench::simulator {

/// What was really written for a request. All times are those of CLOCK_MONOTONIC, which is
/// std::chrono::steady_clock.
struct Flush {
  Time time;  ///< just before the bytes were given to the kernel
  Piece::Kind kind = Piece::Kind::kText;
};

/// Appends a JSON line for each request for text, once it has ended:
///
///     {"number": 1, "id": "first-word", "outcome": "done", "prompt_tokens": 5, "tokens": 8,
///      "came_ns": …, "arrival_ns": …, "slot_ns": …, "first_token_ns": …, "end_ns": …, "queued_ns":
///      0, "load_ns": 0, "flushes_ns": […], "kinds": "ettx"}
///
/// It came to the kernel, then to the law: arrival. slot, first_token, end and queued are the
/// law's; flushes happened. A kind is e (empty),
/// t (text), h (thinking), l (last line), x (an error, or an end without a last line).
class TruthFile {
 public:
  /// An empty path: nothing is written. Throws std::system_error where the file cannot be opened.
  explicit TruthFile(const std::string& path);

  void Add(const Progress& progress, const std::string& id, Time came,
           const std::vector<Flush>& flushes);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace ollama_bench::simulator
