#include <algorithm>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

/// Sweeps of other parameters than num_ctx and num_batch.
class RunAxesTest : public RunFixture {
 protected:
  [[nodiscard]] Ended Run(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {"run", "--model", "smollm2", "--repetitions",
                                          "1",   "--extra", "0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram(Command(std::move(arguments)));
  }
  /// The values of these keys of each entry that has samples; null where it has none.
  [[nodiscard]] std::set<Json> Measured(const std::vector<std::string>& keys) const {
    std::set<Json> cells;
    const Json store = Store();
    for (const Json& entry : store["results"]) {
      if (!entry.contains("samples")) continue;
      Json cell = Json::array();
      for (const std::string& key : keys) cell.push_back(entry.value(key, Json()));
      EXPECT_TRUE(cells.insert(cell).second) << cell;
    }
    return cells;
  }
  [[nodiscard]] std::string Csv() const {
    std::ifstream in(server_.folder() / "results_table.csv");
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

TEST_F(RunAxesTest, ASweepOfThreadsIsWrittenResumedAndDrawn) {
  const Ended first = Run({"--num-thread", "1,2", "--no-baseline"});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const std::vector<std::string> keys = {"num_thread", "num_ctx", "num_batch"};
  EXPECT_EQ(Measured(keys), (std::set<Json>{{1, nullptr, nullptr}, {2, nullptr, nullptr}}));
  EXPECT_EQ(Store()["metadata"]["schema_version"], 2);
  EXPECT_EQ(Store()["metadata"]["axes"],
            Json::parse(R"([{"name": "num_thread", "values": [1, 2]}])"));
  const int runs = CallsOf("run");
  const Ended again = Run({"--num-thread", "1,2", "--no-baseline"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(CallsOf("run"), runs) << "all is measured";
  const Ended more = Run({"--num-thread", "1-4:1", "--no-baseline"});
  ASSERT_EQ(more.exit_code, 0) << more.err;
  EXPECT_EQ(Measured({"num_thread"}), (std::set<Json>{{1}, {2}, {3}, {4}})) << "it grew";
  for (int i = 0; i < 2; ++i) {
    const Ended drawn = RunProgram(Command({"heatmap"}));
    EXPECT_EQ(drawn.exit_code, 0) << drawn.err << i;
    EXPECT_TRUE(Csv().starts_with("num_thread,prompt_eval_rate\r\n1,")) << Csv();
  }
}

TEST_F(RunAxesTest, TheModelIsLoadedWithEachSetting) {
  ASSERT_EQ(Run({"--num-thread", "3,5", "--num-gpu", "0", "--no-baseline"}).exit_code, 0);
  EXPECT_EQ(Measured({"num_thread", "num_gpu"}), (std::set<Json>{{3, 0}, {5, 0}}));
}

TEST_F(RunAxesTest, TheFirstOfTwoStartsStaysACellOfItsOwnWhereTheSecondSetsMore) {
  ASSERT_EQ(Run({"--num-thread", "1,2", "--no-baseline"}).exit_code, 0);
  ASSERT_EQ(Run({"--num-thread", "1,2", "--ctx", "2048", "--no-baseline"}).exit_code, 0);
  EXPECT_EQ(Measured({"num_thread", "num_ctx"}),
            (std::set<Json>{{1, nullptr}, {2, nullptr}, {1, 2048}, {2, 2048}}));
}

TEST_F(RunAxesTest, AThirdParameterGivesATableForEachOfItsValues) {
  ASSERT_EQ(Run({"--num-thread", "1,2", "--ctx", "1024,2048", "--batch", "64,128",
                 "--prompt-tokens", "300", "--no-baseline"})
                .exit_code,
            0);
  const Ended all = RunProgram(Command({"heatmap"}));
  ASSERT_EQ(all.exit_code, 0) << all.err;
  EXPECT_NE(all.out.find("num_thread"), std::string::npos) << all.out;
  const std::string csv = Csv();
  EXPECT_TRUE(csv.starts_with("num_ctx,num_batch,num_thread,")) << csv;
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 8);
  const Ended one = RunProgram(Command({"heatmap", "--where", "num_thread=2"}));
  ASSERT_EQ(one.exit_code, 0) << one.err;
  const std::string cut = Csv();
  EXPECT_EQ(std::count(cut.begin(), cut.end(), '\n'), 1 + 4) << cut;
  EXPECT_NE(RunProgram(Command({"heatmap", "--where", "num_thread=3"})).exit_code, 0);
  EXPECT_NE(RunProgram(Command({"heatmap", "--across", "use_mmap"})).exit_code, 0);
}

TEST_F(RunAxesTest, ASavedConfigurationMeansTheSameCells) {
  ASSERT_EQ(Run({"--num-thread", "1,2", "--no-baseline", "--save-config", "saved.yaml"}).exit_code,
            0);
  const int runs = CallsOf("run");
  const Ended again =
      RunProgram(Command({"run", "--config", "saved.yaml", "--extra", "0", "--no-baseline"}));
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(CallsOf("run"), runs) << "nothing is left to measure";
}

TEST_F(RunAxesTest, APairAloneStaysOfTheSchemaThatOlderVersionsRead) {
  ASSERT_EQ(RunProgram(Sweep()).exit_code, 0);
  EXPECT_EQ(Store()["metadata"]["schema_version"], 1);
  EXPECT_FALSE(Store()["metadata"].contains("axes"));
  const std::size_t cells = Store()["results"].size();
  const Ended grown =
      Run({"--ctx", "1024", "--batch", "64", "--num-thread", "1,2", "--no-baseline"});
  ASSERT_EQ(grown.exit_code, 0) << grown.err;
  EXPECT_EQ(Store()["metadata"]["schema_version"], 2);
  EXPECT_GE(Store()["results"].size(), cells + 2) << "what was measured stays";
}

TEST_F(RunAxesTest, ASweepOfThePairWithAPromptLengthGrowsByAParameterWithTheSameLength) {
  const std::vector<std::string> pair = {"--ctx",           "1024", "--batch",      "64",
                                         "--prompt-tokens", "300",  "--no-baseline"};
  ASSERT_EQ(Run(pair).exit_code, 0);
  std::vector<std::string> more = pair;
  more.insert(more.end(), {"--num-thread", "1,2"});
  const Ended grown = Run(more);
  ASSERT_EQ(grown.exit_code, 0) << grown.err;
  EXPECT_EQ(Measured({"num_thread", "num_batch", "prompt_tokens"}),
            (std::set<Json>{{nullptr, 64, nullptr}, {1, 64, nullptr}, {2, 64, nullptr}}));
  more.at(5) = "400";
  EXPECT_NE(Run(more).exit_code, 0) << "another length is another prompt";
}

}  // namespace
}  // namespace ollama_bench::testing
