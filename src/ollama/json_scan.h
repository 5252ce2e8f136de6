#pragma once

#include <string_view>

namespace ollama_bench {

/// What a line of a streamed answer holds, without its text. Views point into the line.
struct LineFacts {
  std::string_view created_at;
  bool has_text = false;      ///< `response`, or `message.content`, is not empty
  bool has_thinking = false;  ///< `thinking`, or `message.thinking`, is not empty
  bool is_done = false;
  bool has_error = false;
};

/// Looks at the keys of the line's object in one pass, without a copy. False where the line has not
/// the form of a JSON object; what is within values that are passed over is not checked.
bool ScanLine(std::string_view line, LineFacts& facts);

}  // namespace ollama_bench
