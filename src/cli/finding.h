#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ollama_bench/render/terminal_style.h"

namespace ollama_bench {

/// One thing that `doctor` looked at.
struct Finding {
  enum class Level {
    kGood,
    kNote,     ///< good to know
    kWarning,  ///< a sweep runs, but its results suffer
    kProblem,  ///< a sweep cannot run
  };
  Level level = Level::kGood;
  std::string topic;   ///< "server"; a key in JSON
  std::string text;    ///< one sentence
  std::string remedy;  ///< the command that fixes it, or what to do; empty where nothing is wrong
};

/// For a person: lines of at most `style.width` columns, remedies behind "->".
std::string FindingsText(const std::vector<Finding>& findings, const TerminalStyle& style);
/// For programs: one JSON object. `fixed`: what was removed.
std::string FindingsJson(const std::vector<Finding>& findings,
                         const std::vector<std::string>& fixed);
bool AnyProblem(const std::vector<Finding>& findings);

}  // namespace ollama_bench
