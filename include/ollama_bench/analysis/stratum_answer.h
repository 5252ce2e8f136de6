#pragma once

#include <optional>
#include <span>

#include "ollama_bench/analysis/sweep_answer.h"
#include "ollama_bench/core/cell.h"

namespace ollama_bench {

/// What the cells of one stratum (core/stratum.h) say.
struct StratumAnswer {
  Cell stratum;
  std::optional<SweepAnswer> answer;  ///< empty where no cell has a value
};

/// The answer that speaks of `cell`; null where there is none.
const SweepAnswer* AnswerFor(std::span<const StratumAnswer> answers, const Cell& cell);

/// Whether no request was measured with two settings, though there are several requests: then there
/// is nothing to recommend.
bool HaveNoChoice(std::span<const StratumAnswer> answers);

}  // namespace ollama_bench
