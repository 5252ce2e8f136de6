#pragma once

#include <string>
#include <vector>

#include "support/stand_in/state.h"

namespace ollama_bench::stand_in {

/// A command line as the client passes it on.
struct CommandLine {
  std::vector<std::string> arguments;  ///< without "ollama"
  std::string folder;                  ///< the client's working directory
  std::string input;                   ///< its standard input; empty from a terminal
};

/// What the client has to print, and how to end. `act` is the rule's "do" or null: the client
/// plays the parts of it that concern a process, before it prints.
struct Performance {
  std::string out;
  std::string err;
  int exit = 0;
  Json act;
};

/// Plays every command but `serve`.
Performance PlayCommand(State& state, const CommandLine& line);

}  // namespace ollama_bench::stand_in
