#pragma once

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace ollama_bench::testing {

/// A recording of a real Ollama under tests/data/transcripts, "v0.11.4/run_cold.stderr".
inline std::string Transcript(const std::string& name) {
  std::ifstream file(OLLAMA_BENCH_TEST_DATA "/transcripts/" + name, std::ios::binary);
  if (!file) throw std::runtime_error("no transcript " + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace ollama_bench::testing
