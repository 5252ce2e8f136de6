#include "ollama_bench/render/text_report.h"

#include <gtest/gtest.h>

#include "ollama_bench/analysis/sweep_map.h"
#include "support/load_results.h"
#include "support/sample_tables.h"

namespace ollama_bench {
namespace {

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string ReportOf(const ResultTable& table, const SweepCaption& caption) {
  const auto answers = OneAnswer(AnswerOf(table));
  return RenderTextReport(Only(table), answers, Only(MapOf(table, answers)), caption, {});
}

TEST(TextReportTest, TellsTheRealSweepsNumbers) {
  const auto [results, grid] = ReadCsvTable(ReadTestFile("nemotron_5gpu_sweep.csv"));
  const auto table = BuildResultTable(results, grid, Metric::kPromptEvalRate);
  SweepCaption caption;
  caption.model = "nemotron";
  const std::string report = ReportOf(table, caption);
  EXPECT_EQ(Lines(report)[0], "nemotron");
  for (const char* part :
       {"combinations   102\nsuccessful     101\nfailed         0\nuntested       1\n",
        "max / min      85.60 / 78.20 tokens/s\nmean / median  83.60 / 84.10 tokens/s\n",
        "    10240            672        85.50          160           8192        84.00\n",
        "\nUNDECIDED: the best cell was not loaded often enough. Best so far: ",
        " between loads (assumed: no cell was loaded twice).\n"}) {
    EXPECT_TRUE(Contains(report, part)) << part << "is not in\n" << report;
  }
  EXPECT_FALSE(Contains(report, "PARAMETER"));
}

TEST(TextReportTest, HasLinesForAModelfileOnlyWhereTheAnswerIsToChangeSomething) {
  const auto answer = [](const std::vector<double>& rates, int loads, std::optional<Cell> current) {
    AnswerOptions options;
    options.current = current;
    return *AnswerSweep(NoisyMachine(1, 0.001, 0.001).Sweep(rates, loads, 2),
                        Metric::kPromptEvalRate, options);
  };
  const Cell current{2048, 512};
  const SweepAnswer change = answer({250, 300, 270}, 5, current);
  EXPECT_EQ(ParameterLines(change), "\nPARAMETER num_ctx 4096\nPARAMETER num_batch 512\n");
  EXPECT_EQ(ParameterLines(answer({300, 300, 300}, 5, current)),
            "\nPARAMETER num_ctx 6144\nPARAMETER num_batch 512\n");
  EXPECT_EQ(ParameterLines(answer({300, 250, 200}, 5, current)), "") << "keep";
  EXPECT_EQ(ParameterLines(answer({300, 300, 300}, 5, std::nullopt)), "") << "tie";
  EXPECT_EQ(ParameterLines(answer({250, 300, 270}, 1, current)), "") << "undecided";
  SweepAnswer none = change;
  none.verdict = Verdict::kNoAnswer;
  none.recommended.reset();
  EXPECT_EQ(ParameterLines(none), "");
}

TEST(TextReportTest, NamesFailuresByKind) {
  ResultTable table{Metric::kPromptEvalRate, MakeGrid(3, 1), {}};
  table.states = {Failed{FailureKind::kTimeout, ""}, Failed{FailureKind::kOutOfMemory, ""},
                  Failed{FailureKind::kTimeout, ""}};
  const std::string report = ReportOf(table, {});
  EXPECT_TRUE(Contains(report, "failed         3\n               OOM 1, timeout 2\n"));
  EXPECT_TRUE(Contains(report, "No cell has a value.\n"));
  EXPECT_FALSE(Contains(report, "PARAMETER"));
}

TEST(TextReportTest, FitsEightyColumns) {
  SweepCaption caption;
  caption.replayed = true;
  caption.mixed = true;
  const ResultTable table = MakeTable(47, 17, true);
  for (const std::string& line : Lines(ReportOf(table, caption))) {
    EXPECT_LE(line.size(), 80U) << line;
  }
}

TEST(TextReportTest, MarksReplayedAndMixedNumbers) {
  SweepCaption caption;
  EXPECT_FALSE(Contains(ReportOf(MakeTable(1, 1), caption), "REPLAYED"));
  caption.replayed = true;
  EXPECT_TRUE(Contains(ReportOf(MakeTable(1, 1), caption), "REPLAYED"));
  EXPECT_FALSE(Contains(ReportOf(MakeTable(1, 1), caption), "MIXED"));
  caption.mixed = true;
  EXPECT_TRUE(Contains(ReportOf(MakeTable(1, 1), caption), "MIXED"));
}

TEST(TextReportTest, ShowsNothingThatATerminalWouldObey) {
  SweepCaption caption;
  caption.model = "evil\x1b[2J\nmodel";
  const std::string report = ReportOf(MakeTable(2, 2, true), caption);
  EXPECT_EQ(report.find('\x1b'), std::string::npos);
  EXPECT_EQ(Lines(report)[0], "evil\\x1b[2J\\x0amodel");
}

}  // namespace
}  // namespace ollama_bench
