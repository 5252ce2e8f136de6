// Tests against a real Ollama. Without one they cannot say anything: a machine that builds the
// project for others fails then, anywhere else the program tells why and counts as skipped. With
// `--generation new` it is the newest generation, which is more than such a machine must have.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "support/real_ollama_server.h"

int main(int argc, char** argv) {
  constexpr int kSkipped = 77;
  ::testing::InitGoogleTest(&argc, argv);
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  const bool is_new = arguments == std::vector<std::string_view>{"--generation", "new"};
  if (!is_new && !arguments.empty()) {
    std::printf("usage: %s [--generation new]\n", argv[0]);
    return 2;
  }
  if (is_new) ollama_bench::testing::RealOllamaServer::UseNewGeneration();
  const auto missing = ollama_bench::testing::RealOllamaServer::Missing();
  if (!missing) return RUN_ALL_TESTS();
  const bool must_run = std::getenv("CI") != nullptr && !is_new;
  std::printf("%s: no real Ollama%s to test with: %s (./test.sh sets it up)\n",
              must_run ? "FAILED" : "SKIPPED", is_new ? " of the newest generation" : "",
              missing->c_str());
  return must_run ? 1 : kSkipped;
}
