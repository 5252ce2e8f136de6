#include <algorithm>

#include "export_fixture.h"

namespace ollama_bench::testing {
namespace {

class PrometheusTest : public ExportFixture {
 protected:
  static Ended Promtool(const std::string& text) {
    Program program;
    program.argv = {"promtool", "check", "metrics"};
    program.input = text;
    return RunProgram(program);
  }
};

TEST_F(PrometheusTest, PromtoolAcceptsTheMetricsOfHostileTexts) {
  WriteResults(200);
  ASSERT_EQ(RunProgram(Export({"-o", "bench.prom"})).exit_code, 0);
  const std::string text = folder_.Read("bench.prom");
  EXPECT_NE(text.find("ollama_bench_prompt_eval_tokens_per_second{"), std::string::npos);
  const Ended ended = Promtool(text);
  EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  EXPECT_EQ(ended.out + ended.err, "") << "advice of the linter";
}

TEST_F(PrometheusTest, PromtoolFindsWhatIsWrong) {
  EXPECT_NE(Promtool("# TYPE bench_milliseconds gauge\nbench_milliseconds 1\n").exit_code, 0);
}

TEST_F(PrometheusTest, TheNumberOfSeriesDoesNotGrowWithCellsAndLabels) {
  WriteResults(100);
  const Ended small = RunProgram(Export({"--format", "prometheus"}));
  WriteResults(1000);
  const Ended large = RunProgram(Export({"--format", "prometheus"}));
  EXPECT_EQ(std::count(small.out.begin(), small.out.end(), '\n'),
            std::count(large.out.begin(), large.out.end(), '\n'));
  EXPECT_EQ(large.out.find("START"), std::string::npos) << "labels of a user";
}

}  // namespace
}  // namespace ollama_bench::testing
