#pragma once

#include <optional>
#include <set>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/analysis/sweep_answer.h"
#include "ollama_bench/analysis/sweep_map.h"

namespace ollama_bench {

/// What the table and its answer say, cell by cell; margins are the answer's. `expected_to_fail`
/// are cells of the table that were not measured. Title and notes are left empty.
SweepMap MapOf(const ResultTable& table, const std::optional<SweepAnswer>& answer,
               const std::set<Cell>& expected_to_fail = {});

}  // namespace ollama_bench
