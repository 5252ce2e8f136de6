#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace ollama_bench::testing {
namespace {

using nlohmann::json;

// `ollama-bench heatmap` and `compare` on results files in a folder of their own.
class ReportTest : public ::testing::Test {
 protected:
  // Four cells with three loads of two runs each. `factors` by cell; the spread is the same in all
  // files, so that a factor is all that differs.
  static json Results(const std::vector<double>& factors) {
    static constexpr double kSpread[] = {1.004, 0.996, 1.002, 0.999, 0.997, 1.003};
    json results = json::array();
    for (std::size_t i = 0; i < factors.size(); ++i) {
      json samples = json::array();
      for (int run = 0; run < 6; ++run) {
        const double spread = kSpread[(static_cast<std::size_t>(run) + i) % 6];
        samples.push_back({{"id", std::to_string(10 * i + static_cast<std::size_t>(run))},
                           {"load_id", 10 * static_cast<int>(i) + run / 2 + 1},
                           {"role", "measure"},
                           {"excluded", nullptr},
                           {"printed_prompt_eval_rate", 300 * factors[i] * spread}});
      }
      results.push_back({{"num_ctx", 2048 * (i + 1)}, {"num_batch", 512}, {"samples", samples}});
    }
    return results;
  }

  void Write(const std::string& name, const std::vector<double>& factors,
             json metadata = json::object()) {
    metadata["schema_version"] = 1;
    folder_.Write(name, json{{"metadata", metadata}, {"results", Results(factors)}}.dump(1));
  }

  Ended Run(const std::vector<std::string>& arguments) {
    return RunProgram(BenchCommand(arguments, folder_.path()));
  }

  TemporaryFolder folder_;
};

TEST_F(ReportTest, HeatmapAnswersInJson) {
  Write("results.json", {1, 0.999, 0.97, 0.8},
        {{"baseline", {{"num_ctx", 8192}, {"num_batch", nullptr}, {"source", "Modelfile"}}}});
  const Ended ended = Run({"heatmap", "results.json", "--json", "--no-csv"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const json report = json::parse(ended.out);
  EXPECT_EQ(report["best"]["num_ctx"], 2048);
  ASSERT_EQ(report["best_set"].size(), 2U) << report["best_set"].dump(1);
  EXPECT_EQ(report["verdict"], "change");
  EXPECT_EQ(report["recommended"]["num_ctx"], 2048);
  EXPECT_EQ(report["recommended"]["loads"], 3);
  EXPECT_EQ(report["current"]["num_ctx"], 8192);
  EXPECT_EQ(report["gain"], report["baseline"]["gain"]);
  EXPECT_EQ(report["largest_safe_context"]["num_ctx"], 6144);
  EXPECT_EQ(report["baseline"]["source"], "Modelfile");
  EXPECT_EQ(report["baseline"]["verdict"], "worth_having");
  EXPECT_NEAR(report["baseline"]["gain"]["percent"], 24.9, 0.5);
  EXPECT_EQ(report["statistics"]["noise"]["is_assumed"], false);
  const std::string answer = report["answer"];
  EXPECT_TRUE(answer.starts_with(
      "CHANGE: recommended: num_ctx=2048 num_batch=512, within 1 % of the fastest cell: +"))
      << answer;
  EXPECT_TRUE(
      answer.ends_with(" against the current setting, num_ctx=8192 num_batch=512 (Modelfile)."))
      << answer;
}

// The pass saw the first cell 20 % ahead, the repeated loads see it 3 % behind.
TEST_F(ReportTest, HeatmapGivesNoAnswerWhereTheRepeatedLoadsContradictThePass) {
  static constexpr double kSpread[] = {1.002, 0.998, 1.001, 0.999, 1.0, 0.997};
  json results = json::array();
  int id = 0;
  for (int cell = 0; cell < 4; ++cell) {
    json samples = json::array();
    for (int load = 0; load < 10; ++load) {
      const bool is_of_pass = load < 6;
      const double factor = cell > 0 ? 1 : is_of_pass ? 1.2 : 0.97;
      const int second = 100 + 4 * load + cell;
      samples.push_back({{"id", std::to_string(id)},
                         {"load_id", ++id},
                         {"role", is_of_pass ? "measure" : "confirm"},
                         {"excluded", nullptr},
                         {"printed_prompt_eval_rate", 300 * factor * kSpread[(load + cell) % 6]},
                         {"started", "2026-11-21T10:0" + std::to_string(second / 60) + ":" +
                                         std::to_string(second % 60 + 100).substr(1) + "+00:00"}});
    }
    results.push_back({{"num_ctx", 2048 * (cell + 1)}, {"num_batch", 512}, {"samples", samples}});
  }
  const json baseline = {{"num_ctx", 8192}, {"num_batch", 512}, {"source", "Modelfile"}};
  folder_.Write("results.json", json{{"metadata", {{"schema_version", 1}, {"baseline", baseline}}},
                                     {"results", results}}
                                    .dump());
  const Ended ended = Run({"heatmap", "results.json", "--no-csv", "-o", "a.svg"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.out.find("\nNO ANSWER: "), std::string::npos) << ended.out;
  EXPECT_EQ(ended.out.find("PARAMETER"), std::string::npos) << ended.out;
  EXPECT_NE(ended.out.find("\nTrust: poor;"), std::string::npos) << ended.out;
  const json report = json::parse(Run({"heatmap", "results.json", "--no-csv", "--json"}).out);
  EXPECT_EQ(report["verdict"], "no_answer");
  EXPECT_EQ(report["fastest"], false);
  EXPECT_EQ(report["trust"], "poor");
  for (const char* key : {"recommended", "gain", "largest_safe_context"}) {
    EXPECT_TRUE(report[key].is_null()) << key;
  }
}

TEST_F(ReportTest, HeatmapTakesAnotherLossForTheSafeContext) {
  Write("results.json", {1, 0.999, 0.97, 0.8});
  const auto largest = [this](const std::string& loss) {
    const Ended ended = Run({"heatmap", "results.json", "--json", "--no-csv", "--max-loss", loss});
    return json::parse(ended.out)["largest_safe_context"]["num_ctx"].get<int>();
  };
  EXPECT_EQ(largest("1%"), 4096);
  EXPECT_EQ(largest("30"), 8192);
  EXPECT_EQ(Run({"heatmap", "results.json", "--max-loss", "0"}).exit_code, 2);
  EXPECT_EQ(Run({"heatmap", "results.json", "--max-loss", "much"}).exit_code, 2);
}

// A letter that DejaVu Sans lacks and DejaVu Serif, of the same package, has.
TEST_F(ReportTest, HeatmapDrawsLettersInAFontOfTheSystemAndNamesSubstitutes) {
  const std::string arrow = "\xE2\xA4\x80";
  Write("results.json", {1, 0.8}, {{"identity", {{"model", "m" + arrow}}}});
  const auto draw = [&](const std::string& fonts) {
    folder_.Write("fonts.conf", "<?xml version=\"1.0\"?><fontconfig>" + fonts + "<cachedir>" +
                                    (folder_ / "cache").string() + "</cachedir></fontconfig>");
    const Program heatmap =
        BenchCommand({"heatmap", "results.json", "--no-csv", "-o", "a.svg", "-o", "a.pdf"},
                     folder_.path(), {{"FONTCONFIG_FILE", (folder_ / "fonts.conf").string()}});
    EXPECT_EQ(RunProgram(heatmap).exit_code, 0);
    return folder_.Read("a.svg");
  };
  const std::string with = draw("<dir>" OLLAMA_BENCH_FONT_FOLDER "</dir>");
  EXPECT_NE(with.find(">m" + arrow), std::string::npos);
  EXPECT_EQ(with.find("U+2900"), std::string::npos);
  EXPECT_NE(folder_.Read("a.pdf").find("DejaVuSerif"), std::string::npos);
  const std::string without = draw("");
  EXPECT_NE(without.find(">m[U+2900]"), std::string::npos);
  EXPECT_NE(without.find("[U+2900] and the like are letters"), std::string::npos);
}

TEST_F(ReportTest, HeatmapMarksTheCurrentSettingOutsideTheGrid) {
  Write("results.json", {1, 0.999, 0.97, 0.8},
        {{"num_ctx_range", "2048-6144:2048"},
         {"num_batch_range", "512"},
         {"baseline", {{"num_ctx", 8192}, {"num_batch", 512}, {"source", "Modelfile"}}}});
  const Ended ended = Run({"heatmap", "results.json", "--no-csv", "-o", "a.svg"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(folder_.Read("a.svg").find(
                "current setting, outside the grid: num_ctx=8192 num_batch=512, 240"),
            std::string::npos);
  EXPECT_EQ(ended.out.find("current setting\n"), std::string::npos) << "it is not in the table";
}

TEST_F(ReportTest, HeatmapMarksTheCurrentSettingInThePictureAndInTheTable) {
  Write("results.json", {1, 0.999, 0.97, 0.8},
        {{"baseline", {{"num_ctx", 8192}, {"num_batch", 512}, {"source", "Modelfile"}}}});
  const Ended ended = Run({"heatmap", "results.json", "--no-csv", "-o", "a.svg"});
  EXPECT_NE(ended.out.find("240.1@"), std::string::npos) << ended.out;
  EXPECT_NE(ended.out.find("@ current setting"), std::string::npos) << ended.out;
  const std::string svg = folder_.Read("a.svg");
  EXPECT_NE(svg.find("current setting: num_ctx=8192 num_batch=512"), std::string::npos);
  EXPECT_NE(svg.find(" % slower: 1<"), std::string::npos);
  EXPECT_NE(svg.find("may be the best (95 %): 2"), std::string::npos);
}

TEST_F(ReportTest, CompareSaysWhatChangedAndDrawsIt) {
  Write("a.json", {1, 1, 1, 1});
  Write("b.json", {0.9, 0.9, 0.9, 0.9});
  const Ended ended = Run({"compare", "a.json", "b.json", "-o", "diff.svg"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.out.find("Overall, b.json is 10.0 % slower than a.json"), std::string::npos)
      << ended.out;
  EXPECT_NE(ended.out.find("4 of 4 cells changed significantly"), std::string::npos) << ended.out;
  EXPECT_NE(folder_.Read("diff.svg").find("-10.0 %"), std::string::npos);
  const json report = json::parse(Run({"compare", "b.json", "a.json", "--json"}).out);
  EXPECT_EQ(report["changed_cells"], 4);
  EXPECT_EQ(report["overall"]["is_called"], true);
  EXPECT_NEAR(report["overall"]["percent"], 11.1, 0.1);
  EXPECT_TRUE(report["is_slower"].is_null());
}

TEST_F(ReportTest, CompareTellsOfCellsThatWereMeasuredAndNowFail) {
  Write("a.json", {1, 1, 1, 1});
  json store = {{"metadata", {{"schema_version", 1}}}, {"results", Results({1, 1, 1})}};
  store["results"].push_back(
      {{"num_ctx", 8192},
       {"num_batch", 512},
       {"prompt_eval_rate", nullptr},
       {"error", "CUDA OOM"},
       {"failure", {{"kind", "out_of_memory"}, {"message", "no room"}, {"attempts", 2}}}});
  folder_.Write("b.json", store.dump());

  const Ended checked = Run({"compare", "a.json", "b.json", "--fail-if-slower", "5%"});
  EXPECT_EQ(checked.exit_code, 5) << checked.out;
  EXPECT_NE(checked.out.find("1 cell that a.json measured fails in b.json, which is worse: num_ctx "
                             "8192, num_batch 512 (CUDA OOM)."),
            std::string::npos)
      << checked.out;
  EXPECT_EQ(checked.out.find("alone"), std::string::npos) << checked.out;
  EXPECT_EQ(Run({"compare", "a.json", "b.json"}).exit_code, 0) << "nobody asked for a check";
  const std::string markdown = Run({"compare", "a.json", "b.json", "--markdown"}).out;
  EXPECT_NE(markdown.find("| failed | - | - | now fails |"), std::string::npos) << markdown;
  EXPECT_NE(markdown.find("which is worse"), std::string::npos) << markdown;
  const json report =
      json::parse(Run({"compare", "a.json", "b.json", "--json", "--fail-if-slower", "5%"}).out);
  EXPECT_EQ(report["is_slower"], true);
  ASSERT_EQ(report["now_failed"].size(), 1U);
  EXPECT_EQ(report["now_failed"][0]["kind"], "out_of_memory");
  EXPECT_NEAR(report["now_failed"][0]["before"].get<double>(), 300, 5);

  const Ended back = Run({"compare", "b.json", "a.json", "--json", "--fail-if-slower", "5%"});
  EXPECT_EQ(back.exit_code, 0);
  EXPECT_EQ(json::parse(back.out)["now_measured"].size(), 1U);
  EXPECT_NE(
      Run({"compare", "b.json", "a.json"}).out.find("1 cell that failed in b.json is measured"),
      std::string::npos);
  EXPECT_EQ(Run({"compare", "a.json", "b.json", "-o", "diff.svg"}).exit_code, 0);
  EXPECT_NE(folder_.Read("diff.svg").find("fails now (CUDA OOM"), std::string::npos);
}

TEST_F(ReportTest, CompareReturnsFiveWhereEveryCellNowFails) {
  Write("a.json", {1, 1});
  json failed = {{"metadata", {{"schema_version", 1}}}, {"results", json::array()}};
  for (const int num_ctx : {2048, 4096}) {
    failed["results"].push_back({{"num_ctx", num_ctx},
                                 {"num_batch", 512},
                                 {"prompt_eval_rate", nullptr},
                                 {"error", "Timeout"}});
  }
  folder_.Write("b.json", failed.dump());
  EXPECT_EQ(Run({"compare", "a.json", "b.json", "--fail-if-slower", "5%"}).exit_code, 5);
  EXPECT_EQ(Run({"compare", "a.json", "b.json"}).exit_code, 1);
}

TEST_F(ReportTest, CompareDoesNotTakeCellsThatWereNotTriedForFailed) {
  Write("a.json", {1, 1, 1, 1});
  Write("b.json", {1, 1, 1});
  const Ended ended = Run({"compare", "a.json", "b.json", "--fail-if-slower", "5%"});
  EXPECT_EQ(ended.exit_code, 0) << ended.out;
  EXPECT_NE(ended.out.find("1 cell was measured in a.json alone."), std::string::npos) << ended.out;
}

TEST_F(ReportTest, CompareOfTheSameResultsFindsNothing) {
  Write("a.json", {1, 1, 1, 1});
  const Ended ended = Run({"compare", "a.json", "a.json", "--markdown", "--fail-if-slower", "1%"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.out.find("**Overall, no significant change: 0.0 %"), std::string::npos)
      << ended.out;
  EXPECT_NE(ended.out.find("None of 4 cells changed significantly"), std::string::npos);
  EXPECT_NE(ended.out.find("| 2048 | 512 | 300.05 | 300.05 | 0.0 % |"), std::string::npos)
      << ended.out;
}

TEST_F(ReportTest, CompareFailsWhereThingsGotSlowerThanAllowed) {
  Write("a.json", {1, 1, 1, 1});
  Write("b.json", {0.9, 0.9, 0.9, 0.9});
  EXPECT_EQ(Run({"compare", "a.json", "b.json", "--fail-if-slower", "5%"}).exit_code, 5);
  EXPECT_EQ(Run({"compare", "a.json", "b.json", "--fail-if-slower", "15%"}).exit_code, 0);
  EXPECT_EQ(Run({"compare", "b.json", "a.json", "--fail-if-slower", "5%"}).exit_code, 0);
}

TEST_F(ReportTest, CompareWarnsOfDifferencesThatAreNotTheMachines) {
  Write("a.json", {1, 1}, {{"identity", {{"ollama_version", "0.11.4"}, {"driver", "cli"}}}});
  Write("b.json", {1, 1}, {{"identity", {{"ollama_version", "0.13.5"}, {"driver", "cli"}}}});
  const Ended ended = Run({"compare", "a.json", "b.json"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_NE(ended.err.find("warning: ollama_version"), std::string::npos) << ended.err;
  EXPECT_EQ(ended.err.find("driver"), std::string::npos) << ended.err;
  const json report = json::parse(Run({"compare", "a.json", "b.json", "--json"}).out);
  EXPECT_EQ(report["differences"].size(), 1U);
}

TEST_F(ReportTest, CompareReturnsTheCodesOfTheProgram) {
  Write("a.json", {1});
  folder_.Write("damaged.json", "{");
  EXPECT_EQ(Run({"compare", "a.json"}).exit_code, 2);
  EXPECT_EQ(Run({"compare", "a.json", "missing.json"}).exit_code, 2);
  EXPECT_EQ(Run({"compare", "a.json", "a.json", "-o", "picture.gif"}).exit_code, 2);
  EXPECT_EQ(Run({"compare", "a.json", "a.json", "--json", "--markdown"}).exit_code, 2);
  EXPECT_EQ(Run({"compare", "a.json", "damaged.json"}).exit_code, 4);
  folder_.Write("empty.json", R"({"metadata": {}, "results": []})");
  EXPECT_EQ(Run({"compare", "a.json", "empty.json"}).exit_code, 1);
}

}  // namespace
}  // namespace ollama_bench::testing
