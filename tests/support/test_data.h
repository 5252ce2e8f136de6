#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace ollama_bench {

/// The bytes of tests/data/`name`; fails the test where there is no such file.
inline std::string ReadTestData(const std::string& name) {
  std::ifstream in(std::filesystem::path(OLLAMA_BENCH_TEST_DATA) / name, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The versions of Ollama that there are transcripts of.
inline std::vector<std::string> TranscriptVersions() {
  return {"v0.11.4", "v0.13.5", "v0.32.15"};
}

/// The standard error that a real `ollama` of `version` wrote when `situation` was played.
inline std::string TranscriptStderr(const std::string& version, const std::string& situation) {
  return ReadTestData("transcripts/" + version + "/" + situation + ".stderr");
}

}  // namespace ollama_bench
