#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "ollama_bench/core/text.h"

namespace ollama_bench {

/// Of a file of the system, printable; empty where it cannot be read.
inline std::string FirstLine(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return Printable(line, false);
}

}  // namespace ollama_bench
