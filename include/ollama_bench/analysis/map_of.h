#pragma once

#include <set>
#include <span>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/analysis/stratum_answer.h"
#include "ollama_bench/analysis/sweep_map.h"

namespace ollama_bench {

/// What the table and the answers to its strata say, cell by cell; margins are the answer's where
/// there is one alone. `expected_to_fail` are cells of the table that were not measured. Title and
/// notes are left empty.
SweepMap MapOf(const ResultTable& table, std::span<const StratumAnswer> answers,
               const std::set<Cell>& expected_to_fail = {});

}  // namespace ollama_bench
