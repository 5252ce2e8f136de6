#include "ollama_bench/store/window_files.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "ollama_bench/store/telemetry_files.h"
#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

RequestFigures Figures(int number) {
  RequestFigures request;
  request.part = static_cast<WindowPart>(number % 4);
  request.end = number % 3 == 0 ? "unfinished" : "done";
  request.due_s = -0.5 + 0.125 * number;
  request.lag_s = 0.001;
  request.e2e_s = 1.25;
  if (number % 2 == 0) request.ttft_s = 0.25;
  request.output_tokens = number;
  request.chunks_s = {0.25, 0.5, 0.75};
  request.created_s = {0, 0.25, 0.5};
  return request;
}

std::vector<CellResult> OneWindow(const std::string& id) {
  CellResult result;
  result.cell = Cell().With(Parameter::kConcurrency, 2);
  Sample& sample = result.samples.emplace_back();
  sample.id = id;
  sample.window.emplace();
  return {result};
}

class WindowFilesTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path Results(const std::string& name) const {
    return folder_.path() / name;
  }
  TemporaryFolder folder_;
  PosixFileSystem file_system_;
};

TEST_F(WindowFilesTest, WhatIsWrittenIsReadBack) {
  std::vector<RequestFigures> requests;
  for (int i = 0; i < 20; ++i) requests.push_back(Figures(i));
  const auto results = Results("load.json");
  ASSERT_TRUE(WriteWindowFile(file_system_, results, "A", requests));
  const auto read = ReadWindowFiles(file_system_, results, OneWindow("A"));
  ASSERT_TRUE(read);
  const auto& got = read->at("A");
  ASSERT_EQ(got.size(), requests.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].part, requests[i].part);
    EXPECT_EQ(got[i].end, requests[i].end);
    EXPECT_EQ(got[i].due_s, requests[i].due_s);
    EXPECT_EQ(got[i].ttft_s, requests[i].ttft_s);
    EXPECT_EQ(got[i].tpot_s, requests[i].tpot_s);
    EXPECT_EQ(got[i].output_tokens, requests[i].output_tokens);
    EXPECT_EQ(got[i].chunks_s, requests[i].chunks_s);
    EXPECT_EQ(got[i].created_s, requests[i].created_s);
  }
}

TEST_F(WindowFilesTest, ResultsWithoutTheirFolderAreReadWithoutComplaint) {
  const auto read = ReadWindowFiles(file_system_, Results("load.json"), OneWindow("A"));
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->empty());
}

TEST_F(WindowFilesTest, ADamagedLineIsRefusedWithItsNumber) {
  const auto results = Results("load.json");
  ASSERT_TRUE(WriteWindowFile(file_system_, results, "A", {Figures(0), Figures(1)}));
  std::ofstream(BulkFolderOf(results) / "A.jsonl", std::ios::app) << "{\"part\":\"x\"}\n{}\n";
  const auto read = ReadWindowFiles(file_system_, results, OneWindow("A"));
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("A.jsonl:3:"), std::string::npos) << read.error().message;
}

TEST_F(WindowFilesTest, AMergeCarriesThemAlong) {
  ASSERT_TRUE(WriteWindowFile(file_system_, Results("one.json"), "A", {Figures(1)}));
  ASSERT_TRUE(
      CopyBulkFiles(file_system_, Results("one.json"), Results("all.json"), OneWindow("A")));
  const auto read = ReadWindowFiles(file_system_, Results("all.json"), OneWindow("A"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at("A").size(), 1U);
}

}  // namespace
}  // namespace ollama_bench
