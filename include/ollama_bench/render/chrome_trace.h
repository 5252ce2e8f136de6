#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/core/prompt_record.h"

namespace ollama_bench {

/// The requests of a pass as a trace that Perfetto and chrome://tracing open (Trace Event Format):
/// a row for each slot with a span per request and within it load, queue, prefill and decode; a
/// counter of the requests in flight. The boundaries are those this program saw, where there are
/// some: what precedes the first text and is neither load nor prefill by the server is queue.
class ChromeTrace {
 public:
  explicit ChromeTrace(std::string model) : model_(std::move(model)) {}

  void Add(const PromptRecord& record);
  /// The trace as JSON, in parts.
  void Write(const std::function<void(std::string_view)>& out) const;
  /// Of each kind of span count, total, mean and standard deviation in ms, as one JSON object.
  [[nodiscard]] std::string Statistics() const;

 private:
  static constexpr std::size_t kParts = 4;

  // What is kept of a request, for there may be many.
  struct Span {
    std::string name;
    std::string outcome;
    double started_s = 0;
    double lasted_ms = 0;
    std::array<double, kParts> parts_ms{};  ///< one after another, as kPartNames has them
    int slot = 0;
    int repeat = 1;
    std::int64_t prompt_tokens = 0;
    std::int64_t generated_tokens = 0;
  };

  std::string model_;
  std::vector<Span> spans_;
};

}  // namespace ollama_bench
