#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace ollama_bench::testing {
namespace {

using nlohmann::json;

struct NamedValues {
  std::string name;
  std::vector<json> values;
};

/// `heatmap`, `plot` and `compare` on sweeps of other parameters than num_ctx and num_batch.
class FurtherParametersTest : public ::testing::Test {
 protected:
  // All combinations, with three loads each. The rate grows with the sum of the places of the
  // values in their axes.
  void Write(const std::string& name, const std::vector<NamedValues>& axes, double factor = 1) {
    json cells = json::array({json::object()});
    std::vector<double> rates{100};
    for (const NamedValues& axis : axes) {
      json all = json::array();
      std::vector<double> all_rates;
      for (std::size_t i = 0; i < cells.size(); ++i) {
        for (std::size_t k = 0; k < axis.values.size(); ++k) {
          all.push_back(cells[i]);
          all.back()[axis.name] = axis.values[k];
          all_rates.push_back(rates[i] * (1 + 0.2 * static_cast<double>(k)));
        }
      }
      cells = std::move(all);
      rates = std::move(all_rates);
    }
    for (std::size_t i = 0; i < cells.size(); ++i) AddSamples(cells[i], i, rates[i] * factor);
    json planned = json::array();
    for (const NamedValues& axis : axes) {
      planned.push_back({{"name", axis.name}, {"values", axis.values}});
    }
    const json metadata = {{"schema_version", 2},
                           {"axes", planned},
                           {"workload", "prefill"},
                           {"replayed", true},
                           {"identity", {{"model", "smollm2"}}}};
    folder_.Write(name, json{{"metadata", metadata}, {"results", cells}}.dump(1));
  }

  static void AddSamples(json& cell, std::size_t number, double rate) {
    static constexpr double kSpread[] = {1.002, 0.999, 0.997};
    for (std::size_t load = 0; load < 3; ++load) {
      const std::string id = std::to_string(number) + "-" + std::to_string(load);
      cell["samples"].push_back(
          {{"id", id},
           {"load_id", 10 * number + load + 1},
           {"role", "measure"},
           {"excluded", nullptr},
           {"printed_prompt_eval_rate", rate * kSpread[(load + number) % 3]}});
    }
  }

  Ended Run(const std::vector<std::string>& arguments) {
    return RunProgram(BenchCommand(arguments, folder_.path()));
  }

  [[nodiscard]] std::size_t CountIn(const std::string& file, const std::string& part) const {
    const std::string text = folder_.Read(file);
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
  }

  TemporaryFolder folder_;
};

TEST_F(FurtherParametersTest, HeatmapDrawsATableForEachValueOfAThirdParameter) {
  Write("r.json", {{"num_thread", {2, 4}}, {"num_batch", {128, 512}}, {"num_gpu", {0, 16, 33}}});
  const Ended ended = Run({"heatmap", "r.json", "--no-csv", "-o", "a.svg", "--across", "num_thread",
                           "--down", "num_batch"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  for (const char* heading : {">num_gpu 0<", ">num_gpu 16<", ">num_gpu 33<"}) {
    EXPECT_EQ(CountIn("a.svg", heading), 1U) << heading;
  }
  EXPECT_EQ(CountIn("a.svg", ">REPLAYED<"), 1U);
  EXPECT_EQ(CountIn("a.svg", ">recommended: "), 1U);
  EXPECT_NE(ended.out.find("num_thread across, num_batch down"), std::string::npos) << ended.out;
}

TEST_F(FurtherParametersTest, HeatmapSaysWhatItsOnlyTableIsHeldAt) {
  Write("r.json", {{"num_thread", {2, 4}}, {"num_batch", {128, 512}}, {"num_gpu", {0, 16, 33}}});
  const Ended ended =
      Run({"heatmap", "r.json", "--no-csv", "-o", "a.svg", "--where", "num_gpu=16"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(CountIn("a.svg", "\xC2\xB7  num_gpu 16"), 1U);
  EXPECT_EQ(CountIn("a.svg", ">recommended, not shown: "), 1U) << "it has another num_gpu";
  EXPECT_NE(ended.out.find("num_gpu 16\n"), std::string::npos) << ended.out;
}

TEST_F(FurtherParametersTest, SeveralValuesOfOneParameterAreAlternatives) {
  Write("r.json", {{"num_thread", {2, 4}}, {"num_batch", {128, 512}}, {"num_gpu", {0, 16, 33}}});
  const Ended ended = Run({"heatmap", "r.json", "--no-csv", "-o", "a.svg", "--across", "num_thread",
                           "--down", "num_batch", "--where", "num_gpu=33", "--where", "num_gpu=0"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_LT(ended.out.find("num_gpu 0\n"), ended.out.find("num_gpu 33\n")) << ended.out;
  EXPECT_EQ(CountIn("a.svg", ">num_gpu 16<"), 0U);
}

TEST_F(FurtherParametersTest, PlotDrawsALineForEachValueOfASecondParameter) {
  Write("r.json", {{"num_thread", {1, 2, 4}}, {"num_batch", {128, 512}}});
  const Ended ended = Run({"plot", "r.json", "-o", "a.svg", "-o", "a.png", "-o", "a.pdf"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.err, "wrote a.svg\nwrote a.png\nwrote a.pdf\n");
  for (const char* name : {">128<", ">512<", ">num_batch<", ">num_thread<", ">REPLAYED<"}) {
    EXPECT_EQ(CountIn("a.svg", name), 1U) << name;
  }
  EXPECT_EQ(CountIn("a.svg", " tokens/s, 95 % CI ["), 6U) << "the interval of each point";
  EXPECT_EQ(folder_.Read("a.pdf").rfind("%PDF", 0), 0U);
  EXPECT_NE(ended.out.find("BEST: recommended: num_batch=512 num_thread=4"), std::string::npos)
      << ended.out;
}

TEST_F(FurtherParametersTest, PlotWritesNoTableUnlessToldTo) {
  Write("benchmark_results.json", {{"num_thread", {1, 2, 4}}});
  EXPECT_EQ(Run({"plot"}).err, "wrote plot.png\n");
  EXPECT_EQ(Run({"plot", "--csv", "t.csv"}).err, "wrote plot.png\nwrote t.csv\n");
  EXPECT_EQ(folder_.Read("t.csv").rfind("num_thread,prompt_eval_rate\r\n1,", 0), 0U)
      << folder_.Read("t.csv");
}

TEST_F(FurtherParametersTest, PlotPrintsTheReportOfHeatmapAsJson) {
  Write("r.json", {{"num_thread", {1, 2, 4}}, {"num_batch", {128, 512}}});
  const Ended plot = Run({"plot", "r.json", "--json"});
  ASSERT_EQ(plot.exit_code, 0) << plot.err;
  const json report = json::parse(plot.out);
  EXPECT_EQ(report["recommended"]["num_thread"], 4);
  EXPECT_EQ(report["answer"],
            json::parse(Run({"heatmap", "r.json", "--json", "--no-csv"}).out)["answer"]);
}

TEST_F(FurtherParametersTest, PlotSaysWhatToHoldWhereThreeParametersVary) {
  Write("r.json", {{"num_thread", {1, 2, 4}}, {"num_batch", {128, 512}}, {"num_gpu", {0, 33}}});
  const Ended ended = Run({"plot", "r.json"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_NE(ended.err.find("add --where num_gpu=0"), std::string::npos) << ended.err;
  EXPECT_EQ(ended.out, "");
  const Ended held = Run({"plot", "r.json", "-o", "a.svg", "--where", "num_gpu=0"});
  EXPECT_EQ(held.exit_code, 0) << held.err;
  EXPECT_EQ(CountIn("a.svg", "\xC2\xB7  num_gpu 0"), 1U);
}

TEST_F(FurtherParametersTest, PlotRefusesMoreLinesThanCanBeDistinguished) {
  Write("r.json", {{"num_thread", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
                   {"num_batch", {1, 2, 3, 4, 5, 6, 7, 8, 9}}});
  const Ended ended = Run({"plot", "r.json"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_NE(ended.err.find("--where num_batch=1"), std::string::npos) << ended.err;
  EXPECT_EQ(Run({"plot", "r.json", "--where", "num_batch=1", "--where", "num_batch=2"}).exit_code,
            0);
}

TEST_F(FurtherParametersTest, PlotNeverWritesOverResults) {
  Write("r.json", {{"num_thread", {1, 2, 4}}});
  Write("other.png", {{"num_thread", {1, 2, 4}}});
  const std::string before = folder_.Read("other.png");
  const Ended ended = Run({"plot", "r.json", "-o", "other.png"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(ended.out, "") << "nothing is printed before the refusal";
  EXPECT_EQ(folder_.Read("other.png"), before);
  EXPECT_EQ(Run({"plot", "r.json", "--csv", "r.json"}).exit_code, 2);
}

TEST_F(FurtherParametersTest, PlotFollowsTheMetricAndTheThemeThatAreNamed) {
  Write("r.json", {{"num_thread", {1, 2, 4}}});
  ASSERT_EQ(Run({"plot", "r.json", "-o", "a.svg", "--theme", "light"}).exit_code, 0);
  ASSERT_EQ(Run({"plot", "r.json", "-o", "b.svg", "--theme", "dark"}).exit_code, 0);
  EXPECT_NE(folder_.Read("a.svg"), folder_.Read("b.svg"));
  EXPECT_EQ(Run({"plot", "r.json", "--metric", "speed"}).exit_code, 2);
  EXPECT_EQ(Run({"plot", "r.json", "--metric", "load"}).exit_code, 1) << "no sample holds it";
}

TEST_F(FurtherParametersTest, APlotOverPromptLengthsRecommendsNoLength) {
  Write("r.json", {{"prompt_tokens", {128, 256, 512}}});
  const Ended ended = Run({"plot", "r.json", "-o", "a.svg"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.out.find("Each request was measured with one setting alone"), std::string::npos)
      << ended.out;
  EXPECT_EQ(CountIn("a.svg", "may be the best"), 0U);
  EXPECT_EQ(CountIn("a.svg", "recommended"), 0U);
}

TEST_F(FurtherParametersTest, MarksTheSettingThatIsRecommendedForEachRequest) {
  Write("r.json", {{"num_thread", {1, 2, 4}}, {"prompt_tokens", {128, 512}}});
  for (const char* command : {"plot", "heatmap"}) {
    const Ended ended = Run({command, "r.json", "-o", "a.svg"});
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_GE(CountIn("a.svg", " for each request: recommended: num_thread=4."), 1U);
    EXPECT_EQ(CountIn("a.svg", ">recommended: num_thread=4 for each request<"), 1U) << command;
  }
}

TEST_F(FurtherParametersTest, CompareDrawsATableForEachValueOfAThirdParameter) {
  const std::vector<NamedValues> axes = {
      {"num_thread", {2, 4}}, {"num_batch", {128, 512}}, {"num_gpu", {0, 33}}};
  Write("a.json", axes);
  Write("b.json", axes, 1.1);
  const Ended ended = Run({"compare", "a.json", "b.json", "-o", "d.svg", "--across", "num_thread",
                           "--down", "num_batch"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(CountIn("d.svg", ">num_gpu 0<"), 1U);
  EXPECT_EQ(CountIn("d.svg", ">num_gpu 33<"), 1U);
  EXPECT_EQ(CountIn("d.svg", ">+10.0 %<"), 8U);
  EXPECT_EQ(Run({"compare", "a.json", "b.json", "--where", "num_gpu=0"}).exit_code, 2)
      << "which cells is for the picture";
  EXPECT_EQ(Run({"compare", "a.json", "b.json", "-o", "d.svg", "--where", "num_gpu=7"}).exit_code,
            2);
}

TEST_F(FurtherParametersTest, TwoValuesOfOneFileAreComparedByAnyParameter) {
  Write("a.json", {{"kv_cache_type", {"f16", "q8_0"}}, {"num_thread", {4, 8, 12}}});
  const json report =
      json::parse(Run({"compare", "--by", "kv_cache_type", "a.json", "--json"}).out);
  EXPECT_EQ(report["by"]["parameter"], "kv_cache_type");
  EXPECT_EQ(report["by"]["before"], "f16");
  EXPECT_EQ(report["by"]["after"], "q8_0");
  ASSERT_EQ(report["cells"].size(), 3U) << report;
  for (const json& cell : report["cells"]) {
    EXPECT_NEAR(cell["percent"].get<double>(), 20, 1) << cell;
    EXPECT_FALSE(cell.contains("kv_cache_type"));
  }
  const Ended text = Run({"compare", "--by", "num_thread=4,12", "a.json"});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_NE(text.out.find("Overall, num_thread=12 is"), std::string::npos) << text.out;
  EXPECT_EQ(
      Run({"compare", "--by", "num_thread=12,4", "a.json", "--fail-if-slower", "5%"}).exit_code, 5);
  const Ended drawn = Run({"compare", "--by", "num_thread=4,8", "a.json", "-o", "d.svg"});
  EXPECT_EQ(drawn.exit_code, 0) << drawn.err;
  EXPECT_GE(CountIn("d.svg", "num_thread=8"), 1U);
}

TEST_F(FurtherParametersTest, AComparisonByAParameterNeedsTwoOfItsValuesInOneFile) {
  Write("a.json", {{"num_thread", {4, 8, 12}}});
  const auto refusal = [&](std::vector<std::string> more) {
    more.insert(more.begin(), "compare");
    const Ended ended = Run(std::move(more));
    EXPECT_EQ(ended.exit_code, 2) << ended.out;
    return ended.err;
  };
  EXPECT_NE(refusal({"--by", "num_thread", "a.json"}).find("3 values of num_thread: 4, 8, 12"),
            std::string::npos);
  EXPECT_NE(refusal({"--by", "num_gpu", "a.json"}).find("compare by num_thread"),
            std::string::npos);
  EXPECT_NE(refusal({"--by", "num_thread=4,8", "a.json", "a.json"}).find("leave AFTER out"),
            std::string::npos);
  EXPECT_NE(refusal({"--by", "threads", "a.json"}).find("no parameter"), std::string::npos);
  EXPECT_NE(refusal({"--by", "num_thread=4,8", "a.json", "-o", "d.svg", "--across", "num_thread"})
                .find("is what --by compares"),
            std::string::npos);
  EXPECT_NE(refusal({"a.json"}).find("AFTER"), std::string::npos);
}

TEST_F(FurtherParametersTest, TheOnlyParameterThatWasSweptIsOneCellOfThePicture) {
  Write("a.json", {{"num_thread", {4, 8}}});
  const Ended drawn = Run({"compare", "--by", "num_thread", "a.json", "-o", "d.svg"});
  EXPECT_EQ(drawn.exit_code, 0) << drawn.err;
  EXPECT_GE(CountIn("d.svg", ">+20 %<") + CountIn("d.svg", ">+20.0 %<") + CountIn("d.svg", ">+20<"),
            1U)
      << folder_.Read("d.svg");
}

}  // namespace
}  // namespace ollama_bench::testing
