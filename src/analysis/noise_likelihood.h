#pragma once

#include <map>
#include <vector>

#include "ollama_bench/analysis/noise_model.h"
#include "ollama_bench/analysis/sweep_model.h"

namespace ollama_bench {

struct NormalPart {
  double weight = 0;  ///< the parts' weights add up to 1
  double mean = 0;
  double variance = 0;
};

/// Mean, deviation and central 95 % interval of a mixture of normal distributions.
LogPosterior Summarise(const std::vector<NormalPart>& parts);

/// The restricted likelihood of both variances, given the units of a sweep. Cells whose loads have
/// the same number of runs are summed up beforehand, so that its cost does not grow with them.
class NoiseLikelihood {
 public:
  explicit NoiseLikelihood(const std::vector<LoadUnit>& units);

  /// The natural log, up to a constant.
  [[nodiscard]] double Log(const Variances& variances) const;

  [[nodiscard]] int load_differences() const { return load_differences_; }
  [[nodiscard]] int run_differences() const { return run_differences_; }

 private:
  struct Balanced {
    int differences = 0;
    double squares = 0;
  };
  struct Load {
    double log_value = 0;
    int runs = 1;
  };
  using CellLoads = std::vector<Load>;

  void AddCell(const CellLoads& loads);
  [[nodiscard]] static double LogOfCell(const CellLoads& loads, const Variances& variances);

  std::map<int, Balanced> balanced_;   // by runs per load
  std::vector<CellLoads> unbalanced_;  // loads with unequal numbers of runs
  double run_squares_ = 0;
  int load_differences_ = 0;
  int run_differences_ = 0;
};

}  // namespace ollama_bench
