#pragma once

#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ollama_bench/analysis/comparison.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/parameter.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// Two values of a parameter in one results file.
struct CompareByParameter {
  Parameter parameter{};
  std::vector<int> values;  ///< before and after; empty: the two that were swept
};

/// Two values of a label that starts of one results file have, or two hosts.
struct CompareByLabel {
  std::string label;                ///< "host": the machine that was measured
  std::vector<std::string> values;  ///< before and after; empty: the last two
};

/// What of one results file is to be compared.
using CompareBy = std::variant<CompareByParameter, CompareByLabel>;

/// "num_thread", or "num_thread=4,8" with the values; what is no parameter is a label. An error in
/// words otherwise.
Expected<CompareBy, std::string> ParseCompareBy(const std::string& text);

/// The two values: those that are named, in the order of their naming, else those of the planned
/// axis in its order. Where that has not exactly two, those that the cells have, ascending. kUsage
/// where the file has no such two values; the message lists what it has.
Expected<ValuePair, SessionError> ChooseValues(const ResultsStore& store,
                                               const CompareByParameter& by);

/// How the measurements of the two values differ in more than the value, one line each: the hosts
/// that they were made on, and what holds for the whole file.
std::vector<std::string> DifferencesBetween(const ResultsStore& store, const ValuePair& by);

/// What the starts with one value of a label measured.
struct LabelledResults {
  std::string value;
  std::vector<CellResult> results;  ///< with the visits and samples of these starts alone
  std::set<std::string> hosts;      ///< that they ran on
};

/// Before and after: the values that are named, else the last two in the order in which they were
/// first measured. kUsage where the file has no such two; the message lists what it has.
Expected<std::pair<LabelledResults, LabelledResults>, SessionError> ChooseLabelled(
    const ResultsStore& store, const CompareByLabel& by);
/// As DifferencesBetween of values.
std::vector<std::string> DifferencesBetween(const ResultsStore& store, const CompareByLabel& by,
                                            const LabelledResults& first,
                                            const LabelledResults& second);

}  // namespace ollama_bench
