#include "command_line.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ollama_bench {
namespace {

// What is said of words that nothing takes; empty where all are taken.
std::string Said(std::vector<std::string> words) {
  StopRequest stop;
  std::function<int()> action;
  CLI::App app;
  DeclareCommandLine(app, action, stop);
  std::reverse(words.begin(), words.end());
  try {
    app.parse(words);
  } catch (const CLI::ExtrasError&) {
    return DescribeStrayArguments(app);
  }
  return {};
}

TEST(CommandLineTest, NamesTheOptionThatWasMeant) {
  EXPECT_EQ(Said({"run", "--modle", "smollm2"}),
            "`run` knows no option '--modle'; did you mean '--model'?\n"
            "`ollama-bench run --help` lists what there is");
  EXPECT_EQ(Said({"run", "--contxt=3"}).substr(0, 35), "`run` knows no option '--contxt=3'\n");
}

TEST(CommandLineTest, NamesTheFlagOfAParameterThatIsGivenByItsKey) {
  for (const char* word : {"--num-ctx", "--num_ctx", "--num-ctx=4096"}) {
    EXPECT_NE(Said({"run", word}).find("; did you mean '--ctx'?"), std::string::npos) << word;
  }
  EXPECT_NE(Said({"tune", "--num-batch"}).find("'--batch'?"), std::string::npos);
}

TEST(CommandLineTest, NamesNoOtherFlagForOneOfASingleLetter) {
  EXPECT_EQ(Said({"run", "-m", "smollm2"}).find("did you mean"), std::string::npos);
}

TEST(CommandLineTest, NamesTheCommandThatWasMeant) {
  EXPECT_EQ(Said({"rnu", "--model", "smollm2"}),
            "there is no command 'rnu'; did you mean 'run'?\n"
            "`ollama-bench --help` lists what there is");
}

TEST(CommandLineTest, NamesAnArgumentTooMany) {
  EXPECT_EQ(Said({"status", "a.json", "b.json"}).substr(0, 36),
            "`status` knows no argument 'b.json'\n");
}

TEST(CommandLineTest, SaysNothingRawOfWhatWasTyped) {
  EXPECT_EQ(Said({"run", "--\x1b[2J"}).find('\x1b'), std::string::npos);
}

TEST(CommandLineTest, TakesWhatItDeclares) {
  EXPECT_EQ(Said({"run", "--model", "smollm2", "--dry-run"}), "");
}

}  // namespace
}  // namespace ollama_bench
