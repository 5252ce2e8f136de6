#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/analysis/disturbances.h"
#include "ollama_bench/analysis/load_answer.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/session/stored_sweep.h"
#include "ollama_bench/store/file_lock.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// The current setting that a sweep is compared with.
struct PresentStatus {
  Cell cell;
  std::string source;                ///< as in Baseline: "Modelfile", "Ollama default", …
  std::optional<CellResult> result;  ///< empty: not measured yet
};

/// What there is of load.
struct LoadStatus {
  std::size_t windows = 0;         ///< that count
  std::size_t windows_left = 0;    ///< until each level that did not fail has as many as any
  std::vector<LoadSeries> series;  ///< by the windows alone, without their requests
};

/// How far a sweep is, as its results file says.
struct StoreStatus {
  std::string model;  ///< empty where the file does not say
  std::string ollama_version;
  bool replayed = false;
  bool mixed = false;
  bool unverified = false;    ///< mixed only for samples that do not say with what they were made
  std::size_t cells = 0;      ///< planned ones and those that have an entry
  std::size_t succeeded = 0;  ///< with all samples of the pass, or an alias
  std::size_t failed = 0;     ///< and not tried again by itself
  std::size_t left = 0;
  std::vector<CellResult> latest;  ///< at most five, the newest first
  std::optional<std::chrono::duration<double>> mean_cell_time;
  std::optional<std::chrono::duration<double>> time_left;  ///< by the median cell time
  std::optional<Cell> best;
  double best_rate = 0;                     ///< of `metric`
  Metric metric = Metric::kPromptEvalRate;  ///< that the workload is about
  std::optional<PresentStatus> present;
  std::size_t extra_loads = 0;         ///< made so far, after the pass
  std::size_t repeated_cells = 0;      ///< that have one
  std::optional<StoredReport> report;  ///< with the answer so far
  std::optional<LoadStatus> load;      ///< of the workload load, in place of `report`
  Disturbances disturbances;
  std::optional<LockHolder> holder;  ///< the run that holds the file
};

/// What `store` says; `holder` is passed on.
StoreStatus DescribeStore(const ResultsStore& store, std::optional<LockHolder> holder);

/// For a person, without colours or trailing newline, one text a line.
std::vector<std::string> StatusLines(const StoreStatus& status, const std::string& file);

/// For programs: one JSON object; `indent` as nlohmann::json::dump takes it, -1 for one line.
std::string StatusJson(const StoreStatus& status, const std::string& file, int indent);

}  // namespace ollama_bench
