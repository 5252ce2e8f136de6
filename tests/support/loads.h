#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "ollama_bench/analysis/load_units.h"

namespace ollama_bench {

/// Loads of a machine with log-normal noise between them, one a minute.
class SimulatedLoads {
 public:
  SimulatedLoads(unsigned seed, double deviation) : engine_(seed), noise_(0, deviation) {}

  void Add(const Cell& cell, double rate, SampleRole role = SampleRole::kMeasure) {
    LoadUnit unit;
    unit.cell = cell;
    unit.role = role;
    unit.load_id = static_cast<std::int64_t>(units_.size()) + 1;
    unit.log_value = std::log(rate) + noise_(engine_);
    unit.start_s = 60.0 * static_cast<double>(units_.size());
    unit.origin = origin_;
    units_.push_back(unit);
  }
  /// Each of the cells once, as often as asked, round by round.
  void AddRounds(const std::vector<std::pair<Cell, double>>& rates, int rounds) {
    for (int round = 0; round < rounds; ++round) {
      for (const auto& [cell, rate] : rates) Add(cell, rate);
    }
  }
  /// What follows is of another start of the program.
  void StartAgain(const std::string& origin) { origin_ = origin; }

  [[nodiscard]] const std::vector<LoadUnit>& units() const { return units_; }

 private:
  std::mt19937_64 engine_;
  std::normal_distribution<double> noise_;
  std::string origin_ = "A";
  std::vector<LoadUnit> units_;
};

}  // namespace ollama_bench
