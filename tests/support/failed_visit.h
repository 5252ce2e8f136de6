#pragma once

#include <string>
#include <utility>

#include "ollama_bench/core/cell_result.h"

namespace ollama_bench {

inline VisitRecord FailedVisit(Failure failure, std::string id = "F", std::string started = {}) {
  VisitRecord visit;
  visit.id = std::move(id);
  visit.started = std::move(started);
  visit.failure = std::move(failure);
  return visit;
}

/// Adds a visit that failed to a cell, later than those it has.
inline void AddFailure(CellResult& result, Failure failure) {
  const std::string id = "F" + std::to_string(100 + result.visits.size());
  result.visits.push_back(FailedVisit(std::move(failure), id, "2026-11-22T07:00:00+00:00"));
}

}  // namespace ollama_bench
