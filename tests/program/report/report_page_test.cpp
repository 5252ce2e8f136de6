// `ollama-bench report`, and distributions of `plot`, as a person runs them.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ollama_bench/store/prompt_lines.h"
#include "support/prompt_records.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace ollama_bench::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class ReportPageTest : public ::testing::Test {
 protected:
  ReportPageTest() {
    json results = json::array();
    for (const int batch : {256, 512, 1024}) {
      json samples = json::array();
      for (int load = 1; load <= 4; ++load) {
        const double rate = (batch == 1024 ? 360.0 : 300.0) + 0.2 * load;
        samples.push_back({{"id", std::to_string(batch + load)},
                           {"load_id", batch + load},
                           {"role", "measure"},
                           {"started", "2026-11-21T07:0" + std::to_string(load) + ":00+00:00"},
                           {"printed_prompt_eval_rate", rate}});
      }
      results.push_back({{"num_ctx", 4096}, {"num_batch", batch}, {"samples", samples}});
    }
    const json metadata = {
        {"schema_version", 1},
        {"identity", {{"model", "a<b>&"}}},
        {"baseline", {{"num_ctx", 4096}, {"num_batch", 512}, {"source", "Modelfile"}}}};
    folder_.Write("sweep.json", json{{"metadata", metadata}, {"results", results}}.dump(1));
    std::string prompts;
    for (int i = 0; i < 80; ++i) prompts += FormatPromptLine(AnsweredPrompt(i, 80, 100 + i)) + "\n";
    folder_.Write("prompts.jsonl", prompts);
  }

  Ended Run(const std::vector<std::string>& arguments) {
    return RunProgram(BenchCommand(arguments, folder_.path()));
  }
  bool Has(const std::string& file, const std::string& part) {
    return folder_.Read(file).find(part) != std::string::npos;
  }

  TemporaryFolder folder_;
};

TEST_F(ReportPageTest, WritesHtmlAndMarkdownOfOneFileBesideIt) {
  const Ended usual = Run({"report", "sweep.json"});
  ASSERT_EQ(usual.exit_code, 0) << usual.err;
  EXPECT_EQ(usual.err, "wrote sweep_report.html\n");
  EXPECT_TRUE(Has("sweep_report.html", "<h1>a&lt;b&gt;&amp;</h1>"));
  EXPECT_TRUE(Has("sweep_report.html", "PARAMETER num_batch 1024"));
  const Ended both = Run({"report", "sweep.json", "-o", "r.html", "-o", "r.md"});
  ASSERT_EQ(both.exit_code, 0) << both.err;
  EXPECT_TRUE(Has("r.md", "**CHANGE** recommended"));
}

TEST_F(ReportPageTest, ResultsAndRecordsOfPromptsShareAPage) {
  const Ended ended = Run({"report", "sweep.json", "prompts.jsonl"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_TRUE(Has("report.html", "href=\"#file-2\""));
  EXPECT_TRUE(Has("report.html", "80 of 80 requests answered"));
}

TEST_F(ReportPageTest, ReplacesAReportAndNothingElse) {
  folder_.Write("notes.md", "# My notes\n");
  folder_.Write("page.html", "<!DOCTYPE html>\n<html></html>\n");
  for (const char* file : {"notes.md", "page.html"}) {
    const std::string before = folder_.Read(file);
    const Ended ended = Run({"report", "sweep.json", "-o", file});
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_NE(ended.err.find("is not overwritten"), std::string::npos) << ended.err;
    EXPECT_EQ(folder_.Read(file), before);
  }
  for (const char* file : {"new.md", "new.html"}) {
    EXPECT_EQ(Run({"report", "sweep.json", "-o", file}).exit_code, 0);
    EXPECT_EQ(Run({"report", "prompts.jsonl", "-o", file}).exit_code, 0);
    EXPECT_TRUE(Has(file, "80 of 80")) << file;
  }
}

TEST_F(ReportPageTest, RefusesWhatItCannotReadOrWriteBeforeItWritesAnything) {
  folder_.Write("damaged.json", "{\"results\": [");
  EXPECT_EQ(Run({"report", "sweep.json", "-o", "r.pdf"}).exit_code, 2);
  EXPECT_EQ(Run({"report", "sweep.json", "missing.json", "-o", "r.html"}).exit_code, 2);
  EXPECT_EQ(Run({"report", "sweep.json", "damaged.json", "-o", "r.html"}).exit_code, 4);
  EXPECT_FALSE(fs::exists(folder_ / "r.html"));
}

TEST_F(ReportPageTest, PlotDrawsTheSamplesOfChosenCellsOfAnyResults) {
  const Ended all = Run({"plot", "sweep.json", "--ecdf", "all", "-o", "all.svg"});
  ASSERT_EQ(all.exit_code, 0) << all.err;
  EXPECT_TRUE(Has("all.svg", "share of samples up to this value"));
  EXPECT_TRUE(Has("all.svg", "num_ctx 4096, num_batch 256"));
  const Ended best = Run({"plot", "sweep.json", "--histogram", "recommended", "-o", "best.svg"});
  ASSERT_EQ(best.exit_code, 0) << best.err;
  EXPECT_TRUE(Has("best.svg", "num_batch 1024"));
  EXPECT_FALSE(Has("best.svg", "num_batch 256") || Has("best.svg", "share of samples"));
  const Ended current = Run({"plot", "sweep.json", "--ecdf", "current", "--histogram", "current",
                             "-o", "current.svg", "-o", "current.png", "-o", "current.pdf"});
  ASSERT_EQ(current.exit_code, 0) << current.err;
  EXPECT_TRUE(Has("current.svg", "num_batch 512"));
  const Ended level = Run({"plot", "sweep.json", "--ecdf", "4", "-o", "level.svg"});
  EXPECT_EQ(level.exit_code, 2);
  EXPECT_NE(level.err.find("recommended, current, all"), std::string::npos) << level.err;
  const Ended unlike = Run({"plot", "sweep.json", "--ecdf", "all", "--histogram", "current"});
  EXPECT_EQ(unlike.exit_code, 2) << unlike.err;
}

}  // namespace
}  // namespace ollama_bench::testing
