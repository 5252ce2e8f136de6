#pragma once

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "ollama_bench/core/text.h"

namespace ollama_bench {

/// Of a file of the system, printable; empty where it cannot be read.
inline std::string FirstLine(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return Printable(line, false);
}

/// All of a small file of the system, by few calls; empty where it cannot be read.
std::string Contents(const std::filesystem::path& file);

/// The whole number that `text` begins with.
inline std::optional<std::int64_t> LeadingNumber(std::string_view text) {
  std::int64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

/// The whole number that a file of the system begins with.
inline std::optional<std::int64_t> NumberIn(const std::filesystem::path& file) {
  return LeadingNumber(Contents(file));
}

}  // namespace ollama_bench
