#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/plan/pending.h"
#include "ollama_bench/plan/prompt_plan.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/session/session_identity.h"
#include "ollama_bench/session/session_options.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// Room on the disk, in bytes.
struct DiskNeed {
  /// Of the results file, its next version beside it, and the requests of windows.
  std::int64_t results = 0;
  std::optional<std::int64_t> free;  ///< where the results go; empty where it is not known
  std::int64_t weights = 0;  ///< copied into Ollama's own folder, where a Modelfile names a file
};

/// What `tune` would take for the same grid: measurements of one load and one run each.
struct TuneNeed {
  std::size_t least = 0;                ///< before a certificate, with what is known already
  std::size_t most = 0;                 ///< the usual budget
  std::optional<double> measurement_s;  ///< by the loads of the results; empty where none is
};

/// What is still to be measured of load. Of a search for the capacity only the first level is
/// known.
struct LoadNeed {
  std::size_t windows = 0;
  /// Measured ones, at least; empty where windows have a duration and users set the pace.
  std::optional<std::int64_t> requests;
};
/// Of these levels, by what is known of them.
LoadNeed NeedOf(const RunOptions& options, const SweepConfig& config,
                const std::vector<Cell>& levels, const std::vector<CellResult>& known);

/// What `run` would do with the same options.
struct SweepPlan {
  SweepConfig config;  ///< complete: a grid was chosen where none was given
  Metadata metadata;   ///< of the results, with what they would learn
  std::string place;   ///< server or recording
  Pending pending;
  std::string current;          ///< as in RunHeader
  std::string present_setting;  ///< the same without its source, where it is beside the grid
  std::size_t visits =
      0;  ///< loads of the model, those that confirm the leaders included, or windows
  TuneNeed tune;
  LoadNeed load;  ///< of the workload load, which `tune` does not have
  SessionPrompt prompt;
  std::int64_t prompt_tokens = 0;    ///< as counted before, or guessed
  std::vector<CellResult> measured;  ///< what is in the results file
  DiskNeed disk;
  std::vector<PlanWarning> grid_warnings;
  std::vector<std::string> warnings;     ///< others, one line each
  std::optional<SessionError> obstacle;  ///< what `run` would end with before its first cell
};

/// Looks at configuration, results and server, and changes none of them: no lock is taken, nothing
/// written, nothing created. A server that cannot be reached becomes an obstacle where the grid is
/// known without it. Errors: what leaves no plan to speak of.
Expected<SweepPlan, SessionError> MakeSweepPlan(const RunOptions& options,
                                                const SweepConfig& config, Clock& clock,
                                                const StopRequest& stop);

}  // namespace ollama_bench
