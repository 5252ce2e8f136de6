#include "simulated_machine.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/search/block_race.h"

namespace ollama_bench::simulation {
namespace {

constexpr double kLoadSeconds = 2;
constexpr double kRunSeconds = 1;

double Uniform(Engine& engine, double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(engine);
}
double LogUniform(Engine& engine, double low, double high) {
  return std::exp(Uniform(engine, std::log(low), std::log(high)));
}
double Normal(Engine& engine, double deviation) {
  return std::normal_distribution<double>(0, deviation)(engine);
}

// A threshold between the 10 % and the 90 % quantile.
double Threshold(std::vector<double> values, Engine& engine) {
  std::sort(values.begin(), values.end());
  const double place = Uniform(engine, 0.1, 0.9) * static_cast<double>(values.size() - 1);
  return values[static_cast<std::size_t>(place)];
}

// One surface's parameters, named as in MEASUREMENT section 3.
class Maker {
 public:
  Maker(Surface& surface, Engine& engine) : surface_(surface), engine_(engine) {
    rate_ = Uniform(engine, 60, 900);
    half_batch_ = Uniform(engine, 40, 400);
    context_length_ = LogUniform(engine, 1e5, 8e5);
    const double widest = surface.grid.across.values.back();
    const double largest = surface.grid.down.values.back();
    const double context_need = Uniform(engine, 0.3, 1);
    const double batch_need = Uniform(engine, 0.1, 1);
    const double both_need = Uniform(engine, 0, 0.5);
    for (const Cell& cell : surface.cells) {
      const double c = cell[Parameter::kNumCtx] / widest;
      const double b = cell[Parameter::kNumBatch] / largest;
      needs_.push_back(context_need * c + batch_need * b + both_need * c * b);
    }
    limit_ = Threshold(needs_, engine);
  }

  void TwoPlateaus() {
    const bool is_high_below = Uniform(engine_, 0, 1) < 0.5;
    const double tilt_c = Uniform(engine_, -0.01, 0.01);
    const double tilt_b = Uniform(engine_, -0.01, 0.01);
    ForEach([&](const Cell& cell, double need) {
      const double c =
          static_cast<double>(cell[Parameter::kNumCtx]) / surface_.grid.across.values.back();
      const double b =
          static_cast<double>(cell[Parameter::kNumBatch]) / surface_.grid.down.values.back();
      return ((need <= limit_) == is_high_below ? 121 : 84) * (1 + tilt_c * c + tilt_b * b);
    });
  }
  void Smooth() {
    ForEach([&](const Cell& cell, double) { return SmoothRate(cell); });
  }
  void OffloadStairs() {
    constexpr double kLayers = 32;
    const double slowdown = LogUniform(engine_, 4, 30);
    const double stair = Uniform(engine_, 0.01, 0.1);
    ForEach([&](const Cell& cell, double need) {
      const double off = std::clamp(std::ceil((need - limit_) / stair), 0.0, kLayers);
      const double share = off / kLayers;
      const double b = cell[Parameter::kNumBatch];
      return rate_ * b / (b + half_batch_) * (off > 0 ? 0.85 : 1) /
             ((1 - share) + slowdown * share);
    });
  }
  void Ridges() {
    const double of_512 = Uniform(engine_, 1.01, 1.06);
    const double of_256 = Uniform(engine_, 1.01, 1.06);
    const double of_8192 = Uniform(engine_, 1.01, 1.06);
    ForEach([&](const Cell& cell, double) {
      return SmoothRate(cell) * (cell[Parameter::kNumBatch] % 512 == 0 ? of_512 : 1) *
             (cell[Parameter::kNumBatch] % 256 == 0 ? of_256 : 1) *
             (cell[Parameter::kNumCtx] % 8192 == 0 ? of_8192 : 1);
    });
  }
  void KernelSwitch() {
    const Axis& axis = surface_.grid.down;
    const int from = axis.values[1 + engine_() % (axis.values.size() - 1)];
    double factor = Uniform(engine_, 0.3, 0.8);
    if (Uniform(engine_, 0, 1) < 0.5) factor = 1 / factor;
    ForEach([&](const Cell& cell, double) {
      return SmoothRate(cell) * (cell[Parameter::kNumBatch] >= from ? factor : 1);
    });
  }
  // Nothing but differences that no one can feel: half a per cent at most.
  void Flat() {
    ForEach([&](const Cell&, double) { return rate_ * (1 + Uniform(engine_, -0.0025, 0.0025)); });
  }

 private:
  [[nodiscard]] double SmoothRate(const Cell& cell) const {
    const double b = cell[Parameter::kNumBatch];
    return rate_ * b / (b + half_batch_) / (1 + cell[Parameter::kNumCtx] / context_length_);
  }
  template <class RateOf>
  void ForEach(const RateOf& rate_of) {
    for (std::size_t i = 0; i < surface_.cells.size(); ++i) {
      surface_.log_rates.push_back(std::log(rate_of(surface_.cells[i], needs_[i])));
    }
  }

  Surface& surface_;
  Engine& engine_;
  double rate_ = 0;
  double half_batch_ = 0;
  double context_length_ = 0;
  std::vector<double> needs_;
  double limit_ = 0;
};

}  // namespace

Grid SixBySix() {
  Grid grid;
  grid.across.values = {4096, 8192, 12288, 16384, 24576, 32768};
  grid.down.values = {128, 256, 512, 768, 1024, 2048};
  return grid;
}

Surface RandomSurface(Family family, const Grid& grid, Engine& engine) {
  Surface surface{grid, {}, {}};
  for (const int num_ctx : grid.across.values) {
    for (const int num_batch : grid.down.values) surface.cells.push_back({num_ctx, num_batch});
  }
  Maker maker(surface, engine);
  switch (family) {
    case Family::kTwoPlateaus:
      maker.TwoPlateaus();
      break;
    case Family::kSmooth:
      maker.Smooth();
      break;
    case Family::kOffloadStairs:
      maker.OffloadStairs();
      break;
    case Family::kRidges:
      maker.Ridges();
      break;
    case Family::kKernelSwitch:
      maker.KernelSwitch();
      break;
    case Family::kFlat:
      maker.Flat();
      break;
  }
  return surface;
}

Machine::Machine(const Disturbance& disturbance, double expected_seconds, Engine& engine)
    : disturbance_(disturbance), engine_(engine) {
  drift_per_s_ = Uniform(engine, -1, 1) * disturbance.drift / expected_seconds;
  if (disturbance.outliers) outlier_share_ = Uniform(engine, 0.01, 0.03);
  is_slow_ = disturbance.hops && Uniform(engine, 0, 1) < 0.5;
  next_hop_s_ = 1e300;
  if (disturbance.hops) next_hop_s_ = Uniform(engine, 0, 60);
  if (disturbance.spells) next_hop_s_ = Uniform(engine, 0, 200);
}

double Machine::Mood() const {
  const double slow = disturbance_.spells ? 0.8 : 0.91;
  return drift_per_s_ * now_s_ + (is_slow_ ? std::log(slow) : 0);
}

double Machine::HowLongItStays() {
  if (disturbance_.hops) return Uniform(engine_, 5, 60);
  return is_slow_ ? Uniform(engine_, 3, 15) : Uniform(engine_, 30, 200);
}

void Machine::Pass(double seconds) {
  for (const double end = now_s_ + seconds; now_s_ < end;) {
    const double step = std::min(end, next_hop_s_) - now_s_;
    mood_integral_ += step * (Mood() + drift_per_s_ * step / 2);
    now_s_ += step;
    if (now_s_ >= next_hop_s_) {
      is_slow_ = !is_slow_;
      next_hop_s_ += HowLongItStays();
    }
  }
}

void Machine::Load(CellResult& result, double log_rate, int runs, SampleRole role) {
  Pass(kLoadSeconds);
  const double of_load = log_rate + Normal(engine_, disturbance_.load_deviation);
  ++loads_;
  for (int i = 0; i < runs; ++i) {
    double log_value = of_load + Mood() + Normal(engine_, disturbance_.run_deviation);
    if (Uniform(engine_, 0, 1) < outlier_share_) log_value += std::log(Uniform(engine_, 0.6, 0.9));
    Sample sample;
    sample.load_id = loads_;
    sample.role = role;
    sample.metrics.printed_prompt_eval_rate = std::exp(log_value);
    const auto since_start = std::chrono::milliseconds(std::llround(now_s_ * 1000));
    sample.started = FormatTimestamp(std::chrono::system_clock::time_point(since_start));
    result.samples.push_back(std::move(sample));
    Pass(kRunSeconds);
  }
}

double Machine::MeanOffset() const {
  // The mean of log u for u between 0.6 and 0.9: (u log u - u) over the range.
  const double outlier = ((0.9 * std::log(0.9) - 0.9) - (0.6 * std::log(0.6) - 0.6)) / 0.3;
  return mood_integral_ / now_s_ + outlier_share_ * outlier;
}

namespace {

/// A sweep while it is made.
class Sweeper {
 public:
  Sweeper(const Surface& surface, Machine& machine, int runs)
      : surface_(surface), machine_(machine), runs_(runs) {
    for (const Cell& cell : surface.cells) {
      places_[cell] = results.size();
      results.emplace_back().cell = cell;
    }
  }

  void ShuffledPasses(int passes, Engine& engine) {
    std::vector<Cell> cells = surface_.cells;
    for (int pass = 0; pass < passes; ++pass) {
      std::shuffle(cells.begin(), cells.end(), engine);
      for (const Cell& cell : cells) Load(cell, SampleRole::kMeasure);
    }
  }

  void Follow(BlockRace& race) {
    while (const auto visit = race.Next()) race.Report(Load(visit->cell, visit->role));
  }

  std::vector<CellResult> results;

 private:
  const CellResult& Load(const Cell& cell, SampleRole role) {
    const std::size_t place = places_.at(cell);
    machine_.Load(results[place], surface_.log_rates[place], runs_, role);
    return results[place];
  }

  const Surface& surface_;
  Machine& machine_;
  int runs_;
  std::map<Cell, std::size_t> places_;
};

}  // namespace

SimulatedSweep Sweep(const Surface& surface, const Disturbance& disturbance,
                     const Procedure& procedure, Engine& engine) {
  RaceOptions options;
  options.repetitions = procedure.runs;
  options.planned = {{surface.grid.across, surface.grid.down}};
  options.extra = UsualExtra(surface.cells.size());
  BlockRace race(surface.cells, {}, options);
  const std::size_t visits = procedure.passes > 0
                                 ? surface.cells.size() * static_cast<std::size_t>(procedure.passes)
                                 : race.Remaining();
  const double seconds_per_visit = kLoadSeconds + kRunSeconds * procedure.runs;
  Machine machine(disturbance, static_cast<double>(visits) * seconds_per_visit, engine);
  Sweeper sweeper(surface, machine, procedure.runs);
  if (procedure.passes > 0) {
    sweeper.ShuffledPasses(procedure.passes, engine);
  } else {
    sweeper.Follow(race);
  }
  return {std::move(sweeper.results), machine.MeanOffset()};
}

}  // namespace ollama_bench::simulation
