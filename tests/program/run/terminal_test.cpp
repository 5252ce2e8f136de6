// The live block, seen through a pseudo-terminal.
#include <csignal>

#include "program/run/run_fixture.h"
#include "support/terminal_program.h"

namespace ollama_bench::testing {
namespace {

class RunTerminalTest : public RunFixture {
 protected:
  // Everything that `program` writes to a terminal of that many columns.
  [[nodiscard]] static std::string OnTerminal(const Program& program, unsigned short columns) {
    return TerminalProgram(program, columns).Wait().out;
  }

  // A terminal in miniature: what stands on it in the end, line by line. It knows text, line ends,
  // and the sequences that the block uses: up n lines (F), clear to the end of line (K) or screen
  // (J).
  [[nodiscard]] static std::vector<std::string> Screen(const std::string& output) {
    std::vector<std::string> lines = {""};
    std::size_t row = 0;
    for (std::size_t i = 0; i < output.size(); ++i) {
      if (output[i] == '\r') continue;
      if (output[i] == '\n') {
        if (++row == lines.size()) lines.emplace_back();
        continue;
      }
      if (output[i] != '\x1b') {
        lines[row] += output[i];
        continue;
      }
      std::size_t end = i + 2;
      while (end < output.size() && (output[end] < '@' || output[end] > '~')) ++end;
      const std::string parameter = output.substr(i + 2, end - i - 2);
      if (output[end] == 'F') {
        row -= std::stoul(parameter);
        lines[row].clear();  // the block always rewrites whole lines
        for (std::size_t below = row + 1; below < lines.size(); ++below) lines[below].clear();
      }
      i = end;
    }
    return lines;
  }

  static std::size_t Columns(const std::string& line) {
    std::size_t columns = 0;
    for (const char c : line) columns += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
    return columns;
  }
};

TEST_F(RunTerminalTest, TheBlockFitsEightyColumnsAndIsGoneInTheEnd) {
  const std::string output = OnTerminal(Sweep(), 80);
  EXPECT_NE(output.find("cell 5 of 9"), std::string::npos) << output;
  EXPECT_NE(output.find("load and warm-up"), std::string::npos);
  EXPECT_NE(output.find("best so far"), std::string::npos);
  const std::vector<std::string> screen = Screen(output);
  for (const std::string& line : screen) {
    EXPECT_EQ(line.find("best so far"), std::string::npos) << "the block was left behind";
    if (!line.starts_with("warning")) {
      EXPECT_LE(Columns(line), 80U) << line;
    }
  }
}

TEST_F(RunTerminalTest, ThePresentSettingIsNoCellOfTheBlockEither) {
  const std::string output =
      OnTerminal(Command({"run", "--model", "smollm2", "--ctx", "1024", "--batch", "64",
                          "--repetitions", "1", "--prompt-tokens", "300", "--confirm", "0"}),
                 80);
  EXPECT_NE(output.find("  current setting"), std::string::npos) << output;
  EXPECT_NE(output.find("cell 1 of 1"), std::string::npos) << output;
  for (const std::string& line : Screen(output)) {
    if (line.starts_with("  present")) {
      EXPECT_LE(Columns(line), 80U) << line;
    }
  }
}

TEST_F(RunTerminalTest, ANarrowTerminalGetsNarrowLines) {
  const std::string output = OnTerminal(Sweep({"--batch", "64,128"}), 40);
  std::size_t begin = 0;
  while ((begin = output.find("\x1b[3F", begin)) != std::string::npos) {
    begin += 4;
    const std::size_t end = std::min(output.find("\x1b[3F", begin), output.size());
    for (const std::string& line : Screen(output.substr(begin, end - begin))) {
      if (line.find("num_ctx=") == 0) {
        EXPECT_LT(Columns(line), 40U) << line;
      }
    }
  }
}

TEST_F(RunTerminalTest, AFailedCellScrollsByAboveTheBlock) {
  Play(Json::array({Rule("run", {{"num_ctx", 2048}}, {{"error", "CUDA error: out of memory"}})}));
  int failed = 0;
  for (const std::string& line : Screen(OnTerminal(Sweep(), 80))) {
    failed += line.starts_with("num_ctx=2048") && line.find("out of memory") != std::string::npos;
  }
  EXPECT_EQ(failed, 3);
}

TEST_F(RunTerminalTest, ANarrowedTerminalIsRedrawnWithoutLeavingWrappedLinesBehind) {
  Play(Json::array(
      {Rule("run", {{"num_ctx", 1024}, {"num_batch", 256}, {"nth", 3}}, {{"hang", true}})}));
  TerminalProgram program(Sweep(), 80);
  ASSERT_TRUE(program.WaitForOutput("num_batch=256  run 2"));
  // What is drawn between two ways back is a whole block.
  const std::size_t drawn = program.output().size();
  ASSERT_TRUE(program.WaitForOutput("\x1b[3F\x1b[J", drawn));
  const std::size_t first = program.output().find("\x1b[3F\x1b[J", drawn) + 4;
  ASSERT_TRUE(program.WaitForOutput("\x1b[3F\x1b[J", first));
  const std::size_t second = program.output().find("\x1b[3F\x1b[J", first);
  std::size_t rows = 0;
  for (const std::string& line : Screen(program.output().substr(first, second - first))) {
    rows += (Columns(line) + 39) / 40;
  }
  EXPECT_GT(rows, 3U) << "the wide lines take two rows each";
  const std::size_t before = program.output().size();
  program.Resize(40);
  ASSERT_TRUE(program.WaitForOutput("\x1b[" + std::to_string(rows) + "F\x1b[J", before));
  const std::size_t narrow = program.output().find("F\x1b[J", before);
  ASSERT_TRUE(program.WaitForOutput("\x1b[3F\x1b[J", narrow)) << "and from then on three";
  program.Signal(SIGINT);
  program.Wait();
  const std::size_t end = program.output().find("\x1b[3F", narrow);
  for (const std::string& line : Screen(program.output().substr(narrow + 4, end - narrow - 4))) {
    EXPECT_LT(Columns(line), 40U) << line;
  }
}

TEST_F(RunTerminalTest, AfterCtrlZAndFgItGoesOnBelowWhatTheShellPrinted) {
  Play(Json::array(
      {Rule("run", {{"num_ctx", 1024}, {"num_batch", 256}, {"nth", 3}}, {{"sleep_ms", 1000}})}));
  Program shell = Sweep();
  const std::vector<std::string> script = {
      "/bin/bash", "-mc", "\"$@\"\necho stopped; read line; fg >/dev/null; exit $?", "bash"};
  shell.argv.insert(shell.argv.begin(), script.begin(), script.end());
  TerminalProgram program(shell);
  ASSERT_TRUE(program.WaitForOutput("num_batch=256  run 2"));
  program.Type("\x1a");
  ASSERT_TRUE(program.WaitForOutput("stopped"));
  const std::size_t stopped = program.output().find("stopped");
  program.Type("\n");
  const Ended ended = program.Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.out;
  ExpectFullSweep();
  const std::size_t block = ended.out.find("num_ctx", stopped);
  EXPECT_EQ(ended.out.substr(stopped, block - stopped).find("\x1b[3F"), std::string::npos)
      << "the shell's lines were erased";
  EXPECT_NE(ended.out.find("\x1b[3F", block), std::string::npos);
}

TEST_F(RunTerminalTest, NoColorMeansNoColour) {
  Program program = Sweep({"--limit", "1"});
  program.environment.emplace_back("NO_COLOR", "1");
  const std::string output = OnTerminal(program, 80);
  for (std::size_t at = 0; (at = output.find("\x1b[", at)) != std::string::npos; ++at) {
    EXPECT_NE(output[output.find_first_not_of("0123456789;", at + 2)], 'm');
  }
}

}  // namespace
}  // namespace ollama_bench::testing
