#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/cell.h"
#include "ollama_bench/plan/aliases.h"
#include "ollama_bench/plan/level_passes.h"
#include "ollama_bench/plan/pending.h"
#include "ollama_bench/plan/prompt_plan.h"
#include "ollama_bench/search/block_race.h"
#include "ollama_bench/session/session_options.h"
#include "ollama_bench/store/results_store.h"
#include "ollama_bench/workload/driver.h"

namespace ollama_bench {

// The rules of `run`, for itself and for those who report what it would do.

/// Which of the planned cells a start has to measure.
PendingRules PendingRulesOf(const RunOptions& options, const SweepConfig& config);

/// What it measures beside `pending`. Extra loads are made only by a start whose limit does not cut
/// the pass.
RaceOptions RaceOptionsOf(const RunOptions& options, const SweepConfig& config,
                          const Pending& pending, std::optional<Cell> current);

/// The windows that each level of load is to have.
int WindowsOfLevel(const SweepConfig& config);

/// What `load` measures of these levels: those that failed only where they are tried again, and no
/// more windows than its limit.
LevelPasses LevelsOf(const RunOptions& options, const SweepConfig& config, std::vector<Cell> cells,
                     const std::vector<CellResult>& known);

/// The cells that are known to be the same measurement as another of them, of each subject.
std::vector<Alias> AliasesOf(std::span<const Cell> cells, const ServerFacts& facts);

/// What to say of cells that are not measured because they are these aliases, a line each reason.
std::vector<std::string> DescribeLeftOut(std::span<const Alias> aliases);

/// What decides which cells of a grid cannot show what they seem to. `facts`: null where the server
/// does not answer.
PromptFacts PromptFactsOf(const SweepConfig& config, const Metadata& metadata,
                          std::int64_t prompt_tokens, const ServerFacts* facts);

/// What to say of the server before a sweep, a line each, mostly none.
std::vector<std::string> ServerWarnings(const ServerFacts& facts);

}  // namespace ollama_bench
