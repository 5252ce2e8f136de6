// How much a user loses who does what the program says, where the truth is known: simulated sweeps
// of 6 x 6 cells on a disturbed machine, with the program's own strategy and analysis.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "ollama_bench/analysis/load_units.h"
#include "ollama_bench/analysis/sweep_answer.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/search/block_race.h"

namespace ollama_bench::simulation {
namespace {

using Engine = std::mt19937_64;

double Uniform(Engine& engine, double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(engine);
}
double Normal(Engine& engine) {
  return std::normal_distribution<double>(0, 1)(engine);
}

struct Surface {
  std::vector<Cell> cells;
  std::map<Cell, double> log_rates;  // a cell that is missing runs out of memory
};

const std::vector<int> kContexts{4096, 8192, 12288, 16384, 24576, 32768};
const std::vector<int> kBatches{128, 256, 512, 768, 1024, 2048};
constexpr const char* kSurfaces[] = {"flat", "smooth", "two-level", "peak", "ridges", "edge"};
constexpr const char* kMachines[] = {"undisturbed", "spells", "drift", "hops"};
enum class MachineKind { kQuiet, kSpells, kDrift, kHops };

Surface MakeSurface(int kind, Engine& engine) {
  Surface surface;
  const double slope = Uniform(engine, 0.3, 3);
  const double limit = Uniform(engine, 0.3, 0.9);
  const double ridge_a = std::log1p(Uniform(engine, 0.01, 0.06));
  const double ridge_b = std::log1p(Uniform(engine, 0.01, 0.06));
  const std::size_t ridge_row = engine() % 6;
  const std::size_t ridge_column = engine() % 6;
  const std::size_t peak = engine() % 36;
  const bool above = engine() % 2 == 0;
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t j = 0; j < 6; ++j) {
      const Cell cell{kContexts[i], kBatches[j]};
      const double u = static_cast<double>(i) / 5;
      const double v = static_cast<double>(j) / 5;
      double log_rate = std::log(400.0);
      const double need = (u + slope * v) / (1 + slope);
      const double smooth =
          std::log1p(-0.15 * (u - 0.4) * (u - 0.4) - 0.20 * (v - 0.6) * (v - 0.6));
      bool fits = true;
      if (kind == 1) log_rate += smooth;
      if (kind == 2 && (need <= limit) == above) log_rate += std::log(1.2);
      if (kind == 3 && i * 6 + j == peak) log_rate += std::log(1.05);
      if (kind == 4) {
        log_rate += smooth + (j == ridge_row ? ridge_a : 0) + (i == ridge_column ? ridge_b : 0);
      }
      if (kind == 5) {
        log_rate += std::log1p(0.15 * need);
        fits = need <= limit;
      }
      surface.cells.push_back(cell);
      if (fits) surface.log_rates[cell] = log_rate;
    }
  }
  return surface;
}

/// Its clock runs only while it measures.
class Machine {
 public:
  Machine(MachineKind kind, double sigma, double pass_s, double collapse_s, Engine& engine)
      : kind_(kind), sigma_(sigma), pass_s_(pass_s), collapse_s_(collapse_s), engine_(engine) {
    next_ = kind == MachineKind::kSpells ? Uniform(engine, 0, 200) : 1e300;
    if (kind == MachineKind::kHops) {
      next_ = Uniform(engine, 0, 60);
      is_slow_ = engine() % 2 == 0;
    }
  }

  void Load(CellResult& result, double log_rate, int runs, SampleRole role) {
    Pass(2);
    const double of_load = log_rate + sigma_ * Normal(engine_);
    ++loads_;
    for (int i = 0; i < runs; ++i) {
      Sample sample;
      sample.id = fmt::format("{:08}", ++samples_);
      sample.load_id = loads_;
      sample.role = role;
      sample.metrics.printed_prompt_eval_rate =
          std::exp(of_load + Level() + sigma_ * Normal(engine_));
      sample.started = FormatTimestamp(std::chrono::system_clock::time_point(
          std::chrono::milliseconds(std::llround(now_ * 1000))));
      sample.wall = std::chrono::seconds(1);
      result.samples.push_back(std::move(sample));
      Pass(1);
    }
  }
  std::int64_t loads() const { return loads_; }

 private:
  double Level() const {
    double level = now_ > collapse_s_ ? -std::log(20.0) : 0;
    if (kind_ == MachineKind::kDrift) level += std::log1p(-0.12) * std::min(1.0, now_ / pass_s_);
    if (is_slow_) level += std::log(kind_ == MachineKind::kSpells ? 0.8 : 0.91);
    return level;
  }
  void Pass(double seconds) {
    now_ += seconds;
    while (now_ >= next_) {
      is_slow_ = !is_slow_;
      if (kind_ == MachineKind::kHops) {
        next_ += Uniform(engine_, 5, 60);
      } else {
        next_ += is_slow_ ? Uniform(engine_, 3, 23) : Uniform(engine_, 30, 200);
      }
    }
  }

  MachineKind kind_;
  double sigma_;
  double pass_s_;
  double collapse_s_;
  Engine& engine_;
  double now_ = 0;
  double next_ = 0;
  bool is_slow_ = false;
  std::int64_t loads_ = 0;
  int samples_ = 0;
};

struct Outcome {
  double loss = 0;
  double highest_loss = 0;  // of the highest first reading
  std::size_t loads = 0;
  int recommended_loads = 0;
  Verdict verdict = Verdict::kUndecided;
  bool is_true = true;  // of change, keep and tie
  bool has_interval = false;
  bool is_covered = false;
  double z = 0;              // error of the gain in posterior deviations
  bool must_change = false;  // the best is 5 % or more above the current setting
};

struct Setup {
  int surface = 0;
  MachineKind machine = MachineKind::kQuiet;
  double sigma = 0.01;
  bool collapses = false;
  int runs = 3;
  std::size_t extra = 27;
};

double BestOf(const std::map<Cell, double>& rates) {
  double best = -1e300;
  for (const auto& [cell, rate] : rates) best = std::max(best, rate);
  return best;
}

double LossOfHighestReading(const std::vector<CellResult>& results,
                            const std::map<Cell, double>& truth) {
  double highest = -1e300;
  double loss = 0;
  for (const CellResult& result : results) {
    for (const LoadUnit& unit : LoadUnitsOf(result, Metric::kPromptEvalRate)) {
      if (unit.role != SampleRole::kMeasure || unit.log_value <= highest) continue;
      highest = unit.log_value;
      loss = -std::expm1(truth.at(unit.cell) - BestOf(truth));
    }
  }
  return loss;
}

void Judge(const SweepAnswer& answer, const std::map<Cell, double>& truth, const Surface& surface,
           const Cell& current, Outcome& outcome) {
  const double best_of_grid = BestOf(surface.log_rates);
  const Cell recommended = answer.recommended ? answer.cells[*answer.recommended].cell : current;
  const double gain = truth.at(recommended) - truth.at(current);
  const double step = std::log1p(kThreshold);
  outcome.loss = -std::expm1(truth.at(recommended) - BestOf(truth));
  outcome.recommended_loads =
      answer.recommended ? answer.cells[*answer.recommended].loads : kFewestLoads;
  outcome.verdict = answer.verdict;
  if (answer.verdict == Verdict::kChange) {
    outcome.is_true = answer.for_context ? gain > -step : gain > step;
  } else if (answer.verdict == Verdict::kKeep) {
    outcome.is_true = best_of_grid - truth.at(current) <= step;
  }
  outcome.must_change = best_of_grid - truth.at(current) >= std::log(1.05) - 1e-9;
  if (!answer.gain || recommended == current) return;
  outcome.z = (answer.gain->mean - gain) / answer.gain->deviation;
  outcome.has_interval = true;
  outcome.is_covered = answer.gain->low <= gain && gain <= answer.gain->high;
}

Outcome Simulate(const Setup& setup, std::uint64_t seed) {
  Engine engine(seed * 1000003 + static_cast<std::uint64_t>(setup.surface) * 101 +
                static_cast<std::uint64_t>(setup.machine) * 13 +
                static_cast<std::uint64_t>(setup.sigma * 10000));
  const Surface surface = MakeSurface(setup.surface, engine);
  std::map<Cell, double> truth = surface.log_rates;
  std::vector<Cell> fitting;
  for (const auto& [cell, rate] : truth) fitting.push_back(cell);
  Cell current = fitting[engine() % fitting.size()];
  if (engine() % 2 == 0) {
    std::vector<double> rates;
    for (const auto& [cell, rate] : truth) rates.push_back(rate);
    std::sort(rates.begin(), rates.end());
    current = {6000, 600};
    truth[current] = rates[rates.size() / 2];
  }
  const double pass_s = 40 * (2.0 + setup.runs);
  Machine machine(setup.machine, setup.sigma, pass_s,
                  setup.collapses ? Uniform(engine, 0, 1.6 * pass_s) : 1e300, engine);
  std::map<Cell, CellResult> results;
  RaceOptions options;
  options.repetitions = setup.runs;
  options.extra = setup.extra;
  options.current = current;
  const Space planned{{{Parameter::kNumCtx, kContexts}, {Parameter::kNumBatch, kBatches}}};
  options.planned = planned;
  options.seed = seed;
  BlockRace race(surface.cells, {}, options);
  Outcome outcome;
  while (const auto visit = race.Next()) {
    CellResult& result = results[visit->cell];
    result.cell = visit->cell;
    const auto rate = truth.find(visit->cell);
    if (rate == truth.end()) {
      VisitRecord failed;
      failed.id = fmt::format("{:08}", outcome.loads);
      failed.failure = Failure{FailureKind::kOutOfMemory, "", "", 1};
      result.visits.push_back(std::move(failed));
    } else {
      machine.Load(result, rate->second, setup.runs, visit->role);
    }
    ++outcome.loads;
    race.Report(result);
  }
  std::vector<CellResult> all;
  for (const auto& [cell, result] : results) all.push_back(result);
  AnswerOptions answer_options;
  answer_options.current = current;
  answer_options.planned = planned;
  Judge(*AnswerSweep(all, Metric::kPromptEvalRate, answer_options), truth, surface, current,
        outcome);
  outcome.highest_loss = LossOfHighestReading(all, truth);
  return outcome;
}

struct Tally {
  int sweeps = 0;
  double loss = 0;
  double highest = 0;
  double loads = 0;
  std::size_t most_loads = 0;
  int few = 0;
  std::map<Verdict, int> verdicts;
  int decided = 0;
  int right = 0;
  int intervals = 0;
  int covered = 0;
  double z = 0;
  double z2 = 0;
  int must_change = 0;
  int did_change = 0;

  void Add(const Outcome& outcome) {
    ++sweeps;
    loss += outcome.loss;
    highest += outcome.highest_loss;
    loads += static_cast<double>(outcome.loads);
    most_loads = std::max(most_loads, outcome.loads);
    few += outcome.recommended_loads < kFewestLoads ? 1 : 0;
    ++verdicts[outcome.verdict];
    const bool is_decided =
        outcome.verdict != Verdict::kUndecided && outcome.verdict != Verdict::kNoAnswer;
    decided += is_decided ? 1 : 0;
    right += is_decided && outcome.is_true ? 1 : 0;
    intervals += outcome.has_interval ? 1 : 0;
    covered += outcome.is_covered ? 1 : 0;
    z += outcome.z;
    z2 += outcome.z * outcome.z;
    must_change += outcome.must_change ? 1 : 0;
    did_change += outcome.must_change && outcome.verdict == Verdict::kChange ? 1 : 0;
  }
  void Add(const Tally& other) {
    sweeps += other.sweeps;
    loss += other.loss;
    highest += other.highest;
    loads += other.loads;
    most_loads = std::max(most_loads, other.most_loads);
    few += other.few;
    for (const auto& [verdict, count] : other.verdicts) verdicts[verdict] += count;
    decided += other.decided;
    right += other.right;
    intervals += other.intervals;
    covered += other.covered;
    z += other.z;
    z2 += other.z2;
    must_change += other.must_change;
    did_change += other.did_change;
  }
};

double Share(double part, double whole) {
  return whole == 0 ? 0 : 100 * part / whole;
}

void PrintLine(const std::string& name, Tally tally) {
  const double n = tally.sweeps;
  fmt::print(
      "{:<26} {:>5} loss {:5.2f} highest {:5.2f} | loads {:4.1f} max {:3} few {:3} | chg {:3.0f} "
      "keep "
      "{:3.0f} tie {:2.0f} und {:3.0f} no {:2.0f} | true {:5.1f} cover {:5.1f} of {:4} z {:5.2f} "
      "rms {:4.2f} | power {:5.1f} of {}\n",
      name, tally.sweeps, 100 * tally.loss / n, 100 * tally.highest / n, tally.loads / n,
      tally.most_loads, tally.few, Share(tally.verdicts[Verdict::kChange], n),
      Share(tally.verdicts[Verdict::kKeep], n), Share(tally.verdicts[Verdict::kTie], n),
      Share(tally.verdicts[Verdict::kUndecided], n), Share(tally.verdicts[Verdict::kNoAnswer], n),
      Share(tally.right, tally.decided), Share(tally.covered, tally.intervals), tally.intervals,
      tally.z / std::max(1, tally.intervals), std::sqrt(tally.z2 / std::max(1, tally.intervals)),
      Share(tally.did_change, tally.must_change), tally.must_change);
  std::fflush(stdout);
}

void RunAll(int sweeps, std::uint64_t seed, const std::vector<double>& sigmas, bool details) {
  for (const double sigma : sigmas) {
    Tally all;
    std::map<int, Tally> extra;
    for (int machine = 0; machine < 4; ++machine) {
      Tally of_machine;
      for (int surface = 0; surface < 6; ++surface) {
        Tally tally;
        for (int i = 0; i < sweeps; ++i) {
          Setup setup;
          setup.surface = surface;
          setup.machine = static_cast<MachineKind>(machine);
          setup.sigma = sigma;
          tally.Add(Simulate(setup, seed + static_cast<std::uint64_t>(i)));
        }
        if (details) {
          PrintLine(fmt::format("{}% {} {}", 100 * sigma, kMachines[machine], kSurfaces[surface]),
                    tally);
        }
        (surface < 4 ? of_machine : extra[surface]).Add(tally);
      }
      PrintLine(fmt::format("{}% {}: four", 100 * sigma, kMachines[machine]), of_machine);
      all.Add(of_machine);
    }
    PrintLine(fmt::format("{}% all: four", 100 * sigma), all);
    PrintLine(fmt::format("{}% all: ridges", 100 * sigma), extra[4]);
    PrintLine(fmt::format("{}% all: memory edge", 100 * sigma), extra[5]);
  }
}

void RunCollapses(int sweeps, std::uint64_t seed) {
  Tally tally;
  for (int i = 0; i < sweeps; ++i) {
    Setup setup;
    setup.surface = i % 4;
    setup.collapses = true;
    tally.Add(Simulate(setup, seed + static_cast<std::uint64_t>(i)));
  }
  PrintLine("20 times slower from then", tally);
}

}  // namespace
}  // namespace ollama_bench::simulation

int main(int argc, char** argv) {
  CLI::App app("Simulates sweeps and prints what following the answer costs.");
  int sweeps = 100;
  std::uint64_t seed = 1;
  std::vector<double> sigmas{0.005, 0.01, 0.02, 0.05};
  bool details = false;
  app.add_option("--sweeps", sweeps, "Per surface, machine and sigma")->capture_default_str();
  app.add_option("--seed", seed)->capture_default_str();
  app.add_option("--sigma", sigmas, "Of loads and of runs, relative")->delimiter(',');
  bool only_collapses = false;
  app.add_flag("--only-collapses", only_collapses, "Only the machine that becomes 20 times slower");
  app.add_flag("--details", details, "A line for each surface");
  CLI11_PARSE(app, argc, argv);
  if (!only_collapses) ollama_bench::simulation::RunAll(sweeps, seed, sigmas, details);
  ollama_bench::simulation::RunCollapses(sweeps, seed);
  return 0;
}
