#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "ollama_bench/workload/stream_record.h"

namespace ollama_bench {

/// Reads the body of a streamed answer as it comes, one JSON object a line, into a record. Lines
/// are looked at in place; only the last one, errors and wanted text are parsed as JSON.
class StreamReader {
 public:
  /// The last line repeats every token of the context as a number, 8 bytes or so each.
  static constexpr std::size_t kLongestLine = std::size_t{32} * 1024 * 1024;
  /// An answer with more is none that a model gave: it would be read, and kept, without an end.
  static constexpr std::size_t kMostChunks = 1'000'000;
  static constexpr std::size_t kLongestAnswer = std::size_t{256} * 1024 * 1024;  ///< bytes

  /// `record` must outlive the reader.
  StreamReader(std::string path, bool keep_text, StreamRecord& record,
               std::size_t longest_line = kLongestLine);

  /// The next bytes, cut anywhere, which arrived at `arrived`. False once nothing that follows can
  /// matter: the last line, an error or what is no answer was read.
  bool Feed(std::string_view bytes, std::chrono::steady_clock::time_point arrived);
  /// After the last byte, with the status of the answer: sets the record's end.
  void Finish(int status);

 private:
  void TakeLine(std::string_view line);
  void TakeLastLine(const std::string& line);
  void Break(Failure failure);

  std::string path_;
  bool keep_text_;
  StreamRecord& record_;
  std::size_t longest_line_;
  std::size_t taken_ = 0;  ///< bytes
  std::string begun_;      ///< a line without its end
  std::string error_line_;
  std::chrono::steady_clock::time_point arrived_;
  bool is_over_ = false;
};

}  // namespace ollama_bench
