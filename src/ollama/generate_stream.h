#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/sample.h"

namespace ollama_bench {

/// Reads the answer to /api/generate as it comes: one JSON object a line, the last of which holds
/// the metrics. What the model says is passed over; no more than one line is kept.
class GenerateStream {
 public:
  /// The last line repeats every token of the context as a number, 8 bytes or so each.
  static constexpr std::size_t kLongestLine = std::size_t{32} * 1024 * 1024;

  /// `longest_line` in bytes; a longer one ends the reading as kNoMetrics.
  explicit GenerateStream(std::size_t longest_line = kLongestLine) : longest_line_(longest_line) {}

  /// The next bytes, cut anywhere. False when nothing that follows can matter any more.
  bool Feed(std::string_view bytes);

  /// After the last byte: the metrics, or why there are none. An error in mid-stream comes under
  /// status 200; an end without a last line is kNoMetrics.
  Expected<RunMetrics, Failure> Finish(int status);

 private:
  void TakeLine(const std::string& line);

  std::size_t longest_line_;
  std::string line_;  ///< begun, not ended yet
  std::string error_line_;
  std::optional<RunMetrics> metrics_;
  std::optional<Failure> failure_;
};

}  // namespace ollama_bench
