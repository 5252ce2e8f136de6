// Ended as people end programs: by keys, by closing the terminal, by kill, and not at all by a
// terminal that a background or nohup job no longer has.
#include <csignal>

#include "program/durability/durability_fixture.h"
#include "support/terminal_program.h"

namespace ollama_bench::testing {
namespace {

struct Ending {
  const char* name;
  int signal;
  void (*end)(TerminalProgram&);
};

class EndingLongTest : public DurabilityFixture, public ::testing::WithParamInterface<Ending> {};

TEST_P(EndingLongTest, SavesEverythingLeavesNoModelAndDiesOfTheSignal) {
  const Share share = TakeShare(4, 200);
  std::mt19937 random(share.seed);
  const auto models = Models();
  const int most_ms = TimeWholeSweep(SmallSweep());
  int ended_by_signal = 0;
  for (int i = 0; ended_by_signal < share.count; ++i) {
    TerminalProgram program(SmallSweep());
    // Before this the signals have their usual effect: nothing has begun.
    ASSERT_TRUE(program.WaitForOutput("num_ctx")) << program.output();
    WaitForRandomMoment(random, most_ms);
    GetParam().end(program);
    const Ended ended = program.Wait();
    if (ended.signal == 0) {
      EXPECT_EQ(ended.exit_code, 0) << ended.out;
      ExpectSmallSweepWhole();
    } else {
      ++ended_by_signal;
      EXPECT_EQ(ended.signal, GetParam().signal) << ended.out;
      EXPECT_EQ(Models(), models);
      ExpectSaved({});
      if (i % 2 == 0) ResumeAndExpectWhole(models);
    }
    if (i % 2 == 0) ForgetResults();
    ASSERT_FALSE(HasFailure()) << "ending " << i << " seed " << share.seed;
  }
}

INSTANTIATE_TEST_SUITE_P(
    By, EndingLongTest,
    ::testing::Values(
        Ending{"CtrlC", SIGINT, [](TerminalProgram& program) { program.Type("\x03"); }},
        Ending{"Kill", SIGTERM, [](TerminalProgram& program) { program.Signal(SIGTERM); }},
        Ending{"ClosedTerminal", SIGHUP, [](TerminalProgram& program) { program.HangUp(); }}),
    [](const auto& instance) { return std::string(instance.param.name); });

class ImpatienceLongTest : public DurabilityFixture {};

TEST_F(ImpatienceLongTest, TwiceCtrlCEndsItAtOnceAndTheNextStartTidiesUp) {
  const Share share = TakeShare(4, 200);
  std::mt19937 random(share.seed);
  const auto models = Models();
  for (int i = 0; i < share.count; ++i) {
    // A cell whose child ignores TERM: the first Ctrl+C would take its five seconds.
    const int cell = std::uniform_int_distribution<int>(0, kCells - 1)(random);
    Play(Json::array(
        {Rule("run", {{"num_ctx", cell < 2 ? 1024 : 2048}, {"num_batch", 64 << cell % 2}},
              {{"hang", true}, {"ignore_term", true}})}));
    const int calls_until_then = CallsOf("run") + (1 + kRepetitions) * cell;
    TerminalProgram program(SmallSweep());
    while (CallsOf("run") <= calls_until_then) {
    }
    program.Type("\x03");
    WaitForRandomMoment(random, 5);
    program.Type("\x03");
    const Ended ended = program.Wait();
    ASSERT_EQ(ended.signal, SIGINT) << ended.out << " seed " << share.seed;
    Play(Json::array());
    ResumeAndExpectWhole(models);
    ForgetResults();
    ASSERT_FALSE(HasFailure()) << "ending " << i << " seed " << share.seed;
  }
}

class LeftAloneLongTest : public DurabilityFixture {};

TEST_F(LeftAloneLongTest, UnderNohupAClosedTerminalChangesNothing) {
  const Share share = TakeShare(4, 200);
  std::mt19937 random(share.seed);
  const auto models = Models();
  Program sweep = SmallSweep();
  sweep.argv.insert(sweep.argv.begin(), "nohup");
  for (int i = 0; i < share.count; ++i) {
    TerminalProgram program(sweep);
    // nohup sends what would go to the terminal to a file: wait for the sweep itself.
    const int calls = CallsOf("create");
    while (CallsOf("create") == calls) {
    }
    WaitForRandomMoment(random, 80);
    program.HangUp();
    const Ended ended = program.Wait();
    EXPECT_EQ(ended.exit_code, 0) << ended.signal;
    ExpectSmallSweepWhole();
    EXPECT_EQ(Models(), models);
    ForgetResults();
    ASSERT_FALSE(HasFailure()) << "ending " << i << " seed " << share.seed;
  }
}

TEST_F(LeftAloneLongTest, InTheBackgroundItNeitherHearsCtrlCNorDrawsOnTheTerminal) {
  const Share share = TakeShare(4, 200);
  std::mt19937 random(share.seed);
  const auto models = Models();
  Program shell = SmallSweep();
  // A shell with job control, which lives through Ctrl+C as an interactive one does.
  const std::vector<std::string> script = {"/bin/bash", "-mc",
                                           "trap : INT; \"$@\" & echo started\n"
                                           "until wait $!; s=$?; ! kill -0 $! 2>/dev/null; do :; "
                                           "done; exit $s",
                                           "bash"};
  shell.argv.insert(shell.argv.begin(), script.begin(), script.end());
  for (int i = 0; i < share.count; ++i) {
    TerminalProgram program(shell);
    ASSERT_TRUE(program.WaitForOutput("started"));
    WaitForRandomMoment(random, 100);
    program.Type("\x03");
    const Ended ended = program.Wait();
    EXPECT_EQ(ended.out.find("\x1b[J"), std::string::npos) << ended.out;
    ExpectSmallSweepWhole();
    EXPECT_EQ(Models(), models);
    ForgetResults();
    ASSERT_FALSE(HasFailure()) << "ending " << i << " seed " << share.seed;
  }
}

}  // namespace
}  // namespace ollama_bench::testing
