#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ollama_bench {

struct DecodedCharacter {
  std::uint32_t code_point = 0;
  std::size_t length = 0;  ///< in bytes; 0: not valid UTF-8 here
};

/// The first character of `text`, which must not be empty. Unicode 15, table 3-7.
DecodedCharacter DecodeUtf8(std::string_view text);

}  // namespace ollama_bench
