// The request for the decode rate, as it reaches a server.
#include <gtest/gtest.h>
#include <httplib.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "ollama_bench/ollama/api_driver.h"
#include "ollama_bench/ollama/cli_driver.h"
#include "support/fake_clock.h"
#include "support/fake_process_runner.h"

namespace ollama_bench {
namespace {

using nlohmann::json;

class DecodeTest : public testing::Test {
 protected:
  DecodeTest() {
    server_.Post("/api/generate", [this](const auto& request, auto& response) {
      asked_.push_back(json::parse(request.body));
      response.status = status_;
      response.set_content(answer_.dump() + "\n", "application/x-ndjson");
    });
    address_.port = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
    api_.emplace(address_, stop_);
  }
  ~DecodeTest() override {
    server_.stop();
    thread_.join();
  }
  ApiDriver Api() {
    ApiDriverOptions options;
    options.models = {"smollm2"};
    return {options, *api_, clock_, stop_};
  }
  CliDriver Cli() {
    CliDriverOptions options;
    options.base_model = "smollm2";
    options.temporary_model = "ollama-bench-x";
    return {options, CliDriverSeams{runner_, *api_, clock_, stop_}};
  }

  httplib::Server server_;
  std::thread thread_;
  ServerAddress address_;
  StopRequest stop_;
  FakeClock clock_;
  FakeProcessRunner runner_;
  std::optional<OllamaApi> api_;
  int status_ = 200;
  json answer_ = {{"done", true},           {"total_duration", 2'000'000'000},
                  {"eval_count", 64},       {"eval_duration", 1'260'000'000},
                  {"prompt_eval_count", 9}, {"prompt_eval_duration", 1'000'000}};
  std::vector<json> asked_;
};

// The keys beyond num_predict are those that Prepare loads the model with: no load follows.
TEST_F(DecodeTest, TheApiDriverAsksWithTheOptionsOfTheCellAndNoOthers) {
  ApiDriver driver = Api();
  ASSERT_TRUE(driver.Prepare({4096, 512}));
  asked_.clear();
  const auto metrics = driver.Decode(64);
  ASSERT_TRUE(metrics) << metrics.error().message;
  EXPECT_NEAR(EvalRate(*metrics).value(), 50, 1e-9);
  ASSERT_EQ(asked_.size(), 1U);
  EXPECT_EQ(asked_[0]["model"], "smollm2");
  EXPECT_EQ(asked_[0]["options"],
            json({{"num_ctx", 4096}, {"num_batch", 512}, {"num_predict", 64}}));
}

TEST_F(DecodeTest, TheCliDriverAsksTheTemporaryModelWithoutOptionsOfALoad) {
  CliDriver driver = Cli();
  const auto metrics = driver.Decode(64);
  ASSERT_TRUE(metrics) << metrics.error().message;
  EXPECT_NEAR(EvalRate(*metrics).value(), 50, 1e-9);
  ASSERT_EQ(asked_.size(), 1U);
  EXPECT_EQ(asked_[0]["model"], "ollama-bench-x");
  EXPECT_EQ(asked_[0]["options"], json({{"num_predict", 64}}));
  EXPECT_TRUE(runner_.requests.empty()) << "no command is run for it";
}

TEST_F(DecodeTest, AServerThatRefusesIsAFailure) {
  status_ = 500;
  answer_ = {{"error", "model runner has unexpectedly stopped"}};
  EXPECT_FALSE(Api().Decode(64));
  const auto metrics = Cli().Decode(64);
  ASSERT_FALSE(metrics);
  EXPECT_EQ(metrics.error().kind, FailureKind::kRunnerCrash);
}

}  // namespace
}  // namespace ollama_bench
