#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/ollama/ollama_api.h"
#include "ollama_bench/process/process_runner.h"
#include "ollama_bench/render/terminal_style.h"
#include "ollama_bench/store/results_store.h"

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

/// What `doctor` looks at.
struct DoctorSubject {
  std::string ollama;             ///< Ollama's program
  std::filesystem::path results;  ///< whose leftovers count as ours; need not exist
  OllamaApi& api;
  ProcessRunner& runner;
  const StopRequest& stop;
};

/// Looks at program, server, versions, models, machine, disk and leftovers, and changes nothing. Of
/// a server elsewhere nothing is said of the machine.
std::vector<Finding> Examine(const DoctorSubject& subject);

/// What an earlier start left behind and nobody will come back to by itself.
struct Leftovers {
  std::vector<TemporaryModel> models;       ///< noted in the results, and the store's own
  std::vector<TemporaryModel> kept;         ///< noted there, but not known to be the store's own
  std::vector<std::string> foreign_models;  ///< named like a store's own, but not noted there
  /// Of other results files in the same folder, by file; no run holds these.
  std::map<std::filesystem::path, std::vector<TemporaryModel>> of_neighbours;
  std::vector<std::filesystem::path> folders;
  bool results_in_use = false;  ///< a run holds the results: its models are no leftovers
};
Leftovers FindLeftovers(const DoctorSubject& subject);

}  // namespace ollama_bench
