// The simulator seen from outside, by the client that measures with it.
#include "support/simulated_ollama.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>
#include <string>

#include "ollama_bench/ollama/generate_request.h"
#include "ollama_bench/ollama/stream_client.h"

namespace ollama_bench::testing {
namespace {

using Json = SimulatedOllama::Json;
using std::chrono::nanoseconds;

/// Sends requests and waits for all of them.
class SimulatedOllamaTest : public ::testing::Test {
 protected:
  static StreamRequest Asking(const std::string& prompt, int tokens) {
    GenerateRequest request;
    request.model = "simulated";
    request.prompt = prompt;
    request.num_predict = tokens;
    StreamRequest streamed = StreamRequestOf(request);
    streamed.keep_text = true;
    return streamed;
  }
  static ServerAddress AddressOf(const SimulatedOllama& server) {
    ServerAddress address;
    address.port = server.port();
    return address;
  }
  // Records by the first words of their prompts.
  std::map<std::string, StreamRecord> Exchange(const SimulatedOllama& server,
                                               const std::vector<std::string>& prompts,
                                               int tokens) {
    std::map<std::string, StreamRecord> records;
    StreamClient client(AddressOf(server));
    for (const std::string& prompt : prompts) {
      client.Send(Asking(prompt, tokens), [&, prompt](StreamRecord record) {
        const std::lock_guard lock(mutex_);
        records[prompt.substr(0, prompt.find(' '))] = std::move(record);
        changed_.notify_all();
      });
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return records.size() == prompts.size(); });
    return records;
  }
  static std::vector<std::string> Names(int count) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) names.push_back("p" + std::to_string(i));
    return names;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
};

TEST_F(SimulatedOllamaTest, ReportsDurationsOfItsLawAndWritesTheTruthOfEachRequest) {
  const SimulatedOllama server({{"slots", 2},
                                {"step_s", 0.002},
                                {"load_s", 0.01},
                                {"prefill_s", {{"a", 0.004}, {"b", 0.001}}}});
  auto prompts = Names(8);
  for (std::string& prompt : prompts) prompt += " two three";
  const auto records = Exchange(server, prompts, 5);
  const auto truth = server.AwaitTruth(8);
  ASSERT_EQ(truth.size(), 8U);
  for (const Json& told : truth) {
    const StreamRecord& record = records.at(told["id"]);
    EXPECT_EQ(record.end, StreamEnd::kDone);
    EXPECT_EQ(told["outcome"], "done");
    EXPECT_EQ(record.metrics.prompt_eval_count, 3);
    EXPECT_EQ(record.metrics.prompt_eval, std::chrono::milliseconds(7));
    EXPECT_EQ(record.metrics.eval_count, told["tokens"]);
    EXPECT_EQ(record.metrics.eval, std::chrono::milliseconds(8));
    EXPECT_EQ(record.chunks.size() + 1, told["flushes_ns"].size());
    EXPECT_EQ(record.text, " one two three four five");
    const nanoseconds wait = *record.metrics.total - record.metrics.load.value_or(nanoseconds(0)) -
                             *record.metrics.prompt_eval - *record.metrics.eval;
    EXPECT_EQ(wait.count(), told["queued_ns"]);
  }
}

TEST_F(SimulatedOllamaTest, AnswersNoMoreRequestsAtATimeThanItHasSlots) {
  const SimulatedOllama server({{"slots", 3}, {"step_s", 0.001}});
  Exchange(server, Names(12), 10);
  std::vector<std::pair<std::int64_t, int>> changes;
  for (const Json& told : server.AwaitTruth(12)) {
    changes.emplace_back(told["slot_ns"], +1);
    changes.emplace_back(told["end_ns"], -1);
  }
  std::sort(changes.begin(), changes.end());
  int busy = 0;
  int most = 0;
  for (const auto& [time, change] : changes) most = std::max(most, busy += change);
  EXPECT_EQ(most, 3);
}

TEST_F(SimulatedOllamaTest, EveryKindOfEndIsCountedAlikeByClientAndTruth) {
  const SimulatedOllama server(
      {{"slots", 4},
       {"step_s", 0.001},
       {"faults",
        {{{"kind", "cut"}, {"every", 7}, {"after_tokens", 2}},
         {{"kind", "refuse"}, {"every", 5}, {"status", 503}, {"message", "server busy"}},
         {{"kind", "error"}, {"every", 3}, {"after_tokens", 2}, {"message", "CUDA error"}},
         {{"kind", "no_done"}, {"every", 4}, {"after_tokens", 3}}}}});
  const std::map<StreamEnd, std::string> names = {{StreamEnd::kDone, "done"},
                                                  {StreamEnd::kUnfinished, "no_done"},
                                                  {StreamEnd::kErrorLine, "error"},
                                                  {StreamEnd::kRefused, "refused"},
                                                  {StreamEnd::kBroken, "cut"}};
  const auto records = Exchange(server, Names(60), 6);
  std::map<std::string, int> counts;
  for (const Json& told : server.AwaitTruth(60)) {
    const StreamRecord& record = records.at(told["id"]);
    ASSERT_TRUE(names.contains(record.end));
    EXPECT_EQ(names.at(record.end), told["outcome"]) << told;
    ++counts[told["outcome"]];
  }
  EXPECT_EQ(counts, (std::map<std::string, int>{
                        {"cut", 8}, {"refused", 11}, {"error", 14}, {"no_done", 6}, {"done", 21}}));
}

TEST_F(SimulatedOllamaTest, ChunksComeAsThinkingEmptyAndWithHeldBackText) {
  const SimulatedOllama server(
      {{"step_s", 0.001}, {"thinking", 3}, {"empty_first_chunk", true}, {"utf8_holdback", 5}});
  const auto records = Exchange(server, {"p0"}, 8);
  const StreamRecord& record = records.at("p0");
  std::string kinds;
  for (const StreamChunk& chunk : record.chunks) kinds += "eth"[static_cast<int>(chunk.kind)];
  EXPECT_EQ(kinds, "ehhtttt");
  EXPECT_EQ(kinds + "l", server.AwaitTruth(1).front()["kinds"]);
  EXPECT_EQ(record.metrics.eval_count, 8);
  EXPECT_EQ(record.text, " four five six seven eight");
}

TEST_F(SimulatedOllamaTest, AClientThatHangsUpGivesItsSlotBack) {
  const SimulatedOllama server({{"slots", 1}, {"step_s", 0.001}});
  {
    StreamClient client(AddressOf(server));
    client.Send(Asking("endless", 1'000'000), [](const StreamRecord&) {});
    while (server.Get("/api/ps")["models"].empty()) {
    }
  }
  const auto records = Exchange(server, {"next"}, 2);
  EXPECT_EQ(records.at("next").end, StreamEnd::kDone);
  std::map<std::string, std::string> outcomes;
  for (const Json& told : server.AwaitTruth(2)) outcomes[told["id"]] = told["outcome"];
  EXPECT_EQ(outcomes,
            (std::map<std::string, std::string>{{"endless", "cancelled"}, {"next", "done"}}));
}

TEST_F(SimulatedOllamaTest, TheProgramMeasuresItThroughTheApi) {
  const SimulatedOllama server({{"step_s", 0.0002}, {"prefill_s", {{"a", 0}, {"b", 0.00001}}}});
  const Program program{
      {BenchProgram(), "run", "--host", server.host(), "--driver", "api", "--model", "simulated",
       "--ctx", "1024,2048", "--batch", "128", "--prompt-tokens", "200", "--ignore-disturbance"},
      server.Environment(),
      "",
      server.folder().string()};
  const Ended ended = RunProgram(program);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.out.find("KEEP the current setting"), std::string::npos) << ended.out;
  // 10 µs a token, whatever the settings.
  EXPECT_NE(ended.out.find("100000"), std::string::npos) << ended.out;
}

TEST_F(SimulatedOllamaTest, RefusesAMisspeltLaw) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "law.json") << R"({"slot": 1})";
  const Ended ended = RunProgram({{SimulatedOllama::Executable().string(), "serve"},
                                  {{"OLLAMA_SIMULATOR_LAW", "law.json"}},
                                  "",
                                  folder.path().string()});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(ended.err, "Error: law: unknown key 'slot' in the law\n");
}

}  // namespace
}  // namespace ollama_bench::testing
