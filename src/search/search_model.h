#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "boundary_model.h"
#include "search_grid.h"
#include "value_model.h"

namespace ollama_bench {

/// One visit, as the model sees it.
struct Observation {
  std::size_t cell = 0;
  std::optional<double> log_rate;   ///< empty: the cell failed
  std::optional<double> cpu_share;  ///< of the loaded model outside the GPUs, 0 to 1
};

/// Everything the search holds after some observations.
struct SearchBelief {
  std::vector<int> successes;  ///< by cell
  std::vector<int> failures;   ///< by cell
  std::vector<double> p_feasible;
  std::vector<double> p_fast;
  ValueData data;                          ///< of the fast regime alone
  std::vector<ValueComponent> components;  ///< empty: nothing has a rate yet
  std::vector<double> mean;                ///< by cell, log rate
  std::vector<double> sd;
  std::optional<std::size_t> leader;  ///< measured, in the fast regime, of the highest mean
};

class SearchModel {
 public:
  explicit SearchModel(const SearchGrid& grid);

  [[nodiscard]] SearchBelief Believe(const std::vector<Observation>& observations) const;
  [[nodiscard]] const ValueModel& values() const { return values_; }

 private:
  const SearchGrid* grid_;
  ValueModel values_;
  BoundaryModel boundary_;
};

}  // namespace ollama_bench
