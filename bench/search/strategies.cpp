#include "search/strategies.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "ollama_bench/search/search.h"
#include "search_grid.h"

namespace ollama_bench {
namespace {

double Regret(const Surface& surface, std::size_t cell) {
  return 1.0 - surface.rate[cell] / surface.best;
}

/// Keeps the highest reading, which is the answer of every simple strategy.
class Crowning {
 public:
  explicit Crowning(Rig& rig) : rig_(&rig), visited_(rig.surface().rate.size(), false) {}

  void Measure(std::size_t cell) {
    visited_[cell] = true;
    const auto rate = rig_->Measure(cell);
    if (rate && *rate > highest_) {
      highest_ = *rate;
      crowned_ = cell;
    }
    trace_.regret.push_back(highest_ > 0.0 ? Regret(rig_->surface(), crowned_) : 1.0);
    trace_.seconds.push_back(rig_->seconds());
  }
  [[nodiscard]] bool Visited(std::size_t cell) const { return visited_[cell]; }
  [[nodiscard]] std::size_t crowned() const { return crowned_; }
  [[nodiscard]] const Trace& trace() const { return trace_; }

 private:
  Rig* rig_;
  std::vector<bool> visited_;
  double highest_ = 0.0;
  std::size_t crowned_ = 0;
  Trace trace_;
};

}  // namespace

Trace RunSearch(Rig& rig, std::size_t horizon, std::uint64_t seed) {
  const Surface& surface = rig.surface();
  const SearchGrid grid(surface.grid);
  SearchOptions options;
  options.seed = seed;
  Search search(surface.grid, options);
  Trace trace;
  std::optional<SearchAnswer> answer;
  while (trace.regret.size() < horizon) {
    auto begin = std::chrono::steady_clock::now();
    const Cell cell = *search.Propose();
    std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    const std::size_t index = *grid.Find(cell);
    const double before = rig.seconds();
    const auto rate = rig.Measure(index);
    Measurement measurement{cell, rate, std::nullopt, std::nullopt, rig.seconds() - before};
    if (rate) {
      measurement.cpu_share = surface.cpu_share[index];
    } else {
      measurement.failure = FailureKind::kOutOfMemory;
    }
    begin = std::chrono::steady_clock::now();
    search.Observe(measurement);
    answer = search.Answer();
    took += std::chrono::steady_clock::now() - begin;
    trace.slowest_ms = std::max(trace.slowest_ms, took.count());
    trace.regret.push_back(answer ? Regret(surface, *grid.Find(answer->cell)) : 1.0);
    trace.seconds.push_back(rig.seconds());
    trace.probability.push_back(answer ? answer->probability : 0.0);
    if (answer && answer->certified && !trace.certified_at) {
      trace.certified_at = trace.regret.size();
      trace.certificate_true = trace.regret.back() <= 0.01;
    }
  }
  return trace;
}

Trace RunRandom(Rig& rig, std::size_t horizon, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::size_t> cells(rig.surface().rate.size());
  std::iota(cells.begin(), cells.end(), std::size_t{0});
  Crowning crowning(rig);
  for (std::size_t i = 0; i < horizon; ++i) {
    std::swap(cells[i], cells[i + random.Below(cells.size() - i)]);
    crowning.Measure(cells[i]);
  }
  return crowning.trace();
}

Trace RunCoarseToFine(Rig& rig, std::size_t horizon) {
  const Grid& grid = rig.surface().grid;
  const auto contexts = static_cast<std::ptrdiff_t>(grid.across.values.size());
  const auto batches = static_cast<std::ptrdiff_t>(grid.down.values.size());
  Crowning crowning(rig);
  for (std::ptrdiff_t i = 0; i < 5; ++i) {
    for (std::ptrdiff_t j = 0; j < 4; ++j) {
      crowning.Measure(
          static_cast<std::size_t>(i * (contexts - 1) / 4 * batches + j * (batches - 1) / 3));
    }
  }
  std::ptrdiff_t step_c = contexts / 8;
  std::ptrdiff_t step_b = batches / 6;
  while (crowning.trace().regret.size() < horizon) {
    const auto centre = static_cast<std::ptrdiff_t>(crowning.crowned());
    bool measured = false;
    for (std::ptrdiff_t i = -1; i <= 1; ++i) {
      for (std::ptrdiff_t j = -1; j <= 1; ++j) {
        const std::ptrdiff_t c = centre / batches + i * step_c;
        const std::ptrdiff_t b = centre % batches + j * step_b;
        if (c < 0 || c >= contexts || b < 0 || b >= batches) continue;
        const auto cell = static_cast<std::size_t>(c * batches + b);
        if (crowning.Visited(cell) || crowning.trace().regret.size() == horizon) continue;
        crowning.Measure(cell);
        measured = true;
      }
    }
    const bool finest = step_c == 1 && step_b == 1;
    if (!measured && finest) crowning.Measure(crowning.crowned());
    step_c = std::max<std::ptrdiff_t>(1, step_c / 2);
    step_b = std::max<std::ptrdiff_t>(1, step_b / 2);
  }
  return crowning.trace();
}

Trace RunFullGrid(Rig& rig) {
  Crowning crowning(rig);
  for (std::size_t cell = 0; cell < rig.surface().rate.size(); ++cell) crowning.Measure(cell);
  return crowning.trace();
}

}  // namespace ollama_bench
