#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "byte_source.h"
#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// Reads records of fields (RFC 4180): a field in double quotes may hold the delimiter, line ends,
/// and quotes written twice. A quote inside another field is a letter.
class DelimitedReader {
 public:
  /// `source` must outlive the object.
  DelimitedReader(ByteSource& source, char delimiter) : source_(source), delimiter_(delimiter) {}

  /// The next record, or why it is none. No fields at the end.
  Expected<std::vector<std::string>, std::string> Next();
  /// Of the line that the last record began on, from 1.
  [[nodiscard]] std::size_t line_number() const { return line_number_; }

 private:
  enum class State { kFieldStart, kPlain, kQuoted, kQuoteInQuoted };

  // Takes a line into `fields_`; false where text follows a closing quote.
  bool TakeLine(const std::string& line);
  bool TakeLetter(char letter);
  void EndField();

  ByteSource& source_;
  char delimiter_;
  std::size_t line_number_ = 0;
  State state_ = State::kFieldStart;
  std::string field_;
  std::vector<std::string> fields_;
};

}  // namespace ollama_bench
