#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ollama_bench {

/// `text` as valid UTF-8 with control characters escaped ("\x1b", "\n" kept when `keep_newlines`),
/// so that it can be stored and shown. Invalid bytes become U+FFFD.
std::string Printable(std::string_view text, bool keep_newlines = true);

/// Number of bytes of `text` before the first that is not valid UTF-8; all of them when it is
/// valid.
std::size_t ValidUtf8Length(std::string_view text);

/// The start of `text`, valid UTF-8, as far as `most_bytes` hold whole characters.
std::string_view StartOf(std::string_view text, std::size_t most_bytes);

/// `text` without the `blanks` at its start and its end.
std::string_view Trim(std::string_view text, std::string_view blanks = " \t\r\n");

/// `text` with the passwords of addresses ("scheme://user:password@") and of "password=…" replaced
/// by "***".
std::string WithoutPasswords(std::string_view text);

/// ASCII letters as small ones.
std::string Lower(std::string_view text);

/// The spelling among `known` nearest to `given`, by edit distance; empty when none is near.
std::string NearestSpelling(std::string_view given, const std::vector<std::string>& known);

/// "21.7 h", "4.2 min", "13 s": for people, never for data.
std::string FormatDuration(std::chrono::duration<double> duration);

/// "1.5 GB", "600 bytes": decimal units, as Ollama shows sizes.
std::string FormatBytes(std::int64_t bytes);

struct DecodedCharacter {
  std::uint32_t code_point = 0;
  std::size_t length = 0;  ///< in bytes; 0: not valid UTF-8 here
};

/// The first character of `text`, which must not be empty. Unicode 15, table 3-7.
DecodedCharacter DecodeUtf8(std::string_view text);

}  // namespace ollama_bench
