// Whether what is measured on a real Ollama is what it claims to be, and what is left behind.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <sstream>

#include "generate.h"
#include "ollama_bench/core/stop_request.h"
#include "real_run.h"

namespace ollama_bench::testing {
namespace {

const Cell kCell{1024, 64};

std::string Sentences(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) {
    text += "The old captain repaired stone bridge number " + std::to_string(i) + ". ";
  }
  return text;
}

double Fastest(const OllamaServer::Json& store) {
  double fastest = 0;
  for (const auto& sample : store["results"][0]["samples"]) {
    if (sample["role"] != "measure") continue;
    fastest = std::max(fastest, sample["prompt_eval_rate"].get<double>());
  }
  return fastest;
}

class RealMeasurementTest : public RealRunTest {
 protected:
  RealMeasurementTest() : api_({"http", "127.0.0.1", server_.port()}, stop_) {}

  [[nodiscard]] Program ApiSweep(int confirm) const {
    return Command({"run", "--driver", "api", "--model", RealOllamaServer::kModel, "--ctx",
                    "512,1024", "--batch", "32,64", "--repetitions", "1", "--prompt-tokens", "60",
                    "--confirm", std::to_string(confirm), "--no-baseline"});
  }
  // One cell, three counted samples.
  void RunCell(const std::string& results, const std::string& model, const std::string& prompt) {
    const Ended ended =
        RunProgram(Command({"run", "--driver", "api", "--model", model, "--ctx", "1024", "--batch",
                            "64", "--repetitions", "3", "--prompt", prompt, "--confirm", "0",
                            "--no-baseline", "--results", results}));
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
  }
  [[nodiscard]] Json Results(const std::string& name) const {
    std::ifstream in(folder_.path() / name);
    return Json::parse(in, nullptr, false);
  }
  // The rate in tokens/s of a plain request, as any client sends it.
  double Ask(const std::string& model, const std::string& prompt) {
    GenerateRequest request{model, prompt, kCell};
    const auto answer = Generate(api_, request, stop_);
    if (!answer) throw std::runtime_error(answer.error().message);
    return PromptEvalRate(answer->metrics).value();
  }
  void Forget(const std::string& model) {
    ASSERT_TRUE(ForgetPrompt(api_, api_.Version().value(), model, kCell, stop_));
  }
  // Tokens that llama-server says it read, request by request, since it has logged `from` bytes.
  [[nodiscard]] std::vector<int> TokensRead(std::size_t from) const {
    std::vector<int> tokens;
    std::istringstream log(server_.Log().substr(from));
    for (std::string line; std::getline(log, line);) {
      const auto at = line.find(" ms / ");
      if (line.find("prompt eval time =") == std::string::npos || at == std::string::npos) continue;
      tokens.push_back(std::stoi(line.substr(at + 6)));
    }
    return tokens;
  }

  StopRequest stop_;
  OllamaApi api_;
};

TEST_F(RealMeasurementTest, ASweepThroughHttpAloneLeavesTheServerAsItWas) {
  RunningProgram program(ApiSweep(0));
  ASSERT_TRUE(program.WaitForOutput("[1/4]")) << program.err();
  EXPECT_EQ(Models(), before_) << "nothing is created while it runs";
  const Ended ended = program.Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(Models(), before_);
  EXPECT_TRUE(server_.Get("/api/ps")["models"].empty());
  const Json store = Store();
  ASSERT_EQ(store["results"].size(), 4U);
  for (const Json& entry : store["results"]) {
    const Json& sample = entry["samples"].back();
    EXPECT_EQ(sample["effective_num_ctx"], entry["num_ctx"]);
    EXPECT_TRUE(sample["excluded"].is_null()) << sample.dump();
  }
}

TEST_F(RealMeasurementTest, ASweepThroughHttpThatIsInterruptedUnloadsItsModelAndIsGoneOnWith) {
  RunningProgram program(ApiSweep(0));
  ASSERT_TRUE(program.WaitForOutput("[2/4]")) << program.err();
  program.Signal(SIGINT);
  EXPECT_EQ(program.Wait().signal, SIGINT);
  EXPECT_TRUE(server_.Get("/api/ps")["models"].empty());
  const Ended again = RunProgram(ApiSweep(0));
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_NE(again.err.find("2 of them done, 2 to measure"), std::string::npos) << again.err;
  EXPECT_EQ(Store()["results"].size(), 4U);
}

// In noise the current setting can lead by itself; then there is nothing to confirm.
TEST_F(RealMeasurementTest, LeadersAreConfirmedInLoadsOfTheirOwnAndThePresentSettingIsMeasured) {
  const Ended ended = RunProgram(
      Command({"run", "--model", RealOllamaServer::kModel, "--ctx", "512", "--batch", "32,64",
               "--repetitions", "1", "--prompt-tokens", "60", "--confirm", "1"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json store = Store();
  const Json& baseline = store["metadata"]["baseline"];
  ASSERT_TRUE(baseline.is_object()) << store["metadata"].dump(1);
  if (RealOllamaServer::IsNewGeneration()) {
    // Its default depends on the memory of the GPUs.
    EXPECT_EQ(baseline["source"], "asked of the server");
  } else {
    EXPECT_EQ(baseline["source"], "Ollama default");
    EXPECT_EQ(baseline["num_ctx"], 4096);
    EXPECT_EQ(baseline["num_batch"], 512);
  }
  std::set<std::int64_t> confirming;
  std::set<std::int64_t> measuring;
  bool has_baseline = false;
  for (const Json& entry : store["results"]) {
    has_baseline |= entry["num_ctx"] == baseline["num_ctx"];
    for (const Json& sample : entry["samples"]) {
      if (sample["role"] == "warm_up") continue;  // in the load of the samples after it
      (sample["role"] == "confirm" ? confirming : measuring)
          .insert(sample["load_id"].get<std::int64_t>());
    }
  }
  EXPECT_TRUE(has_baseline) << store.dump(1);
  EXPECT_NE(confirming.size(), 1U);
  for (const std::int64_t load : confirming) EXPECT_EQ(measuring.count(load), 0U) << load;
  EXPECT_EQ(Models(), before_);
}

// Twice as fast or slow is what other work on the machine does; a prompt that is not read again is
// ten times as fast.
TEST_F(RealMeasurementTest, ALongSystemTextIsReadInEveryCountedRun) {
  std::ofstream(server_.folder() / "captain.modelfile")
      << "FROM " << RealOllamaServer::kModel << "\nSYSTEM \"\"\"" << Sentences(25) << "\"\"\"\n";
  ASSERT_EQ(server_.Run({"create", "captain", "-f", "captain.modelfile"}).exit_code, 0);
  const std::size_t from = server_.Log().size();
  RunCell("system.json", "captain", "Tell me more.");
  const std::vector<int> read = TokensRead(from);
  RunCell("plain.json", RealOllamaServer::kModel, Sentences(25) + "Tell me more.");
  const double with_system = Fastest(Results("system.json"));
  const double without = Fastest(Results("plain.json"));
  EXPECT_LT(with_system, 3 * without);
  EXPECT_GT(with_system, without / 3);
  (void)Ask("captain", "Where is it?");
  const double unforgotten = Ask("captain", "How old are you?");
  EXPECT_GT(unforgotten, 3 * without) << "else this test shows nothing";
  EXPECT_EQ(server_.Run({"rm", "captain"}).exit_code, 0);
  const std::string samples = Results("system.json")["results"][0]["samples"].dump();
  std::printf("tokens/s: SYSTEM %.0f, no SYSTEM %.0f, not forgotten %.0f\n", with_system, without,
              unforgotten);
  if (!RealOllamaServer::IsNewGeneration()) return;
  EXPECT_GE(std::count_if(read.begin(), read.end(), [](int tokens) { return tokens > 250; }), 3)
      << ::testing::PrintToString(read) << samples;
}

TEST_F(RealMeasurementTest, TheSamePromptIsReadAgainOnlyOnceItIsForgotten) {
  const std::string prompt = Sentences(8);
  const std::string model = RealOllamaServer::kModel;
  const std::size_t from = server_.Log().size();
  const double first = Ask(model, prompt);
  const double second = Ask(model, prompt);
  Forget(model);
  const double forgotten = Ask(model, prompt);
  Forget(model);
  const double again = Ask(model, prompt);
  std::printf("tokens/s: first %.0f, same again %.0f, forgotten %.0f and %.0f\n", first, second,
              forgotten, again);
  const double honest = std::max(forgotten, again);
  EXPECT_GT(second, 3 * honest);
  EXPECT_LT(std::min(forgotten, again), 3 * first);
  if (!RealOllamaServer::IsNewGeneration()) return;
  const std::vector<int> read = TokensRead(from);
  ASSERT_EQ(read.size(), 6U) << ::testing::PrintToString(read);
  EXPECT_EQ(read[3], read[0] - 1) << "all but the token that is read to forget";
  EXPECT_EQ(read[5], read[0] - 1) << "all but the token that is read to forget";
}

}  // namespace
}  // namespace ollama_bench::testing
