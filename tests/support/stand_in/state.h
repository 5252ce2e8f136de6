#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "support/stand_in/behaviour.h"
#include "support/stand_in/engine.h"
#include "support/stand_in/models.h"
#include "support/stand_in/script.h"

namespace ollama_bench::stand_in {

/// What `ollama serve` knows. Each member function but the constructor wants `mutex` held.
class State {
 public:
  /// `script_path` may be empty; `file` keeps models and rule counts, empty for none. A bad script
  /// ends the process: it is a mistake in a test.
  State(std::string script_path, std::string file);

  /// Re-reads the script, notes the call and finds its rule's "do", or null.
  Json Begin(const Call& call, Json details);
  /// Writes models and rule counts.
  void Save() const;

  [[nodiscard]] Behaviour behaviour() const { return Behaviour(script.version()); }

  std::mutex mutex;
  Script script;
  Models models;
  Engine engine;
  Json calls = Json::array();  ///< everything asked so far, for a test to look at

 private:
  std::string script_path_;
  std::string file_;
  std::vector<std::int64_t> counts_;
};

}  // namespace ollama_bench::stand_in
