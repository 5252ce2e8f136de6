#include "command_docs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "command_line.h"

namespace ollama_bench {
namespace {

class CommandDocsTest : public testing::Test {
 protected:
  CommandDocsTest() {
    DeclareCommandLine(app_, action_, stop_);
    program_ = DescribeCommands(app_);
  }

  // Every text that holds `name` of every option of every command.
  void ExpectAllNamed(const std::string& text, const std::string& kind, bool without_dashes) const {
    for (const CommandDoc& command : program_.commands) {
      EXPECT_NE(text.find(command.name), std::string::npos) << kind << " lacks " << command.name;
      for (const OptionDoc& option : command.options) {
        for (std::string name : option.names) {
          if (option.positional) continue;
          if (without_dashes)
            name = (name[1] == '-' ? "-l " : "-s ") + name.substr(name[1] == '-' ? 2 : 1);
          EXPECT_NE(text.find(name), std::string::npos) << kind << " lacks " << name;
        }
      }
    }
  }

  StopRequest stop_;
  std::function<int()> action_;
  CLI::App app_;
  CommandDoc program_;
};

std::string WithoutEscapes(std::string text) {
  for (std::size_t at = 0; (at = text.find("\\-", at)) != std::string::npos;) text.erase(at, 1);
  return text;
}

TEST_F(CommandDocsTest, KnowEveryCommandButTheHiddenOne) {
  std::set<std::string> names;
  for (const CommandDoc& command : program_.commands) names.insert(command.name);
  EXPECT_TRUE(names.contains("run") && names.contains("doctor") && names.contains("merge"));
  EXPECT_FALSE(names.contains("documentation"));
}

TEST_F(CommandDocsTest, EveryOptionStandsInEveryKindOfDocument) {
  ExpectAllNamed(WithoutEscapes(ManPage(program_)), "man", false);
  ExpectAllNamed(BashCompletion(program_), "bash", false);
  ExpectAllNamed(ZshCompletion(program_), "zsh", false);
  ExpectAllNamed(FishCompletion(program_), "fish", true);
}

TEST_F(CommandDocsTest, EveryOptionSaysWhatItIsFor) {
  for (const CommandDoc& command : program_.commands) {
    EXPECT_FALSE(command.help.empty()) << command.name;
    for (const OptionDoc& option : command.options) {
      EXPECT_FALSE(option.help.empty()) << command.name << ' ' << option.names.front();
    }
  }
}

TEST_F(CommandDocsTest, ChoicesAndDefaultsAreTakenFromTheRulesOfTheOption) {
  bool has_colors = false;
  for (const CommandDoc& command : program_.commands) {
    if (command.name != "heatmap") continue;
    for (const OptionDoc& option : command.options) {
      EXPECT_EQ(option.value.find('{'), std::string::npos) << option.value;
      if (option.names.front() != "--color") continue;
      has_colors = true;
      EXPECT_EQ(option.choices, (std::vector<std::string>{"loss", "value"}));
      EXPECT_EQ(option.fallback, "loss");
    }
  }
  EXPECT_TRUE(has_colors) << "heatmap --color is gone";
}

TEST_F(CommandDocsTest, TheManualPageHoldsNoRequestThatRoffDoesNotKnow) {
  const std::set<std::string> known = {".TH", ".SH", ".SS", ".TP", ".PP", ".nf", ".fi", ".br"};
  std::istringstream lines(ManPage(program_));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || (line[0] != '.' && line[0] != '\'')) continue;
    const std::string request = line.substr(0, line.find(' '));
    EXPECT_TRUE(known.contains(request) || line.starts_with(".\\\"")) << line;
  }
}

}  // namespace
}  // namespace ollama_bench
