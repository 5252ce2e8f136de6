// Tests against a real Ollama. Without one they cannot say anything: a machine that builds the
// project for others fails then, anywhere else the program tells why and counts as skipped.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "support/real_ollama_server.h"

int main(int argc, char** argv) {
  constexpr int kSkipped = 77;
  ::testing::InitGoogleTest(&argc, argv);
  const auto missing = ollama_bench::testing::RealOllamaServer::Missing();
  if (!missing) return RUN_ALL_TESTS();
  const bool must_run = std::getenv("CI") != nullptr;
  std::printf("%s: no real Ollama to test with: %s (./test.sh sets it up)\n",
              must_run ? "FAILED" : "SKIPPED", missing->c_str());
  return must_run ? 1 : kSkipped;
}
