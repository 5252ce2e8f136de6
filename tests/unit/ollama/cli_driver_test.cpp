#include "ollama_bench/ollama/cli_driver.h"

#include <gtest/gtest.h>

#include "support/fake_clock.h"
#include "support/fake_process_runner.h"
#include "support/test_data.h"

namespace ollama_bench {
namespace {

using End = ProcessOutcome::End;

class CliDriverTest : public testing::Test {
 protected:
  CliDriverTest() {
    CliDriverOptions options;
    options.base_model = "smollm2";
    options.temporary_model = "ollama-bench-x";
    driver_.emplace(options, CliDriverSeams{runner_, api_, clock_, stop_});
  }

  Expected<RunReport, Failure> Run(ProcessOutcome outcome) {
    runner_.outcomes = {std::move(outcome)};
    return driver_->Run("the prompt");
  }
  static ProcessOutcome Exited(int code, std::string standard_error) {
    ProcessOutcome outcome;
    outcome.end = End::kExited;
    outcome.exit_code = code;
    outcome.stderr_tail = std::move(standard_error);
    outcome.wall = std::chrono::seconds(2);
    return outcome;
  }

  FakeProcessRunner runner_;
  FakeClock clock_;
  StopRequest stop_;
  // Nobody listens there: what these tests ask for must not need the server.
  OllamaApi api_{ServerAddress{"http", "127.0.0.1", 1}, stop_};
  std::optional<CliDriver> driver_;
};

TEST_F(CliDriverTest, RunsTheTemporaryModelVerboselyWithThePromptOnStandardInput) {
  const auto report = Run(Exited(0, TranscriptStderr("v0.11.4", "run_cold")));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->metrics.prompt_eval_count, 261);
  EXPECT_EQ(report->wall, std::chrono::seconds(2));
  ASSERT_EQ(runner_.requests.size(), 1U);
  const ProcessRequest& request = runner_.requests[0];
  EXPECT_EQ(request.argv, (std::vector<std::string>{"ollama", "run", "ollama-bench-x", "--verbose",
                                                    "--nowordwrap", "--keepalive", "30m"}));
  EXPECT_EQ(request.stdin_text, "the prompt");
  EXPECT_EQ(request.environment.at(0).second, "http://127.0.0.1:1");
}

TEST_F(CliDriverTest, AnExitWithoutMetricsIsAFailureOfItsOwn) {
  const auto report = Run(Exited(0, TranscriptStderr("v0.11.4", "run_empty_stdin")));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, FailureKind::kNoMetrics);
}

TEST_F(CliDriverTest, NamesTheStepThatFailed) {
  const auto report = Run(Exited(1, TranscriptStderr("v0.11.4", "run_runner_killed")));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, FailureKind::kRunnerCrash);
  EXPECT_TRUE(report.error().message.starts_with("ollama run: model runner has unexpectedly"));
}

TEST_F(CliDriverTest, SaysHowToNameAProgramThatIsNotThere) {
  const auto facts = driver_->Connect();
  ASSERT_FALSE(facts);
  EXPECT_NE(facts.error().message.find("--ollama PATH"), std::string::npos);
}

TEST_F(CliDriverTest, SaysHowToStartAServerThatDoesNotAnswer) {
  runner_.outcomes = {Exited(0, "")};
  const auto facts = driver_->Connect();
  ASSERT_FALSE(facts);
  EXPECT_NE(facts.error().message.find("`ollama serve`"), std::string::npos);
}

}  // namespace
}  // namespace ollama_bench
