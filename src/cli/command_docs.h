#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace ollama_bench {

/// One option, flag or positional argument, as the command line declares it.
struct OptionDoc {
  std::vector<std::string> names;  ///< "--results", "-r"; the argument's own name if positional
  std::string value;               ///< "FILE"; empty for a flag
  std::string help;
  std::string fallback;              ///< what counts where it is not given; may be empty
  std::vector<std::string> choices;  ///< the only values allowed; empty: any
  bool positional = false;
  bool required = false;
};

/// A command, the program itself included.
struct CommandDoc {
  std::string name;
  std::string help;
  std::string footer;
  std::vector<OptionDoc> options;
  std::vector<CommandDoc> commands;  ///< hidden ones left out
};

/// What `app` declares. The manual page and the completions are written from it, so that they say
/// what --help says.
CommandDoc DescribeCommands(const CLI::App& app);

/// The names of all its options and arguments.
std::vector<std::string> NamesOfOptions(const CommandDoc& command);

/// A manual page for section 1, in roff with the macros of man(7).
std::string ManPage(const CommandDoc& program);
/// Completions, to be sourced by or installed for the shell.
std::string BashCompletion(const CommandDoc& program);
std::string ZshCompletion(const CommandDoc& program);
std::string FishCompletion(const CommandDoc& program);

}  // namespace ollama_bench
