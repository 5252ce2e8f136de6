#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "error_list.h"

namespace ollama_bench {

/// One node of a YAML document with its line. Unlike yaml-cpp's own tree it keeps
/// doubled keys, and distinguishes quoted text from plain.
struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  int line = 0;                 ///< from 1
  bool quoted = false;          ///< a scalar in quotes, or a block of text
  std::string text;             ///< of a scalar
  std::vector<YamlNode> keys;   ///< of a map, one for each item
  std::vector<YamlNode> items;  ///< of a list or a map
};

/// The one document that `text` (UTF-8) holds. Refused, with an error that has line and column:
/// what is not YAML, control characters, anchors, aliases, tags, nesting deeper than 64, no
/// document or several. Empty when there was such an error.
std::optional<YamlNode> ParseYaml(std::string_view text, const std::filesystem::path& file,
                                  ErrorList& errors);

}  // namespace ollama_bench
