// How often a comparison of two values of one parameter in one sweep calls a change, where the
// truth is known: simulated sweeps of num_thread 4 and 8, compared as the program compares real
// ones.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "ollama_bench/analysis/comparison.h"
#include "ollama_bench/search/block_race.h"
#include "simulated_machine.h"

namespace ollama_bench::simulation {
namespace {

enum class Order { kInTurns, kSeparate, kAsRun };

struct Case {
  std::string name;
  int pairs = 6;
  int loads = 3;
  Order order = Order::kInTurns;
  Disturbance disturbance{0.01, 0, 0, false, false};
  double drift = 0;  // over the sweep, linear
};

constexpr ValuePair kThreads{Parameter::kNumThread, 4, 8};

Grid GridOf(int pairs) {
  Grid grid;
  grid.down.values = {128};
  for (int i = 0; i < pairs; ++i) grid.across.values.push_back(2048 * (i + 1));
  return grid;
}

/// A sweep while it is made.
class ValueSweep {
 public:
  ValueSweep(const Case& what, double change, Engine& engine)
      : case_(what), engine_(engine), machine_(what.disturbance, 1, engine) {
    for (const int threads : {4, 8}) {
      for (const int num_ctx : GridOf(what.pairs).across.values) {
        CellResult& result = results_.emplace_back();
        result.cell = Cell(num_ctx, 128).With(Parameter::kNumThread, threads);
        const double of_cell = num_ctx / 65536.0;
        rates_.push_back(std::log(300.0) - of_cell + (threads == 8 ? std::log1p(change) : 0));
      }
    }
  }

  std::vector<CellResult> Make() {
    if (case_.order == Order::kAsRun) {
      AsRun();
    } else {
      for (const std::size_t place : Visits()) {
        Load(place, SampleRole::kMeasure, case_.pairs * 2 * case_.loads);
      }
    }
    return std::move(results_);
  }

 private:
  // A round for each load; in turns, both values of a cell follow each other in random order.
  std::vector<std::size_t> Visits() {
    std::vector<std::size_t> visits;
    const auto pairs = static_cast<std::size_t>(case_.pairs);
    if (case_.order == Order::kSeparate) {
      for (std::size_t i = 0; i < 2 * pairs * static_cast<std::size_t>(case_.loads); ++i) {
        const std::size_t half = i / (pairs * static_cast<std::size_t>(case_.loads));
        visits.push_back(half * pairs + i % pairs);
      }
      return visits;
    }
    for (int round = 0; round < case_.loads; ++round) {
      for (std::size_t i = 0; i < pairs; ++i) {
        const std::size_t first = engine_() % 2;
        visits.push_back(i + first * pairs);
        visits.push_back(i + (1 - first) * pairs);
      }
    }
    return visits;
  }

  void AsRun() {
    RaceOptions options;
    options.repetitions = 1;
    const Grid grid = GridOf(case_.pairs);
    options.planned = {{grid.across, grid.down, Axis{Parameter::kNumThread, {4, 8}}}};
    options.extra = UsualExtra(results_.size());
    std::vector<Cell> cells;
    for (const CellResult& result : results_) cells.push_back(result.cell);
    options.current = cells.front();
    BlockRace race(cells, {}, options);
    const int expected = static_cast<int>(race.Remaining() + options.extra);
    while (const auto visit = race.Next()) {
      const auto found =
          std::find_if(results_.begin(), results_.end(),
                       [&](const CellResult& result) { return result.cell == visit->cell; });
      const auto place = static_cast<std::size_t>(found - results_.begin());
      Load(place, visit->role, expected);
      race.Report(results_[place]);
    }
  }

  void Load(std::size_t place, SampleRole role, int expected) {
    const double drift = case_.drift * loads_++ / expected;
    machine_.Load(results_[place], rates_[place] + drift, 1, role);
  }

  const Case& case_;
  Engine& engine_;
  Machine machine_;
  std::vector<CellResult> results_;
  std::vector<double> rates_;
  int loads_ = 0;
};

void Line(const Case& what, double change, int sweeps, Engine& engine) {
  int any = 0;
  int overall = 0;
  int cell = 0;
  int covered = 0;
  int in_turns = 0;
  double width = 0;
  for (int i = 0; i < sweeps; ++i) {
    const std::vector<CellResult> results = ValueSweep(what, change, engine).Make();
    const SweepComparison comparison =
        CompareValues(results, kThreads, Metric::kPromptEvalRate, {});
    const bool any_cell = std::any_of(comparison.cells.begin(), comparison.cells.end(),
                                      [](const CellChange& one) { return one.change.is_called; });
    overall += comparison.overall->is_called ? 1 : 0;
    cell += any_cell ? 1 : 0;
    any += any_cell || comparison.overall->is_called ? 1 : 0;
    const Interval interval = comparison.overall->log.LogInterval(comparison.OverallLevel());
    covered += interval.low <= std::log1p(change) && std::log1p(change) <= interval.high ? 1 : 0;
    width += interval.high - interval.low;
    in_turns += comparison.by->order == VisitOrder::kInTurns ? 1 : 0;
  }
  const auto share = [sweeps](double count) { return 100 * count / sweeps; };
  fmt::print("{:<46} {:>5.1f}% {:>6} {:>6.1f}% {:>6.1f}% {:>6.1f}% {:>8.1f}% {:>7.2f}% {:>7.0f}%\n",
             what.name, 100 * change, sweeps, share(any), share(overall), share(cell),
             share(covered), share(width), share(in_turns));
  std::fflush(stdout);
}

std::vector<Case> Cases() {
  const Disturbance quiet{0.01, 0, 0, false, false};
  const Disturbance hops{0.01, 0, 0, false, true};
  return {{"6 pairs x 3 loads in turns", 6, 3, Order::kInTurns, quiet, 0},
          {"  drift 3 %", 6, 3, Order::kInTurns, quiet, 0.03},
          {"  hops", 6, 3, Order::kInTurns, hops, 0},
          {"6 pairs x 3 loads, one value after the other", 6, 3, Order::kSeparate, quiet, 0},
          {"  drift 3 %", 6, 3, Order::kSeparate, quiet, 0.03},
          {"1 pair x 3 loads in turns", 1, 3, Order::kInTurns, quiet, 0},
          {"  drift 3 %", 1, 3, Order::kInTurns, quiet, 0.03},
          {"1 pair x 3 loads, one value after the other", 1, 3, Order::kSeparate, quiet, 0},
          {"20 pairs x 3 loads in turns, drift 3 %", 20, 3, Order::kInTurns, quiet, 0.03},
          {"20 pairs x 1 load in turns, drift 3 %", 20, 1, Order::kInTurns, quiet, 0.03},
          {"8 pairs as run visits them", 8, 1, Order::kAsRun, quiet, 0},
          {"  drift 3 %", 8, 1, Order::kAsRun, quiet, 0.03}};
}

}  // namespace
}  // namespace ollama_bench::simulation

int main(int argc, char** argv) {
  using namespace ollama_bench::simulation;
  CLI::App app("Simulates sweeps of two values and prints how often a change is called.");
  int sweeps = 400;
  unsigned seed = 1;
  int only = -1;
  app.add_option("--sweeps", sweeps, "Sweeps per line")->capture_default_str();
  app.add_option("--seed", seed)->capture_default_str();
  app.add_option("--only", only, "This line alone, from 0")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  fmt::print(
      "noise between loads 1 %, seed {}\n{:<46} {:>6} {:>6} {:>7} {:>7} {:>7} {:>9} {:>8} "
      "{:>8}\n",
      seed, "", "truth", "sweeps", "any", "overall", "cell", "covered", "width", "turns");
  const std::vector<Case> cases = Cases();
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (only >= 0 && i != static_cast<std::size_t>(only)) continue;
    Engine engine(seed + i);
    for (const double change : {0.0, 0.05}) Line(cases[i], change, sweeps, engine);
  }
  return 0;
}
