// How often the answers of a sweep, and of a comparison of two, are right, where the truth is
// known: simulated 6 x 6 sweeps, analysed as the program analyses real ones.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "ollama_bench/analysis/comparison.h"
#include "ollama_bench/analysis/sweep_answer.h"
#include "simulated_machine.h"

namespace ollama_bench::simulation {
namespace {

constexpr double kDeviations[] = {0.005, 0.01, 0.02, 0.05};
constexpr Procedure kThreeLoads{3, 1};
constexpr Procedure kThreeLoadsOfThree{3, 3};
constexpr Procedure kDefault{0, 3};
constexpr Procedure kDefaultOfOne{0, 1};
constexpr double kNear = 0.02;  // "within 2 % of the best"

struct Counts {
  double intervals = 0;
  double covered = 0;
  double sweeps = 0;
  double held = 0;
  double size = 0;
  double near_best = 0;
  double loss = 0;  // of the recommended cell
  std::vector<double> losses;
};

double Share(double part, double whole) {
  return 100 * part / whole;
}

void Judge(const Surface& surface, const SimulatedSweep& sweep, const SweepAnswer& answer,
           Counts& counts) {
  const auto best = std::max_element(surface.log_rates.begin(), surface.log_rates.end());
  ++counts.sweeps;
  for (std::size_t i = 0; i < surface.cells.size(); ++i) {
    const Interval interval = answer.cells[i].log.LogInterval(0.95);
    const double truth = surface.log_rates[i] + sweep.offset;
    ++counts.intervals;
    if (interval.low <= truth && truth <= interval.high) ++counts.covered;
    if (surface.log_rates[i] > *best + std::log1p(-kNear)) ++counts.near_best;
    if (answer.best.recommended.cell == surface.cells[i]) {
      counts.losses.push_back(-std::expm1(surface.log_rates[i] - *best));
      counts.loss += counts.losses.back();
    }
  }
  const Cell best_cell = surface.cells[static_cast<std::size_t>(best - surface.log_rates.begin())];
  counts.size += static_cast<double>(answer.best.cells.size());
  counts.held += std::any_of(answer.best.cells.begin(), answer.best.cells.end(),
                             [&](const CellEstimate& cell) { return cell.cell == best_cell; })
                     ? 1
                     : 0;
}

void RunSweeps(Family family, const Disturbance& disturbance, const Procedure& procedure,
               int sweeps, Engine& engine, Counts& counts) {
  for (int i = 0; i < sweeps; ++i) {
    const Surface surface = RandomSurface(family, SixBySix(), engine);
    const SimulatedSweep sweep = Sweep(surface, disturbance, procedure, engine);
    const auto answer = AnswerSweep(sweep.results, Metric::kPromptEvalRate);
    if (answer) Judge(surface, sweep, *answer, counts);
  }
}

void PrintHeading(const std::string& title) {
  fmt::print("\n{}\n{:<34} {:>6} {:>8} {:>7} {:>7} {:>7} {:>6} {:>10} {:>9}\n", title, "", "sweeps",
             "covered", "held", "size", "near", "ratio", "mean loss", "95% loss");
}

void PrintLine(const std::string& name, Counts counts) {
  std::sort(counts.losses.begin(), counts.losses.end());
  const auto place = static_cast<std::size_t>(0.95 * static_cast<double>(counts.losses.size()));
  fmt::print("{:<34} {:>6} {:>7.2f}% {:>6.2f}% {:>7.2f} {:>7.2f} {:>6.2f} {:>9.2f}% {:>8.2f}%\n",
             name, counts.sweeps, Share(counts.covered, counts.intervals),
             Share(counts.held, counts.sweeps), counts.size / counts.sweeps,
             counts.near_best / counts.sweeps, counts.size / counts.near_best,
             Share(counts.loss, counts.sweeps), 100 * counts.losses[place]);
  std::fflush(stdout);
}

// `sweeps` in all, spread evenly over the families.
Counts AllFamilies(const Disturbance& disturbance, const Procedure& procedure, int sweeps,
                   Engine& engine) {
  Counts counts;
  const int families = static_cast<int>(std::size(kFamilies));
  for (const Family family : kFamilies) {
    RunSweeps(family, disturbance, procedure, (sweeps + families - 1) / families, engine, counts);
  }
  return counts;
}

void AllDeviations(const std::string& title, const Procedure& procedure, int sweeps,
                   Engine& engine) {
  PrintHeading(title);
  for (const double load : kDeviations) {
    for (const double run : kDeviations) {
      PrintLine(fmt::format("sigma_load {}%, sigma_run {}%", 100 * load, 100 * run),
                AllFamilies({load, run}, procedure, sweeps, engine));
    }
  }
}

void EachFamily(const std::string& title, const Procedure& procedure, int sweeps, Engine& engine) {
  static constexpr const char* kNames[] = {"two plateaus", "smooth",        "CPU offload in stairs",
                                           "ridges",       "kernel switch", "flat"};
  PrintHeading(title);
  for (std::size_t i = 0; i < std::size(kFamilies); ++i) {
    Counts counts;
    RunSweeps(kFamilies[i], {0.01, 0.01}, procedure, sweeps, engine, counts);
    PrintLine(kNames[i], std::move(counts));
  }
}

void Disturbed(const std::string& title, const Procedure& procedure, int sweeps, Engine& engine) {
  PrintHeading(title);
  const auto line = [&](const char* name, const Disturbance& disturbance) {
    PrintLine(name, AllFamilies(disturbance, procedure, sweeps, engine));
  };
  line("undisturbed", {0.01, 0.01});
  line("drift up to 3%", {0.01, 0.01, 0.03});
  line("outliers", {0.01, 0.01, 0, true});
  line("hops", {0.01, 0.01, 0, false, true});
  line("drift, outliers and hops", {0.01, 0.01, 0.03, true, true});
  line("slow spells", {0.01, 0.01, 0, false, false, true});
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
  fmt::print(
      "6 x 6 cells, seed {}. covered: cells whose 95% interval holds the truth; held: sweeps\n"
      "whose best set holds the best cell; near: cells within 2% of the best; ratio: size of\n"
      "the best set / near; loss: of the recommended cell against the best.\n",
      seed);
  AllDeviations("3 loads of every cell, 1 run each", kThreeLoads, sweeps, engine);
  EachFamily("The same by family, sigma 1% and 1%", kThreeLoads, sweeps, engine);
  AllDeviations("3 loads of every cell, 3 runs each", kThreeLoadsOfThree, sweeps, engine);
  AllDeviations("Default: one load of 3 runs, 5 leaders confirmed", kDefault, sweeps, engine);
  EachFamily("The same by family, sigma 1% and 1%", kDefault, sweeps, engine);
  Disturbed("Default, disturbed, sigma 1% and 1%", kDefault, sweeps, engine);
  Disturbed("Default with long runs (1 per load), disturbed", kDefaultOfOne, sweeps, engine);
  Disturbed("3 loads of every cell, 1 run each, disturbed", kThreeLoads, sweeps, engine);
  Comparisons("compare: 3 loads of every cell, 1 run each, sigma 1% and 1%", {}, kThreeLoads,
              sweeps, engine);
  Comparisons("compare: default procedure, sigma 1% and 1%", {}, kDefault, sweeps, engine);
  Comparisons("compare: default with long runs, sigma 1% and 1%", {}, kDefaultOfOne, sweeps,
              engine);
  Comparisons("compare: default procedure, hops", {0.01, 0.01, 0, false, true}, kDefault, sweeps,
              engine);
}

}  // namespace
}  // namespace ollama_bench::simulation

int main(int argc, char** argv) {
  CLI::App app("Simulates sweeps and says how often the analysis is right.");
  int sweeps = 2000;
  unsigned seed = 1;
  app.add_option("--sweeps", sweeps, "Per line")->capture_default_str();
  app.add_option("--seed", seed)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  ollama_bench::simulation::RunAll(sweeps, seed);
  return 0;
}
