// How often the intervals of the scaling law hold the truth, and how often a breakpoint is claimed,
// where the truth is known.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "ollama_bench/analysis/scaling_law.h"

namespace ollama_bench {
namespace {

struct Case {
  const char* name;
  double of_load = 0;  // relative, common to all lengths of a load
  double bend = 0;     // of the slope, from 700 tokens on
};

constexpr double kA = 0.02;
constexpr double kB = 0.001;
constexpr double kC = 2e-8;
constexpr double kPlace = 700;
constexpr int kLengths = 12;
constexpr int kLoads = 3;
constexpr double kOfRun = 0.01;

double TimeOf(double tokens, double bend) {
  return kA + kB * tokens + kC * tokens * tokens + bend * kB * std::max(0.0, tokens - kPlace);
}

std::vector<LoadTime> Measure(const Case& what, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::vector<LoadTime> times;
  for (int load = 1; load <= kLoads; ++load) {
    const double level = std::exp(what.of_load * normal(random));
    for (int i = 0; i < kLengths; ++i) {
      const double tokens = std::round(64 * std::pow(2, 0.55 * i));
      times.push_back(
          {load, tokens, TimeOf(tokens, what.bend) * level * std::exp(kOfRun * normal(random))});
    }
  }
  return times;
}

bool Covers(const Bounded& bounded, double truth) {
  return bounded.low <= truth && truth <= bounded.high;
}

void Print(const Case& what, int sweeps, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  double a = 0;
  double b = 0;
  double c = 0;
  double predicted = 0;
  double claimed = 0;
  double located = 0;
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    const auto law = FitScalingLaw(Measure(what, random));
    a += Covers(law->terms()[0], kA) ? 1 : 0;
    b += Covers(law->terms()[1], kB) ? 1 : 0;
    c += Covers(law->terms()[2], kC) ? 1 : 0;
    predicted += Covers(law->At(1500)->seconds, TimeOf(1500, what.bend)) ? 1 : 0;
    if (!law->breakpoint()) continue;
    ++claimed;
    located += law->breakpoint()->low <= kPlace && kPlace <= law->breakpoint()->high ? 1 : 0;
  }
  const double all = sweeps;
  fmt::print("{:<34} {:>6.1f}% {:>6.1f}% {:>6.1f}% {:>9.1f}% {:>8.1f}% {:>8.1f}%\n", what.name,
             100 * a / all, 100 * b / all, 100 * c / all, 100 * predicted / all,
             100 * claimed / all, claimed > 0 ? 100 * located / claimed : 0.0);
}

}  // namespace
}  // namespace ollama_bench

int main(int argc, char** argv) {
  using namespace ollama_bench;
  CLI::App app("Coverage of the scaling law, and of its breakpoint");
  int sweeps = 1000;
  std::uint64_t seed = 1;
  app.add_option("--sweeps", sweeps);
  app.add_option("--seed", seed);
  CLI11_PARSE(app, argc, argv);
  fmt::print("{} lengths, {} loads, {} % a run\n", kLengths, kLoads, 100 * kOfRun);
  fmt::print("{:<34} {:>7} {:>7} {:>7} {:>10} {:>9} {:>9}\n", "intervals that hold the truth", "a",
             "b", "c", "at 1500", "claimed", "located");
  for (const Case& what :
       {Case{"no breakpoint", 0, 0}, Case{"  2 % common to a load", 0.02, 0},
        Case{"slope + 50 % from 700 on", 0, 0.5}, Case{"  2 % common to a load", 0.02, 0.5},
        Case{"slope - 50 % from 700 on", 0, -0.5}}) {
    Print(what, sweeps, seed);
  }
  return 0;
}
