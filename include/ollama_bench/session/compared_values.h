#pragma once

#include <string>
#include <vector>

#include "ollama_bench/analysis/comparison.h"
#include "ollama_bench/core/parameter.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// What of one results file is to be compared.
struct CompareBy {
  Parameter parameter{};
  std::vector<int> values;  ///< before and after; empty: the two that were swept
};

/// "num_thread", or "num_thread=4,8" with the values; an error in words otherwise.
Expected<CompareBy, std::string> ParseCompareBy(const std::string& text);

/// The two values: those that are named, in the order of their naming, else those of the planned
/// axis in its order. Where that has not exactly two, those that the cells have, ascending. kUsage
/// where the file has no such two values; the message lists what it has.
Expected<ValuePair, SessionError> ChooseValues(const ResultsStore& store, const CompareBy& by);

/// How the measurements of the two values differ in more than the value, one line each: the hosts
/// that they were made on, and what holds for the whole file.
std::vector<std::string> DifferencesBetween(const ResultsStore& store, const ValuePair& by);

}  // namespace ollama_bench
