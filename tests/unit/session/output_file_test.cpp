#include "ollama_bench/session/output_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>

#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::map<OutputKind, std::string>& Samples() {
  static const std::map<OutputKind, std::string> kSamples = {
      {OutputKind::kPng, std::string("\x89PNG\r\n\x1A\n\0\0\0\rIHDR", 16)},
      {OutputKind::kHtml,
       "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
       "<meta name=\"generator\" content=\"ollama-bench 9.9\"/>\n"},
      {OutputKind::kMarkdown, "<!-- A report of ollama-bench 9.9 -->\n\n# Model\n"},
      {OutputKind::kSvg, "<?xml version=\"1.0\"?>\n<!-- drawn -->\n<svg width=\"9\"></svg>\n"},
      {OutputKind::kPdf, "%PDF-1.7\n%..."},
      {OutputKind::kCsv, "num_batch,2048,4096\r\n128,84.0,\r\n"},
      {OutputKind::kConfig, "# mine\nmodel: \"smollm2\"\nnum_ctx: [1024, 2048]\n"},
      {OutputKind::kResults, "{\n \"metadata\": {\"schema_version\": 1},\n \"results\": []\n}\n"}};
  return kSamples;
}

class OutputFileTest : public testing::Test {
 protected:
  Expected<void, SessionError> WriteOver(const std::string& name, OutputKind kind) {
    return WriteOutput(files_, {folder_ / name, kind, "--csv FILE", {folder_ / "results.json"}},
                       "new");
  }
  // That the file is refused for its content and left as it is.
  void ExpectRefused(const std::string& name, OutputKind kind, const std::string& words) {
    const std::string before = folder_.Read(name);
    const auto done = WriteOver(name, kind);
    ASSERT_FALSE(done) << name << ": " << before;
    EXPECT_EQ(done.error().code, ExitCode::kUsage);
    EXPECT_THAT(done.error().message, HasSubstr(words));
    EXPECT_EQ(folder_.Read(name), before);
  }

  TemporaryFolder folder_;
  PosixFileSystem files_;
};

TEST_F(OutputFileTest, ReplacesWhatIsOfTheSameKindAndNothingElse) {
  for (const auto& [there, text] : Samples()) {
    for (const auto& [kind, unused] : Samples()) {
      if (kind == OutputKind::kResults) continue;
      folder_.Write("there", text);
      if (kind == there) {
        EXPECT_TRUE(WriteOver("there", kind));
        EXPECT_EQ(folder_.Read("there"), "new");
      } else {
        ExpectRefused("there", kind, "name another file: --csv FILE");
      }
    }
  }
}

TEST_F(OutputFileTest, ReplacesEveryKindOfTable) {
  for (const char* header :
       {"num_batch,auto", "num_batch,auto,4096", "num_thread,prompt_eval_rate",
        "num_ctx,num_batch,num_thread,eval_rate", "num_batch,prompt_eval_rate"}) {
    for (const char* end : {"\r\n1,2\r\n", "\n", ""}) {
      folder_.Write("there", std::string(header) + end);
      EXPECT_TRUE(WriteOver("there", OutputKind::kCsv)) << header;
    }
  }
}

TEST_F(OutputFileTest, LeavesFilesOfNoKindOfOurs) {
  for (const char* text :
       {"FROM smollm2\nPARAMETER num_ctx 4096\n", "remember: the milk\n", "- num_ctx\n", "{}", "\n",
        "num_batch\n", "num_batch,2048,mine\n", "prompt_eval_rate\n", "mine,prompt_eval_rate\n",
        "num_ctx,num_batch\n", "num_thread,prompt_eval_rate,num_ctx\n", "num_thread,4,8\n",
        "<html><svg></svg></html>", "%PD", "\x89PNG", "{\"metadata\": {",
        "num_ctx: [1024]\nmy_key: 5\n", "num_ctx: [1024\n"}) {
    folder_.Write("notes.txt", text);
    for (const auto& [kind, unused] : Samples()) {
      ExpectRefused("notes.txt", kind, "name");
    }
  }
}

TEST_F(OutputFileTest, SaysWhereResultsAreInTheWay) {
  folder_.Write("copy.yaml", Samples().at(OutputKind::kResults));
  ExpectRefused("copy.yaml", OutputKind::kConfig, "holds results of a sweep");
  fs::create_symlink("copy.yaml", folder_ / "link.yaml");
  ExpectRefused("link.yaml", OutputKind::kConfig, "holds results of a sweep");
}

TEST_F(OutputFileTest, NeverTakesTheNameOfTheResultsAlsoWhereTheyDoNotExistYet) {
  fs::create_directory(folder_ / "sub");
  fs::create_directory_symlink("sub/..", folder_ / "around");
  for (const char* spelling :
       {"results.json", "./results.json", "sub/../results.json", "around/results.json"}) {
    const auto done = WriteOver(spelling, OutputKind::kConfig);
    ASSERT_FALSE(done) << spelling;
    EXPECT_THAT(done.error().message, HasSubstr("is the results file"));
    EXPECT_FALSE(fs::exists(folder_ / "results.json"));
  }
}

TEST_F(OutputFileTest, LeavesLocksAndTemporaryFilesAloneAlsoBehindALink) {
  fs::create_symlink("results.json.lock", folder_ / "table.csv");
  for (const char* name : {"results.json.lock", ".results.json.ollama-bench-tmp", "table.csv"}) {
    const auto done = WriteOver(name, OutputKind::kCsv);
    ASSERT_FALSE(done) << name;
    EXPECT_EQ(done.error().code, ExitCode::kUsage);
  }
  EXPECT_FALSE(fs::exists(folder_ / "results.json.lock"));
}

TEST_F(OutputFileTest, WritesNewAndEmptyFilesAndThroughLinks) {
  folder_.Write("empty.csv", "");
  EXPECT_TRUE(WriteOver("empty.csv", OutputKind::kCsv));
  fs::create_symlink("target.csv", folder_ / "link.csv");
  EXPECT_TRUE(WriteOver("link.csv", OutputKind::kCsv));
  EXPECT_TRUE(fs::is_symlink(folder_ / "link.csv"));
  EXPECT_EQ(folder_.Read("target.csv"), "new");
}

TEST_F(OutputFileTest, MergedResultsReplaceOnlyOneOfTheirInputs) {
  folder_.Write("results.json", Samples().at(OutputKind::kResults));
  EXPECT_TRUE(WriteOver("results.json", OutputKind::kResults));
  folder_.Write("other.json", Samples().at(OutputKind::kResults));
  ExpectRefused("other.json", OutputKind::kResults, "not among the files to merge");
  folder_.Write("empty.json", "");
  ExpectRefused("empty.json", OutputKind::kResults, "not among the files to merge");
}

TEST_F(OutputFileTest, WhatIsNoRegularFileIsRefusedWithoutBeingRead) {
  ASSERT_EQ(mkfifo((folder_ / "pipe.csv").c_str(), 0600), 0);
  const auto done = WriteOver("pipe.csv", OutputKind::kCsv);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ExitCode::kEnvironment);
}

}  // namespace
}  // namespace ollama_bench
