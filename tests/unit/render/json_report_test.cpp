#include "ollama_bench/render/json_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ollama_bench/analysis/table_statistics.h"
#include "support/sample_tables.h"

namespace ollama_bench {
namespace {

using nlohmann::json;

TEST(JsonReportTest, HoldsEveryCellOnceUnderItsState) {
  const ResultTable table = MakeTable(13, 7, true);
  const json report = json::parse(RenderJsonReport(table, AnswerOf(table), {}));
  const TableStatistics statistics = ComputeStatistics(table);
  EXPECT_EQ(report["cells"].size(), statistics.successful);
  EXPECT_EQ(report["failures"].size(), statistics.failed);
  EXPECT_EQ(report["excluded"].size(), statistics.excluded);
  EXPECT_EQ(report["aliases"].size(), statistics.aliases);
  EXPECT_EQ(report["untested"].size(), statistics.untested);
  for (const json& cell : report["cells"]) {
    const auto row = cell["num_batch"].get<std::size_t>() / 128 - 1;
    const auto column = cell["num_ctx"].get<std::size_t>() / 2048 - 1;
    EXPECT_EQ(table.At(row, column), CellState(Measured{cell["value"], cell["samples"]}));
  }
}

TEST(JsonReportTest, NamesTheBestCellTheStatisticsAndTheFailures) {
  ResultTable table{Metric::kPromptEvalRate, MakeGrid(3, 1), {}};
  table.states = {Measured{84, 2}, Measured{86, 2}, Failed{FailureKind::kOutOfMemory, "no room"}};
  SweepCaption caption;
  caption.model = "qwen3:4b";
  caption.replayed = true;
  const json report = json::parse(RenderJsonReport(table, AnswerOf(table), caption));
  EXPECT_EQ(report["model"], "qwen3:4b");
  EXPECT_EQ(report["metric"], "prompt_eval_rate");
  EXPECT_EQ(report["unit"], "tokens/s");
  EXPECT_EQ(report["replayed"], true);
  EXPECT_EQ(report["mixed"], false);
  EXPECT_EQ(report["best"]["num_ctx"], 4096);
  EXPECT_EQ(report["best"]["num_batch"], 128);
  EXPECT_EQ(report["best"]["value"], 86.0);
  EXPECT_NEAR(report["best"]["estimate"], 86.0, 1e-9);
  EXPECT_LT(report["best"]["low"], 86.0);
  EXPECT_GT(report["best"]["high"], 86.0);
  EXPECT_EQ(report["best_set"].size(), 2U);
  EXPECT_EQ(report["recommended"]["num_ctx"], 4096);
  EXPECT_TRUE(report["baseline"].is_null());
  EXPECT_EQ(report["largest_safe_context"]["num_ctx"], 4096);
  EXPECT_EQ(report["statistics"]["noise"]["load_differences"], 0);
  EXPECT_EQ(report["failures"], json::parse(R"([{"num_ctx": 6144, "num_batch": 128,
      "kind": "out_of_memory", "message": "no room"}])"));
  json statistics = report["statistics"];
  statistics.erase("noise");
  EXPECT_EQ(statistics, json::parse(R"({"combinations": 3, "successful": 2, "failed": 1,
      "excluded": 0, "aliases": 0, "untested": 0, "failed_by_kind": {"out_of_memory": 1},
      "max": 86.0, "min": 84.0, "mean": 85.0, "median": 85.0})"));
  EXPECT_EQ(report["best_per_num_ctx"].size(), 2U);
  EXPECT_EQ(report["best_per_num_batch"].size(), 1U);
}

TEST(JsonReportTest, HasNullsWhereNothingWasMeasuredAndStandsBytesThatAreNoText) {
  ResultTable table{Metric::kPromptEvalRate, MakeGrid(1, 1), {}};
  table.states = {Failed{FailureKind::kUnknown, "\xFF"}};
  const json report = json::parse(RenderJsonReport(table, AnswerOf(table), {}));
  for (const char* key : {"answer", "best", "recommended", "baseline", "largest_safe_context"}) {
    EXPECT_TRUE(report[key].is_null()) << key;
  }
  EXPECT_EQ(report["best_set"], json::array());
  EXPECT_TRUE(report["statistics"]["mean"].is_null());
  EXPECT_EQ(report["failures"][0]["message"], "\xEF\xBF\xBD");
}

}  // namespace
}  // namespace ollama_bench
