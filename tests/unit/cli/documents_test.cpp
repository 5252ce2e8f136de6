// The commands that README.md and docs/ show are commands of this program.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "command_line.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = fs::path(OLLAMA_BENCH_CONFIGS).parent_path();

// Lines of indented or fenced code that begin with the program, each with those that continue it.
std::vector<std::string> CommandsIn(const fs::path& document) {
  std::ifstream in(document);
  std::vector<std::string> commands;
  for (std::string line; std::getline(in, line);) {
    for (const char* start : {"    $ ollama-bench ", "    ollama-bench ", "$ ollama-bench "}) {
      const std::string_view prefix(start);
      // "ollama-bench 0.1.0: …" is the header of a run.
      if (!line.starts_with(prefix) || line.size() == prefix.size()) continue;
      std::string command = line.substr(prefix.size());
      while (command.ends_with('\\') && std::getline(in, line)) {
        command.pop_back();
        command += line;
      }
      const bool is_command = std::islower(static_cast<unsigned char>(command.front())) != 0;
      if (is_command) commands.push_back(command);
      break;
    }
  }
  return commands;
}

std::string ErrorOf(const std::string& command) {
  StopRequest stop;
  std::function<int()> action;
  CLI::App app;
  DeclareCommandLine(app, action, stop);
  std::istringstream text(command);
  std::vector<std::string> words;
  for (std::string word; text >> word && word != "#" && word != "|";) words.push_back(word);
  std::reverse(words.begin(), words.end());
  try {
    app.parse(words);
  } catch (const CLI::ExtrasError&) {
    return DescribeStrayArguments(app);
  } catch (const CLI::ParseError& error) {
    return DescribeWrongUsage(app, error);
  }
  return {};
}

TEST(DocumentsTest, ShowCommandsThatCanBeTyped) {
  std::size_t count = 0;
  std::vector<fs::path> documents = {kRoot / "README.md"};
  for (const auto& entry : fs::directory_iterator(kRoot / "docs")) {
    if (entry.path().extension() == ".md") documents.push_back(entry.path());
  }
  for (const fs::path& document : documents) {
    for (const std::string& command : CommandsIn(document)) {
      EXPECT_EQ(ErrorOf(command), "") << document << ": " << command;
      ++count;
    }
  }
  EXPECT_GT(count, 20U);
}

TEST(DocumentsTest, ReadmeDescribesEveryCommand) {
  std::ifstream in(kRoot / "README.md");
  std::ostringstream text;
  text << in.rdbuf();
  StopRequest stop;
  std::function<int()> action;
  CLI::App app;
  DeclareCommandLine(app, action, stop);
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_group().empty()) continue;
    EXPECT_NE(text.str().find("### " + command->get_name() + "\n"), std::string::npos)
        << command->get_name();
  }
}

}  // namespace
}  // namespace ollama_bench
