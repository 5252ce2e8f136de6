#pragma once

#include <string>
#include <vector>

#include "ollama_bench/analysis/sweep_answer.h"

namespace ollama_bench {

/// The answer in one sentence that needs no knowledge of statistics: "These 7 of 16 cells cannot be
/// told apart (within 1 %, 95 % sure); take num_ctx=4096 num_batch=256, the largest context among
/// them."
std::string AnswerSentence(const SweepAnswer& answer);

/// "num_ctx=4096 num_batch=256: 378.2 tokens/s in 3 confirming loads, between 371.0 and 385.5 (95 %
/// sure)."; the loads are named where they alone count, so that the map's value differs.
std::string ValueSentence(const SweepAnswer& answer);

/// What is gained over the present setting; empty where that was not measured.
std::string BaselineSentence(const SweepAnswer& answer);

/// The largest context that hardly loses; empty where there is none.
std::string SafeContextSentence(const SweepAnswer& answer);

/// How the control cell moved, and what to do about it; empty without control samples.
std::string DriftSentence(const SweepAnswer& answer);

/// How noisy the sweep was, and how much of that is measured rather than assumed.
std::string NoiseSentence(const SweepAnswer& answer);

/// How many runs were flagged; empty where none was.
std::string OutlierSentence(const SweepAnswer& answer);

/// What stands below a table or picture: drift, noise, outliers, as far as there is any.
std::vector<std::string> NoteSentences(const SweepAnswer& answer);

}  // namespace ollama_bench
