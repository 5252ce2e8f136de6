#include "delimited_reader.h"

#include <fmt/format.h>

#include <utility>

namespace ollama_bench {

Expected<std::vector<std::string>, std::string> DelimitedReader::Next() {
  fields_.clear();
  field_.clear();
  state_ = State::kFieldStart;
  std::string line;
  bool is_begun = false;
  while (true) {
    const auto got = source_.TakeLine(line);
    if (got == ByteSource::Line::kNone) break;
    if (!is_begun) line_number_ = source_.line_number();
    if (got == ByteSource::Line::kTooLong) {
      return Unexpected<std::string>("the line is too long for a prompt");
    }
    const bool is_blank = !is_begun && (line.empty() || line == "\r");
    if (is_blank) continue;
    is_begun = true;
    if (!TakeLine(line)) {
      return Unexpected<std::string>(
          fmt::format("text follows the closing quote of field {}", fields_.size() + 1));
    }
    if (state_ != State::kQuoted) {
      EndField();
      return std::move(fields_);
    }
    field_ += '\n';
  }
  if (!is_begun) return std::vector<std::string>();
  return Unexpected<std::string>(fmt::format(
      "the quote of field {} is not closed before the end of the input", fields_.size() + 1));
}

bool DelimitedReader::TakeLine(const std::string& line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool is_line_end = line[i] == '\r' && i + 1 == line.size() && state_ != State::kQuoted;
    if (!is_line_end && !TakeLetter(line[i])) return false;
  }
  return true;
}

bool DelimitedReader::TakeLetter(char letter) {
  switch (state_) {
    case State::kFieldStart:
    case State::kPlain:
      if (letter == delimiter_) {
        EndField();
      } else if (letter == '"' && state_ == State::kFieldStart) {
        state_ = State::kQuoted;
      } else {
        field_ += letter;
        state_ = State::kPlain;
      }
      return true;
    case State::kQuoted:
      if (letter == '"') {
        state_ = State::kQuoteInQuoted;
      } else {
        field_ += letter;
      }
      return true;
    case State::kQuoteInQuoted:
      if (letter == delimiter_) {
        EndField();
      } else if (letter == '"') {
        field_ += letter;
        state_ = State::kQuoted;
      } else {
        return false;
      }
      return true;
  }
  return true;
}

void DelimitedReader::EndField() {
  fields_.push_back(std::exchange(field_, std::string()));
  state_ = State::kFieldStart;
}

}  // namespace ollama_bench
