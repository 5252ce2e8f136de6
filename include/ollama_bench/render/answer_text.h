#pragma once

#include <span>
#include <string>
#include <vector>

#include "ollama_bench/analysis/stratum_answer.h"
#include "ollama_bench/analysis/sweep_answer.h"

namespace ollama_bench {

// An answer in words, each function a sentence or two for a person; empty where there is nothing to
// say.

/// The verdict with what is recommended: "CHANGE: recommended: num_ctx=4096 num_batch=1024, within
/// 1 % of the fastest cell: +18 %, 95 % CI [15, 21] against the current setting, …".
std::string AnswerSentence(const SweepAnswer& answer);

/// Of several answers each under the request that it is for; one sentence where all agree, or where
/// no request has two settings to choose from.
std::string AnswersSentence(std::span<const StratumAnswer> answers);

/// "num_ctx=4096 num_batch=256: 378.2 tokens/s, 95 % CI [371.0, 385.5], 5 loads."
std::string ValueSentence(const SweepAnswer& answer);

/// What it means: seconds for the prompt, decode rate, GPU share and memory, at the recommended and
/// at the current setting.
std::string MeaningSentence(const SweepAnswer& answer);

/// How many more loads would decide what is not decided.
std::string MoreLoadsSentence(const SweepAnswer& answer);

/// The largest context that hardly loses.
std::string SafeContextSentence(const SweepAnswer& answer);

/// What settings of the server cost in memory, and the contexts that they leave on GPUs.
std::string MemorySentence(const SweepAnswer& answer);

/// How many cells may be the best.
std::string ContendersSentence(const SweepAnswer& answer);

/// The smallest difference that would have been found.
std::string TrustSentence(const SweepAnswer& answer);

/// How far the machine's speed moved during the sweep.
std::string DriftSentence(const SweepAnswer& answer);

/// How noisy the sweep was, and whether that is measured or assumed.
std::string NoiseSentence(const SweepAnswer& answer);

/// How many runs were flagged.
std::string OutlierSentence(const SweepAnswer& answer);

/// What is printed below a table or picture: trust, drift, noise, outliers, as far as there is any.
std::vector<std::string> NoteSentences(const SweepAnswer& answer);

}  // namespace ollama_bench
