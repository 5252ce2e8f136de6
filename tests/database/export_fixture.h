#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "postgres_server.h"
#include "results_text.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace ollama_bench::testing {

/// `ollama-bench export` of results.json in a folder of its own, into the shared server.
class ExportFixture : public ::testing::Test {
 protected:
  void WriteResults(int samples) const { folder_.Write("results.json", ResultsText(samples)); }
  [[nodiscard]] Program Export(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"export", "results.json"});
    return BenchCommand(arguments, folder_.path(),
                        {{"PGPASSFILE", "no-such-file"}, {"LC_ALL", "C.UTF-8"}});
  }
  [[nodiscard]] Program ExportTo(const std::string& database) const {
    Program program = Export({"--postgres", server_.Url(database)});
    program.environment.emplace_back("PGPASSWORD", PostgresServer::kPassword);
    return program;
  }
  void ExpectExported(const std::string& database) const {
    const Ended ended = RunProgram(ExportTo(database));
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
  }
  [[nodiscard]] std::string RowsOf(const std::string& database, const std::string& table) const {
    return server_.Query(database, "SELECT count(*) FROM ollama_bench." + table);
  }

  TemporaryFolder folder_;
  PostgresServer& server_ = PostgresServer::Shared();
};

}  // namespace ollama_bench::testing
