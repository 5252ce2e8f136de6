#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ollama_bench/report/report.h"
#include "support/report_sources.h"

namespace ollama_bench {
namespace {

std::string Markdown(const std::vector<ReportSource>& sources) {
  return RenderMarkdownReport(sources, {{}, "today"});
}

// Columns of a row of a table.
std::size_t ColumnsOf(const std::string& line) {
  std::size_t columns = 0;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '|' && line[i - 1] != '\\') ++columns;
  }
  return columns;
}

TEST(MarkdownReportTest, RowsOfEachTableHaveAsManyColumnsAsItsHeading) {
  const std::vector<ReportSource> sources = {ChangingSweep(), ThreeAxes(),     LoadSweep(),
                                             ScaleSweep(),    PromptsOfTest(), HostileSweep()};
  std::size_t columns = 0;
  int tables = 0;
  for (const std::string& line : Lines(Markdown(sources))) {
    if (!line.starts_with("|")) {
      columns = 0;
      continue;
    }
    if (columns == 0) {
      columns = ColumnsOf(line);
      ++tables;
    }
    EXPECT_EQ(ColumnsOf(line), columns) << line;
  }
  EXPECT_GT(tables, 10);
}

TEST(MarkdownReportTest, BeginsWithTheAnswerAndHasItsLinesInAFence) {
  const std::string text = Markdown({ChangingSweep()});
  EXPECT_TRUE(text.starts_with(kMarkdownReportStart));
  const auto verdict = text.find("**CHANGE** recommended: num\\_ctx=");
  ASSERT_NE(verdict, std::string::npos) << text.substr(0, 600);
  EXPECT_LT(verdict, text.find('|'));
  EXPECT_NE(text.find("```\nPARAMETER num_ctx"), std::string::npos);
}

TEST(MarkdownReportTest, TextsOfTheResultsAreNeitherMarkupNorControlCharacters) {
  const std::string text = Markdown({HostileSweep(), PromptsOfTest(5)});
  bool is_fenced = false;
  for (const std::string& line : Lines(text)) {
    if (line.starts_with("```")) is_fenced = !is_fenced;
    if (is_fenced) continue;
    EXPECT_EQ(line.find("<script"), std::string::npos) << line;
    EXPECT_EQ(line.find("<img"), std::string::npos) << line;
    EXPECT_EQ(line.find("[a](//"), std::string::npos) << line;
  }
  EXPECT_FALSE(is_fenced);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(MarkdownReportTest, AFenceIsLongerThanThoseInTheText) {
  ReportedSweep sweep = HostileSweep();
  sweep.results.back().visits.back().failure->output_tail = "a\n````\n<b>";
  const std::string text = Markdown({sweep});
  EXPECT_NE(text.find("`````\na\n````\n<b>\n`````\n"), std::string::npos);
}

}  // namespace
}  // namespace ollama_bench
