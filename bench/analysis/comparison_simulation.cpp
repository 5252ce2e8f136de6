// How often a comparison of two sweeps calls a change, where the truth is known: simulated 6 x 6
// sweeps, compared as the program compares real ones.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "ollama_bench/analysis/comparison.h"
#include "simulated_machine.h"

namespace ollama_bench::simulation {
namespace {

constexpr Procedure kThreeLoads{3, 1};
constexpr Procedure kDefault{0, 3};
constexpr Procedure kDefaultOfOne{0, 1};

double Share(double part, double whole) {
  return 100 * part / whole;
}

struct Calls {
  int pairs = 0;
  int any = 0;
  int overall = 0;
  int cell = 0;        // at least one
  int right_cell = 0;  // the one that changed
};

Calls ComparePairs(double all_change, double one_change, const Disturbance& disturbance,
                   const Procedure& procedure, int pairs, Engine& engine) {
  Calls calls;
  for (int i = 0; i < pairs; ++i) {
    const Family family = kFamilies[static_cast<std::size_t>(i) % std::size(kFamilies)];
    Surface surface = RandomSurface(family, SixBySix(), engine);
    const SimulatedSweep before = Sweep(surface, disturbance, procedure, engine);
    for (double& log_rate : surface.log_rates) log_rate += std::log1p(all_change);
    const std::size_t changed = engine() % surface.cells.size();
    surface.log_rates[changed] += std::log1p(one_change);
    const SimulatedSweep after = Sweep(surface, disturbance, procedure, engine);
    const SweepComparison comparison =
        CompareSweeps(before.results, after.results, Metric::kPromptEvalRate);
    const bool any_cell = std::any_of(comparison.cells.begin(), comparison.cells.end(),
                                      [](const CellChange& cell) { return cell.change.is_called; });
    ++calls.pairs;
    calls.overall += comparison.overall->is_called ? 1 : 0;
    calls.cell += any_cell ? 1 : 0;
    calls.any += any_cell || comparison.overall->is_called ? 1 : 0;
    calls.right_cell += comparison.cells[changed].change.is_called ? 1 : 0;
  }
  return calls;
}

void Comparisons(const std::string& title, const Disturbance& disturbance,
                 const Procedure& procedure, int pairs, Engine& engine) {
  fmt::print("\n{}\n{:<34} {:>6} {:>9} {:>9} {:>9} {:>11}\n", title, "", "pairs", "any call",
             "overall", "any cell", "that cell");
  const auto line = [&](const char* name, double all, double one) {
    const Calls calls = ComparePairs(all, one, disturbance, procedure, pairs, engine);
    const auto share = [&calls](int count) { return Share(count, calls.pairs); };
    fmt::print("{:<34} {:>6} {:>8.2f}% {:>8.2f}% {:>8.2f}% {:>10.2f}%\n", name, calls.pairs,
               share(calls.any), share(calls.overall), share(calls.cell), share(calls.right_cell));
    std::fflush(stdout);
  };
  line("nothing changed", 0, 0);
  line("everything 3% slower", -0.03, 0);
  line("one cell 3% slower", 0, -0.03);
  line("one cell 5% slower", 0, -0.05);
  line("one cell 10% slower", 0, -0.10);
}

void RunAll(int sweeps, unsigned seed) {
  Engine engine(seed);
  fmt::print("6 x 6 cells, seed {}\n", seed);
  Comparisons("3 loads of every cell, 1 run each, sigma 1% and 1%", {}, kThreeLoads, sweeps,
              engine);
  Comparisons("default procedure, sigma 1% and 1%", {}, kDefault, sweeps, engine);
  Comparisons("default with long runs, sigma 1% and 1%", {}, kDefaultOfOne, sweeps, engine);
  Comparisons("default procedure, hops", {0.01, 0.01, 0, false, true}, kDefault, sweeps, engine);
}

}  // namespace
}  // namespace ollama_bench::simulation

int main(int argc, char** argv) {
  CLI::App app("Simulates pairs of sweeps and prints how often a change is called.");
  int sweeps = 2000;
  unsigned seed = 1;
  app.add_option("--sweeps", sweeps, "Pairs per line")->capture_default_str();
  app.add_option("--seed", seed)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  ollama_bench::simulation::RunAll(sweeps, seed);
  return 0;
}
