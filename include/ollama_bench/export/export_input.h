#pragma once

#include <map>
#include <string>
#include <vector>

#include "ollama_bench/core/prompt_record.h"
#include "ollama_bench/core/telemetry.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// The records of one output of `prompts`.
struct ExportedPass {
  std::string path;
  std::vector<PromptRecord> records;

  /// Keeps what is exported: figures and outcome, not the texts of prompt and answer.
  void Add(PromptRecord record);
};

/// What is exported together.
struct ExportInput {
  std::vector<ResultsStore> sweeps;
  std::vector<ExportedPass> passes;
  /// What was read of the machine during samples, by their ids; for a database alone.
  std::map<std::string, TelemetryRecord> readings;
};

}  // namespace ollama_bench
