#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/config/config_error.h"

namespace ollama_bench {

/// Where a value was given: a field in a line of a file, or a flag.
struct Place {
  std::filesystem::path file;  ///< empty for a flag
  int line = 0;                ///< from 1; 0 for a flag
  std::string field;
};

/// "num_ctx in line 7", "--ctx-step": to point at a second place within a message.
std::string Name(const Place& place);

/// `text` for a message: printable, in one line, cut after about 60 characters.
std::string Shown(std::string_view text);

/// Collects what is wrong. A hostile file could bring forth an error per byte, so the list ends
/// after the hundredth.
class ErrorList {
 public:
  /// `value` is taken as given; `message` and `remedy` must be printable already.
  void Add(const Place& place, std::string_view value, std::string message, std::string remedy);
  void AddSyntax(const std::filesystem::path& file, int line, int column, std::string message,
                 std::string remedy);

  [[nodiscard]] bool empty() const { return errors_.empty(); }
  /// By line; what has no line comes last.
  [[nodiscard]] std::vector<ConfigError> Take();

 private:
  void Append(ConfigError error);

  std::vector<ConfigError> errors_;
};

}  // namespace ollama_bench
