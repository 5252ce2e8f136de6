#include "ollama_bench/render/json_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "ollama_bench/analysis/result_table.h"
#include "support/load_results.h"
#include "support/sample_tables.h"

namespace ollama_bench {
namespace {

using nlohmann::json;

TEST(JsonReportTest, HoldsEveryCellOnceUnderItsState) {
  const ResultTable table = MakeTable(13, 7, true);
  const json report = json::parse(RenderJsonReport(Only(table), OneAnswer(AnswerOf(table)), {}));
  const TableStatistics statistics = ComputeStatistics(Only(table));
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
  const json report =
      json::parse(RenderJsonReport(Only(table), OneAnswer(AnswerOf(table)), caption));
  EXPECT_EQ(report["model"], "qwen3:4b");
  EXPECT_EQ(report["metric"], "prompt_eval_rate");
  EXPECT_EQ(report["unit"], "tokens/s");
  EXPECT_EQ(report["replayed"], true);
  EXPECT_EQ(report["mixed"], false);
  EXPECT_EQ(report["best"]["num_ctx"], 4096);
  EXPECT_EQ(report["best"]["num_batch"], 128);
  EXPECT_EQ(report["best"]["value"], 86.0);
  EXPECT_NEAR(report["best"]["estimate"], 86.0, 1.5);
  EXPECT_LT(report["best"]["low"], report["best"]["estimate"]);
  EXPECT_GT(report["best"]["high"], report["best"]["estimate"]);
  EXPECT_EQ(report["best_set"].size(), 2U);
  EXPECT_EQ(report["recommended"]["num_ctx"], 4096);
  EXPECT_TRUE(report["baseline"].is_null());
  EXPECT_EQ(report["largest_safe_context"]["num_ctx"], 4096);
  EXPECT_EQ(report["statistics"]["noise"]["is_assumed"], true);
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

/// An answer for each verdict, found by simulated loads of three cells.
std::vector<SweepAnswer> AnswersOfEveryVerdict() {
  const auto answer = [](const std::vector<double>& rates, int loads, std::optional<Cell> current) {
    AnswerOptions options;
    options.current = current;
    options.current_source = "Modelfile";
    return *AnswerSweep(NoisyMachine(1, 0.001, 0.001).Sweep(rates, loads, 2),
                        Metric::kPromptEvalRate, options);
  };
  std::vector<SweepAnswer> answers = {
      answer({250, 300, 270}, 5, Cell{2048, 512}), answer({300, 250, 200}, 5, Cell{2048, 512}),
      answer({300, 300, 300}, 5, std::nullopt), answer({250, 300, 270}, 1, Cell{2048, 512}),
      answer({250, 300, 270}, 5, Cell{2048, 512})};
  answers.back().verdict = Verdict::kNoAnswer;
  answers.back().recommended.reset();
  answers.back().recommended_serving.reset();
  answers.back().gain.reset();
  return answers;
}

TEST(JsonReportTest, EveryVerdictHasEveryKeyOfTheAnswer) {
  const ResultTable table = MakeTable(3, 1);
  const char* verdicts[] = {"change", "keep", "tie", "undecided", "no_answer"};
  const std::vector<SweepAnswer> answers = AnswersOfEveryVerdict();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const json alone = json::parse(RenderAnswerJson(Only(table), OneAnswer(answers[i])));
    const json report = json::parse(RenderJsonReport(Only(table), OneAnswer(answers[i]), {}));
    EXPECT_EQ(alone["verdict"], verdicts[i]);
    for (const char* key :
         {"verdict", "reason", "fastest", "recommended", "current", "gain", "contenders", "tied",
          "largest_safe_context", "trust", "detectable_percent", "more_loads", "more_s", "best_set",
          "best", "baseline"}) {
      EXPECT_TRUE(alone.contains(key)) << verdicts[i] << ' ' << key;
      EXPECT_EQ(report[key], alone[key]) << verdicts[i] << ' ' << key;
    }
    EXPECT_TRUE(alone["fastest"].is_boolean());
    EXPECT_EQ(alone["best_set"], alone["contenders"]);
    EXPECT_GE(alone["contenders"].size(), 1U);
    EXPECT_EQ(alone["recommended"].is_null(), answers[i].verdict == Verdict::kNoAnswer);
    EXPECT_EQ(alone["current"].is_null(), answers[i].verdict == Verdict::kTie);
    EXPECT_EQ(alone["more_loads"] > 0, answers[i].verdict == Verdict::kUndecided);
    EXPECT_EQ(!alone["tied"].empty(), answers[i].are_tied);
  }
}

TEST(JsonReportTest, SaysOfACellWhatItIsAndHowManyLoadsItRestsOn) {
  const json report =
      json::parse(RenderAnswerJson(Only(MakeTable(3, 1)), OneAnswer(AnswersOfEveryVerdict()[0])));
  for (const char* object : {"recommended", "current"}) {
    for (const char* key : {"num_ctx", "num_batch", "estimate", "low", "high", "loads"}) {
      EXPECT_TRUE(report[object][key].is_number()) << object << ' ' << key;
    }
    EXPECT_EQ(report[object]["loads"], 5);
  }
  EXPECT_EQ(report["recommended"]["num_ctx"], 4096);
  EXPECT_EQ(report["current"]["num_ctx"], 2048);
  EXPECT_EQ(report["current"]["source"], "Modelfile");
  EXPECT_NEAR(report["gain"]["percent"], 20, 1);
  EXPECT_LT(report["gain"]["low_percent"], report["gain"]["percent"]);
  EXPECT_GT(report["gain"]["high_percent"], report["gain"]["percent"]);
  EXPECT_EQ(report["baseline"]["verdict"], "worth_having");
}

TEST(JsonReportTest, NamesTheContextAsTheReasonOfAChangeThatIsNoGain) {
  AnswerOptions options;
  options.current = Cell{2048, 512};
  const auto answer = AnswerSweep(NoisyMachine(1, 0.001, 0.001).Sweep({300, 300, 300}, 6, 2),
                                  Metric::kPromptEvalRate, options);
  const json report = json::parse(RenderAnswerJson(Only(MakeTable(3, 1)), OneAnswer(answer)));
  EXPECT_EQ(report["verdict"], "change");
  EXPECT_EQ(report["reason"], "context");
  EXPECT_EQ(report["recommended"]["num_ctx"], 6144);
}

TEST(JsonReportTest, HasNullsWhereNothingWasMeasuredAndStandsBytesThatAreNoText) {
  ResultTable table{Metric::kPromptEvalRate, MakeGrid(1, 1), {}};
  table.states = {Failed{FailureKind::kUnknown, "\xFF"}};
  const json report = json::parse(RenderJsonReport(Only(table), OneAnswer(AnswerOf(table)), {}));
  for (const char* key : {"answer", "verdict", "reason", "fastest", "best", "recommended",
                          "current", "gain", "baseline", "largest_safe_context", "trust",
                          "detectable_percent", "more_loads", "more_s"}) {
    EXPECT_TRUE(report[key].is_null()) << key;
  }
  EXPECT_EQ(report["best_set"], json::array());
  EXPECT_TRUE(report["statistics"]["mean"].is_null());
  EXPECT_EQ(report["failures"][0]["message"], "\xEF\xBF\xBD");
}

TEST(JsonReportTest, HoldsTheCellsOfSeveralTablesWithEachParameterThatIsSet) {
  std::vector<ResultTable> tables(3, MakeTable(4, 2, true));
  for (int i = 0; i < 3; ++i) {
    Cell& fixed = tables[static_cast<std::size_t>(i)].grid.fixed;
    if (i > 0) fixed.Set(Parameter::kNumThread, 4 * i);
    fixed.Set(Parameter::kUseMmap, i % 2);
  }
  const json report = json::parse(RenderJsonReport(tables, OneAnswer(std::nullopt), {}));
  std::set<std::string> seen;
  for (const char* list : {"cells", "failures", "excluded", "aliases", "untested"}) {
    for (const json& cell : report[list]) {
      json setting = json::object();
      for (const ParameterInfo& info : AllParameters()) {
        const std::string key(info.key);
        if (cell.contains(key)) setting[key] = cell[key];
      }
      EXPECT_TRUE(setting.contains("num_ctx") && setting.contains("num_batch"));
      EXPECT_TRUE(setting["use_mmap"].is_boolean());
      EXPECT_TRUE(seen.insert(setting.dump()).second) << setting;
    }
  }
  EXPECT_EQ(seen.size(), 24U);
  EXPECT_EQ(report["statistics"]["combinations"], 24);
  for (const ParameterInfo& info : AllParameters()) {
    const bool is_set = IsOfUsualPair(info.parameter) || info.parameter == Parameter::kNumThread ||
                        info.parameter == Parameter::kUseMmap;
    EXPECT_EQ(report.contains("best_per_" + std::string(info.key)), is_set) << info.key;
  }
}

TEST(JsonReportTest, NamesTheBestOfNoParameterThatNoCellSets) {
  const ResultTable table{Metric::kPromptEvalRate,
                          {{Parameter::kNumThread, {4}}, {Parameter::kNumBatch, {kAutoValue}}, {}},
                          {Measured{84, 1}}};
  const json report = json::parse(RenderJsonReport(Only(table), OneAnswer(std::nullopt), {}));
  EXPECT_TRUE(report.contains("best_per_num_thread"));
  EXPECT_FALSE(report.contains("best_per_num_batch"));
}

TEST(JsonReportTest, GivesEachStratumItsOwnAnswer) {
  const ResultTable table = MakeTable(3, 1);
  const std::vector<SweepAnswer> known = AnswersOfEveryVerdict();
  std::vector<StratumAnswer> answers;
  for (std::size_t i = 0; i < known.size(); ++i) {
    answers.push_back({Cell().With(Parameter::kPromptTokens, 256 << i), known[i]});
  }
  answers.push_back({Cell().With(Parameter::kPromptTokens, 1), std::nullopt});
  for (const std::string& text :
       {RenderAnswerJson(Only(table), answers), RenderJsonReport(Only(table), answers, {})}) {
    const json report = json::parse(text);
    EXPECT_TRUE(report["verdict"].is_null()) << "there is no one answer";
    ASSERT_EQ(report["answers"].size(), answers.size());
    for (std::size_t i = 0; i < known.size(); ++i) {
      json alone = json::parse(RenderAnswerJson(Only(table), OneAnswer(known[i])));
      alone["prompt_tokens"] = 256 << i;
      EXPECT_EQ(report["answers"][i], alone) << i;
    }
    EXPECT_TRUE(report["answers"].back()["verdict"].is_null());
    EXPECT_EQ(report["answers"].back()["prompt_tokens"], 1);
  }
}

}  // namespace
}  // namespace ollama_bench
