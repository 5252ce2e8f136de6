// Scores the adaptive search against simple strategies on simulated machines: `search_evaluation
// --help`. Prints a table in Markdown.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "ollama_bench/search/search.h"
#include "search/rig.h"
#include "search/surfaces.h"

using namespace ollama_bench;

namespace {

std::size_t IndexOf(const Grid& grid, Cell cell) {
  const auto at = [](const Axis& axis, int value) {
    return static_cast<std::size_t>(std::find(axis.values.begin(), axis.values.end(), value) -
                                    axis.values.begin());
  };
  return at(grid.num_ctx, cell.num_ctx) * grid.num_batch.values.size() +
         at(grid.num_batch, cell.num_batch);
}

struct Trace {
  std::vector<std::size_t> answer;
  std::vector<double> regret;  ///< after each measurement, of the answer
  std::optional<std::size_t> certified_at;
  bool certificate_true = false;
  double slowest_ms = 0.0;
};

double Regret(const Surface& surface, std::size_t cell) {
  return 1.0 - surface.rate[cell] / surface.best;
}

Trace RunSearch(const Surface& surface, const Noise& noise, std::size_t horizon,
                std::uint64_t seed) {
  Rig rig(surface, noise, seed);
  SearchOptions options;
  options.seed = seed;
  Search search(surface.grid, options);
  Trace trace;
  for (std::size_t n = 0; n < horizon; ++n) {
    const auto begin = std::chrono::steady_clock::now();
    const Cell cell = *search.Propose();
    const std::size_t index = IndexOf(surface.grid, cell);
    const auto rate = rig.Measure(index);
    Measurement measurement{cell, rate, std::nullopt, std::nullopt, std::nullopt};
    if (!rate) measurement.failure = FailureKind::kOutOfMemory;
    if (rate) measurement.cpu_share = surface.cpu_share[index];
    search.Observe(measurement);
    const auto now = search.Answer();
    const double regret = now ? Regret(surface, IndexOf(surface.grid, now->cell)) : 1.0;
    if (now && now->certified && !trace.certified_at) {
      trace.certified_at = n + 1;
      trace.certificate_true = regret <= 0.01;
    }
    trace.answer.push_back(now ? IndexOf(surface.grid, now->cell) : 0);
    trace.regret.push_back(regret);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    trace.slowest_ms = std::max(trace.slowest_ms, took.count());
  }
  return trace;
}

std::size_t StaysFrom(const Trace& trace) {
  std::size_t n = trace.regret.size();
  while (n > 0 && trace.regret[n - 1] <= 0.01) --n;
  return n + 1;
}

double WilsonLower(double hits, double n) {
  if (n == 0) return 0.0;
  const double z = 1.96;
  const double p = hits / n;
  return (p + z * z / (2 * n) - z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n))) /
         (1 + z * z / n);
}

double Quantile(std::vector<double> v, double q) {
  std::sort(v.begin(), v.end());
  return v[static_cast<std::size_t>(std::ceil(q * static_cast<double>(v.size())) - 1)];
}

struct Score {
  std::vector<double> stays, at20, at40, at80;
  double given = 0, correct = 0, count = 0, slowest = 0;
  void Add(const Trace& t) {
    stays.push_back(static_cast<double>(StaysFrom(t)));
    at20.push_back(t.regret[19]);
    at40.push_back(t.regret[39]);
    at80.push_back(t.regret.back());
    count += 1;
    if (t.certified_at) {
      given += 1;
      correct += t.certificate_true;
    }
    slowest = std::max(slowest, t.slowest_ms);
  }
  void Add(const Score& s) {
    stays.insert(stays.end(), s.stays.begin(), s.stays.end());
    at20.insert(at20.end(), s.at20.begin(), s.at20.end());
    at40.insert(at40.end(), s.at40.begin(), s.at40.end());
    at80.insert(at80.end(), s.at80.begin(), s.at80.end());
    given += s.given;
    correct += s.correct;
    count += s.count;
    slowest = std::max(slowest, s.slowest);
  }
};
double Mean(const std::vector<double>& v) {
  return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
}
void Row(std::string_view name, const Score& s) {
  fmt::print(
      "| {:18} | {:3.0f} | {:3.0f} | {:5.2f} | {:5.2f} | {:5.2f} | {:3.0f} % | {:3.0f}/{:3.0f} | "
      "{:4.1f} |\n",
      name, Quantile(s.stays, 0.5), Quantile(s.stays, 0.95), 100 * Mean(s.at20), 100 * Mean(s.at40),
      100 * Mean(s.at80), 100 * s.given / s.count, s.correct, s.given,
      100 * WilsonLower(s.correct, s.given));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Scores the adaptive search on simulated machines"};
  int surfaces = 10;
  std::size_t horizon = 80;
  double sigma = 0.02;
  std::uint64_t base = 500000;
  int only = 0;
  app.add_option("--surfaces", surfaces);
  app.add_option("--sigma", sigma);
  app.add_option("--family", only);
  CLI11_PARSE(app, argc, argv);
  Noise noise;
  noise.sigma = sigma;
  Score all;
  for (int family = 0; family < kFamilies; ++family) {
    if (only && family != only - 1) continue;
    Score score;
    for (int i = 0; i < surfaces; ++i) {
      const std::uint64_t seed = base + static_cast<std::uint64_t>(i);
      const Surface surface = MakeSurface(family, seed);
      const Trace trace =
          RunSearch(surface, noise, horizon, seed * 31 + static_cast<std::uint64_t>(family));
      score.Add(trace);
      if (std::getenv("FAILS") &&
          (StaysFrom(trace) > 45 || (trace.certified_at && !trace.certificate_true))) {
        const auto best =
            std::max_element(surface.rate.begin(), surface.rate.end()) - surface.rate.begin();
        const auto ok = std::count_if(surface.rate.begin(), surface.rate.end(),
                                      [&](double r) { return r >= 0.99 * surface.best; });
        fmt::print("  F{} i={} stays {} best {},{} ok {} last:", family + 1, i, StaysFrom(trace),
                   best / 17, best % 17, ok);
        for (std::size_t n = 9; n < 80; n += 10)
          fmt::print(" ({},{} {:.1f})", trace.answer[n] / 17, trace.answer[n] % 17,
                     100 * trace.regret[n]);
        fmt::print(" cert {} {}\n", trace.certified_at.value_or(0), trace.certificate_true);
      }
    }
    Row(FamilyName(family), score);
    all.Add(score);
  }
  Row("all", all);
  fmt::print("slowest proposal and answer: {:.1f} ms\n", all.slowest);
}
