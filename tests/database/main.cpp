// Tests against a real PostgreSQL, a real promtool and the dashboards' schema. Without these they
// cannot say anything: a machine that builds the project for others fails then, anywhere else the
// program tells why and counts as skipped.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "postgres_server.h"

int main(int argc, char** argv) {
  constexpr int kSkipped = 77;
  ::testing::InitGoogleTest(&argc, argv);
  const auto missing = ollama_bench::testing::PostgresServer::Missing();
  if (!missing) {
    const int code = RUN_ALL_TESTS();
    ollama_bench::testing::PostgresServer::EndShared();
    return code;
  }
  const bool must_run = std::getenv("CI") != nullptr;
  std::printf("%s: no database to test with: %s (./test.sh sets it up)\n",
              must_run ? "FAILED" : "SKIPPED", missing->c_str());
  return must_run ? 1 : kSkipped;
}
