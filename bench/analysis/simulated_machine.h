#pragma once

#include <random>
#include <vector>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell_result.h"

namespace ollama_bench::simulation {

using Engine = std::mt19937_64;

/// The kinds of surface that MEASUREMENT names for judging a search, as far as they fit a 6 x 6
/// grid, and a flat one.
enum class Family { kTwoPlateaus, kSmooth, kOffloadStairs, kRidges, kKernelSwitch, kFlat };
inline constexpr Family kFamilies[] = {Family::kTwoPlateaus,   Family::kSmooth,
                                       Family::kOffloadStairs, Family::kRidges,
                                       Family::kKernelSwitch,  Family::kFlat};

/// True values of all cells of a grid.
struct Surface {
  Grid grid;
  std::vector<Cell> cells;        // all num_batch of one num_ctx first
  std::vector<double> log_rates;  // natural log of tokens/s, one per cell
};

Grid SixBySix();
/// A surface of the family with random parameters.
Surface RandomSurface(Family family, const Grid& grid, Engine& engine);

/// How a machine disturbs what it measures. Standard deviations and changes are relative.
struct Disturbance {
  double load_deviation = 0.01;
  double run_deviation = 0.01;
  double drift = 0;       // largest change over the sweep, slow and in one direction
  bool outliers = false;  // 1 to 3 % of the runs at x 0.6 to 0.9
  bool hops = false;      // between x 1 and x 0.91 every 5 to 60 s
  bool spells = false;    // instead of hops: every 30 to 200 s x 0.8 for 3 to 15 s
};

/// A machine whose clock runs only while it measures.
class Machine {
 public:
  Machine(const Disturbance& disturbance, double expected_seconds, Engine& engine);

  /// Adds a load with `runs` counted runs to `result`.
  void Load(CellResult& result, double log_rate, int runs, SampleRole role);
  /// What the machine added to every cell's log rate on average over the time that has passed.
  [[nodiscard]] double MeanOffset() const;

 private:
  void Pass(double seconds);
  [[nodiscard]] double Mood() const;
  [[nodiscard]] double HowLongItStays();

  Disturbance disturbance_;
  Engine& engine_;
  double drift_per_s_ = 0;
  double outlier_share_ = 0;
  bool is_slow_ = false;
  double next_hop_s_ = 0;
  double now_s_ = 0;
  double mood_integral_ = 0;
  std::int64_t loads_ = 0;
};

/// How often each cell is measured.
struct Procedure {
  int passes = 0;  // loads of every cell, each pass in an order of its own; 0: as `run` does it
  int runs = 1;    // per load
};

struct SimulatedSweep {
  std::vector<CellResult> results;
  double offset = 0;  // truth of a cell: its log rate plus this
};
SimulatedSweep Sweep(const Surface& surface, const Disturbance& disturbance,
                     const Procedure& procedure, Engine& engine);

}  // namespace ollama_bench::simulation
