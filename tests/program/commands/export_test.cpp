// `export` without a database: what is written where, and what is left alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "support/run_program.h"
#include "support/store_texts.h"
#include "support/temporary_folder.h"

namespace ollama_bench::testing {
namespace {

class ExportProgramTest : public ::testing::Test {
 protected:
  void SetUp() override { folder_.Write("benchmark_results.json", kStoreWithUnknownKeys); }
  [[nodiscard]] Ended Export(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "export");
    return RunProgram(BenchCommand(arguments, folder_.path()));
  }

  TemporaryFolder folder_;
};

TEST_F(ExportProgramTest, TheEndingOfTheFileNamesTheFormat) {
  for (const char* name : {"csv", "jsonl", "md", "sql"}) {
    const std::string file = std::string("out.") + name;
    const Ended to_file = Export({"-o", file});
    EXPECT_EQ(to_file.exit_code, 0) << to_file.err;
    EXPECT_EQ(to_file.out, "");
    const Ended to_stdout = Export({"--format", name});
    EXPECT_EQ(to_stdout.exit_code, 0) << to_stdout.err;
    EXPECT_EQ(folder_.Read(file), to_stdout.out);
  }
  EXPECT_EQ(Export({"-o", "out.prom"}).exit_code, 0);
  EXPECT_EQ(folder_.Read("out.prom"), Export({"--format", "prometheus"}).out);
}

TEST_F(ExportProgramTest, ItReplacesItsLikeAndNothingElse) {
  for (const char* name : {"out.csv", "out.jsonl", "out.md", "out.sql", "out.prom"}) {
    EXPECT_EQ(Export({"-o", name}).exit_code, 0);
    EXPECT_EQ(Export({"-o", name}).exit_code, 0) << "again: " << name;
  }
  const Ended other = Export({"--format", "csv", "-o", "out.sql"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_NE(other.err.find("holds an SQL export of samples"), std::string::npos) << other.err;
  const Ended results = Export({"--format", "jsonl", "-o", "benchmark_results.json"});
  EXPECT_EQ(results.exit_code, 2);
  EXPECT_EQ(folder_.Read("benchmark_results.json"), kStoreWithUnknownKeys);
  folder_.Write("mine.csv", "a,b\r\n1,2\r\n");
  EXPECT_EQ(Export({"-o", "mine.csv"}).exit_code, 2);
  EXPECT_EQ(folder_.Read("mine.csv"), "a,b\r\n1,2\r\n");
}

TEST_F(ExportProgramTest, SeveralFilesAreOneTableOfAllTheirColumns) {
  folder_.Write("axes.json", kStoreOfAxes);
  const auto lines = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  const Ended first = Export({"--format", "csv"});
  const Ended second = Export({"axes.json", "--format", "csv"});
  const Ended both = Export({"benchmark_results.json", "axes.json", "--format", "csv"});
  EXPECT_EQ(both.exit_code, 0) << both.err;
  EXPECT_EQ(lines(both.out), lines(first.out) + lines(second.out) - 1) << "one header";
}

TEST_F(ExportProgramTest, WhatToDoIsSaidWhereNeitherFormatNorDatabaseIsGiven) {
  const Ended nothing = Export({});
  EXPECT_EQ(nothing.exit_code, 2);
  EXPECT_NE(nothing.err.find("--format or --postgres"), std::string::npos) << nothing.err;
  EXPECT_EQ(Export({"-o", "out.txt"}).exit_code, 2);
  EXPECT_EQ(Export({"--format", "csv", "--postgres", "dbname=x"}).exit_code, 2);
  EXPECT_EQ(Export({"missing.json", "--format", "csv"}).exit_code, 2);
  EXPECT_EQ(Export({"--format", "xml"}).exit_code, 2);
}

}  // namespace
}  // namespace ollama_bench::testing
