// What one more measurement costs the search: belief, proposal and answer.
#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "ollama_bench/core/random.h"
#include "ollama_bench/search/search.h"

namespace ollama_bench {
namespace {

Grid GridOf(int contexts, int batches) {
  Grid grid;
  for (int i = 1; i <= contexts; ++i) grid.across.values.push_back(2048 * i);
  for (int i = 1; i <= batches; ++i) grid.down.values.push_back(128 * i);
  return grid;
}

Measurement Measure(const Cell& cell, Random& random) {
  Measurement measurement;
  measurement.cell = cell;
  measurement.rate = 500.0 * cell[Parameter::kNumBatch] / (cell[Parameter::kNumBatch] + 150.0) /
                     (1.0 + cell[Parameter::kNumCtx] / 3e5) * std::exp(0.02 * random.Normal());
  return measurement;
}

/// After `measurements` that the search itself chose.
void BM_ProposeAndAnswer(benchmark::State& state) {
  const Grid grid = GridOf(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  Random random(1);
  Search search(grid, {});
  for (int i = 0; i < state.range(2); ++i) search.Observe(Measure(*search.Propose(), random));
  benchmark::DoNotOptimize(search.Answer());
  for (auto _ : state) {
    state.PauseTiming();
    const Cell cell = *search.Propose();
    state.ResumeTiming();
    search.Observe(Measure(cell, random));
    benchmark::DoNotOptimize(search.Answer());
    benchmark::DoNotOptimize(search.Propose());
  }
}
BENCHMARK(BM_ProposeAndAnswer)
    ->Args({47, 17, 40})
    ->Args({47, 17, 200})
    ->Args({200, 64, 40})
    ->ArgNames({"ctx", "batch", "measurements"})
    ->Iterations(10)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ollama_bench
