// Ended in every way, a pass loses nothing but what was in flight.
#include <csignal>
#include <random>
#include <thread>

#include "program/prompts/prompts_fixture.h"
#include "support/share.h"

namespace ollama_bench::testing {
namespace {

class PromptsKillLongTest : public PromptsFixture {
 protected:
  static constexpr int kPrompts = 200;
  static constexpr int kConcurrency = 4;
};

TEST_F(PromptsKillLongTest, KilledAtRandomMomentsEveryPromptIsThereOnceInTheEnd) {
  const Share share = TakeShare(6, 50);
  std::mt19937 random(share.seed);
  const Program pass = Prompts({"--concurrency", std::to_string(kConcurrency), "--json"});
  int kills = 0;
  int passes = 0;
  while (kills < share.count) {
    Prepare(kPrompts, 2);
    std::filesystem::remove(server_.folder() / "out.jsonl");
    const int asked_before = Asked();
    std::set<std::string> reported;
    int kills_of_pass = 0;
    while (true) {
      RunningProgram program(pass);
      const bool is_last = kills_of_pass >= 8 || kills >= share.count;
      if (!is_last) {
        std::this_thread::sleep_for(
            std::chrono::milliseconds(std::uniform_int_distribution<int>(0, 120)(random)));
        program.Signal(SIGKILL);
      }
      const Ended ended = program.Wait();
      reported.merge(Reported(ended.out));
      if (ended.signal != SIGKILL) {
        ASSERT_EQ(ended.exit_code, 0) << ended.err;
        break;
      }
      ++kills;
      ++kills_of_pass;
      // What was reported is in the file, whatever the last line is.
      const std::string text = Text("out.jsonl");
      for (const std::string& id : reported) {
        ASSERT_TRUE(Holds(text, "{\"id\":\"" + id + "\",")) << "lost " << id;
      }
    }
    ++passes;
    EXPECT_EQ(Answered().size(), static_cast<std::size_t>(kPrompts));
    EXPECT_EQ(Records().size(), static_cast<std::size_t>(kPrompts)) << "each once";
    // Answers in flight at a kill are asked for again; one may be written half.
    EXPECT_LE(Asked() - asked_before, kPrompts + kills_of_pass * (kConcurrency + 1));
    ASSERT_FALSE(HasFailure()) << "kill " << kills << " seed " << share.seed;
  }
  std::cout << kills << " kills, " << passes << " passes\n";
}

TEST_F(PromptsKillLongTest, CutAtAnyByteOfTheLastLineItGoesOn) {
  Prepare(3);
  ASSERT_EQ(RunProgram(Prompts()).exit_code, 0);
  const std::string whole = Text("out.jsonl");
  const std::size_t last = whole.rfind('\n', whole.size() - 2) + 1;
  const std::size_t step = FullCountsWanted() ? 1 : 97;
  for (std::size_t length = last; length < whole.size(); length += step) {
    Write("out.jsonl", whole.substr(0, length));
    const Ended ended = RunProgram(Prompts());
    ASSERT_EQ(ended.exit_code, 0) << length << ended.err;
    EXPECT_EQ(Answered().size(), 3U) << length;
    EXPECT_EQ(Records().size(), 3U) << length;
  }
}

class PromptsStopTest : public PromptsFixture {};

TEST_F(PromptsStopTest, AStopKeepsEveryAnswerMarksWhatWasInFlightAndResumes) {
  Prepare(40, 120);
  RunningProgram program(Prompts({"--concurrency", "2", "--json"}));
  ASSERT_TRUE(program.WaitForOutput("\"done\":5,"));
  const auto begin = std::chrono::steady_clock::now();
  program.Signal(SIGINT);
  const Ended ended = program.Wait();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(ended.signal, SIGINT);
  EXPECT_TRUE(Holds(ended.err, "the same command resumes")) << ended.err;
  std::cout << "ended after " << took.count() << " s\n";
  const auto answered = Answered();
  EXPECT_GE(answered.size(), 5U);
  EXPECT_EQ(answered, Reported(ended.out));
  int interrupted = 0;
  for (const Json& record : Records()) {
    interrupted += !record["failure"].is_null() && record["failure"]["kind"] == "interrupted";
  }
  // One that ended while the signal was on its way is an answer, and nothing was sent in its place.
  EXPECT_LE(interrupted, 2);
  EXPECT_EQ(Records().size(), answered.size() + static_cast<std::size_t>(interrupted));
  const Ended rest = RunProgram(Prompts({"--concurrency", "2"}));
  EXPECT_EQ(rest.exit_code, 0) << rest.err;
  EXPECT_EQ(Answered().size(), 40U);
  EXPECT_EQ(Records().size(), 40U);
}

TEST_F(PromptsStopTest, AServerThatDiesEndsThePassAndTheNextStartGoesOn) {
  Prepare(30);
  Play(Json::array(
      {Rule("http", {{"path", "/api/generate"}, {"nth", 7}}, {{"kill_server", true}})}));
  const Ended ended = RunProgram(Prompts());
  EXPECT_EQ(ended.exit_code, 3) << ended.err;
  EXPECT_TRUE(Holds(ended.err, "the same command resumes")) << ended.err;
  EXPECT_EQ(Answered().size(), 6U);
  server_.Start();
  EXPECT_EQ(RunProgram(Prompts()).exit_code, 0);
  EXPECT_EQ(Answered().size(), 30U);
  EXPECT_EQ(Records().size(), 30U);
}

TEST_F(PromptsStopTest, TwoPassesDoNotWriteOneFile) {
  Prepare(10, 100);
  RunningProgram first(Prompts({"--json"}));
  ASSERT_TRUE(first.WaitForOutput("\"done\":1,"));
  const Ended second = RunProgram(Prompts());
  EXPECT_EQ(second.exit_code, 4);
  EXPECT_TRUE(Holds(second.err, "process " + std::to_string(first.pid()))) << second.err;
  const Ended other = RunProgram(Prompts({"--output", "other.jsonl"}));
  EXPECT_EQ(other.exit_code, 4) << "the server is in use";
  EXPECT_EQ(first.Wait().exit_code, 0);
}

}  // namespace
}  // namespace ollama_bench::testing
