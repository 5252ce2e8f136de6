#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/strategy.h"

namespace ollama_bench {

/// The results file of a machine that a test makes up: every visit is a load of one sample.
class MeasuredVisits {
 public:
  /// Adds the visit, which begins in the `minute`-th minute, with a rate in tokens/s; without one
  /// it failed. `id` is its own.
  const CellResult& Add(const Visit& visit, const std::string& id, std::size_t minute,
                        const std::string& start, std::optional<double> rate) {
    visits_.push_back(visit);
    CellResult& result = results_[visit.cell];
    result.cell = visit.cell;
    VisitRecord record;
    record.id = "V" + id;
    record.role = visit.role;
    const std::string minutes = std::to_string(100 + minute % 60).substr(1);
    record.started = "2026-11-21T" + std::to_string(10 + minute / 60) + ":" + minutes + ":00+00:00";
    record.start = start;
    if (!rate) {
      record.failure = Failure{FailureKind::kRunnerCrash, "", {}, 1};
    } else {
      Sample sample;
      sample.id = "S" + id;
      sample.visit = record.id;
      sample.load_id = static_cast<std::int64_t>(visits_.size());
      sample.role = visit.role;
      sample.started = record.started;
      sample.metrics.printed_prompt_eval_rate = *rate;
      result.samples.push_back(sample);
    }
    result.visits.push_back(record);
    return result;
  }

  /// Null where the cell was not visited.
  [[nodiscard]] const CellResult* Find(const Cell& cell) const {
    const auto found = results_.find(cell);
    return found == results_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] const std::vector<Visit>& visits() const { return visits_; }
  [[nodiscard]] std::vector<CellResult> Results() const {
    std::vector<CellResult> results;
    for (const auto& [cell, result] : results_) results.push_back(result);
    return results;
  }

 private:
  std::vector<Visit> visits_;
  std::map<Cell, CellResult> results_;
};

}  // namespace ollama_bench
