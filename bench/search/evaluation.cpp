// Scores the adaptive search against simple strategies on simulated machines and prints tables in
// Markdown. Seeds below 500000 are for reporting, those from 500000 on for developing.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "search/rig.h"
#include "search/score.h"
#include "search/strategies.h"
#include "search/surfaces.h"

namespace ollama_bench {
namespace {

constexpr std::uint64_t kReportSeed = 1;
constexpr std::uint64_t kDevelopSeed = 500000;
constexpr std::size_t kHorizon = 80;

const std::vector<Noise>& Noises() {
  static const std::vector<Noise> noises = {
      {"0.5", 0.005, 0.0, 0.0, 0.0, false},      {"1", 0.01, 0.0, 0.0, 0.0, false},
      {"2", 0.02, 0.0, 0.0, 0.0, false},         {"5", 0.05, 0.0, 0.0, 0.0, false},
      {"drift", 0.02, 0.03, 0.0, 0.0, false},    {"outliers", 0.02, 0.0, 0.02, 0.0, false},
      {"failures", 0.02, 0.0, 0.0, 0.02, false}, {"hops", 0.02, 0.0, 0.0, 0.0, true},
  };
  return noises;
}

struct Options {
  int surfaces = 10;
  bool report = false;
  std::vector<std::string> noises = {"2"};
  std::vector<std::string> strategies = {"search", "random", "coarse", "full"};
  std::vector<int> families;
  std::string export_to;

  [[nodiscard]] std::uint64_t FirstSeed() const { return report ? kReportSeed : kDevelopSeed; }
};

/// The seed of the noise and of the strategy: another one for each surface of each family.
std::uint64_t SeedOf(int family, std::uint64_t surface) {
  return surface * 31 + static_cast<std::uint64_t>(family);
}

bool Has(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

using Run = Trace (*)(Rig& rig, std::uint64_t seed);

struct Contestant {
  std::string key;
  std::string title;
  Run run;
};

const std::vector<Contestant>& Contestants() {
  static const std::vector<Contestant> contestants = {
      {"search", "search", [](Rig& rig, std::uint64_t s) { return RunSearch(rig, kHorizon, s); }},
      {"random", "random", [](Rig& rig, std::uint64_t s) { return RunRandom(rig, kHorizon, s); }},
      {"coarse", "coarse-to-fine",
       [](Rig& rig, std::uint64_t) { return RunCoarseToFine(rig, kHorizon); }},
      {"full", "full grid once (799 measurements)",
       [](Rig& rig, std::uint64_t) { return RunFullGrid(rig); }},
  };
  return contestants;
}

void PrintTable(const std::string& title, const Options& options, const Noise& noise, Run run) {
  fmt::print("\n### {}, noise {}\n\n{}", title, noise.name, Score::Header());
  Score all;
  for (const int family : options.families) {
    Score score;
    for (int i = 0; i < options.surfaces; ++i) {
      const std::uint64_t seed = options.FirstSeed() + static_cast<std::uint64_t>(i);
      const Surface surface = MakeSurface(family, seed);
      Rig rig(surface, noise, SeedOf(family, seed));
      score.Add(run(rig, SeedOf(family, seed)));
    }
    fmt::print("{}", score.Row(std::string(FamilyName(family))));
    std::fflush(stdout);
    all.Add(score);
  }
  fmt::print("{}", all.Row("**all**"));
  fmt::print("{}", all.Calibration());
  if (all.SlowestMs() > 0.0) {
    fmt::print("\nSlowest answer and proposal: {:.0f} ms.\n", all.SlowestMs());
  }
}

/// One surface a line, for strategies in other languages: family, seed, rates (0: does not load).
bool Export(const Options& options) {
  std::ofstream out(options.export_to);
  for (const int family : options.families) {
    for (int i = 0; i < options.surfaces; ++i) {
      const std::uint64_t seed = options.FirstSeed() + static_cast<std::uint64_t>(i);
      out << family << ' ' << seed;
      for (const double rate : MakeSurface(family, seed).rate) out << fmt::format(" {:.9g}", rate);
      out << '\n';
    }
  }
  return out.good();
}

int Main(int argc, char** argv) {
  CLI::App app("Scores the adaptive search on simulated machines");
  Options options;
  std::vector<std::string> names;
  for (const Noise& noise : Noises()) names.push_back(noise.name);
  app.add_option("--surfaces", options.surfaces, "Surfaces per family")->check(CLI::PositiveNumber);
  app.add_flag("--report", options.report, "Seeds for reporting, not those for developing");
  app.add_option("--noise", options.noises, "Per cent, or what comes to 2 %")
      ->check(CLI::IsMember(names))
      ->capture_default_str();
  app.add_option("--strategy", options.strategies, "What is scored")
      ->check(CLI::IsMember({"search", "random", "coarse", "full"}))
      ->capture_default_str();
  app.add_option("--family", options.families, "1 to 9 [all]")->check(CLI::Range(1, kFamilies));
  app.add_option("--export", options.export_to, "Only write the surfaces to this file");
  CLI11_PARSE(app, argc, argv);
  for (int& family : options.families) --family;
  for (int family = 0; app.count("--family") == 0 && family < kFamilies; ++family) {
    options.families.push_back(family);
  }
  if (!options.export_to.empty()) return Export(options) ? 0 : 1;
  fmt::print("{} surfaces per family, 799 cells, {} measurements, seeds from {}\n",
             options.surfaces, kHorizon, options.FirstSeed());
  for (const Noise& noise : Noises()) {
    if (!Has(options.noises, noise.name)) continue;
    for (const Contestant& contestant : Contestants()) {
      if (Has(options.strategies, contestant.key)) {
        PrintTable(contestant.title, options, noise, contestant.run);
      }
    }
  }
  return 0;
}

}  // namespace
}  // namespace ollama_bench

int main(int argc, char** argv) {
  return ollama_bench::Main(argc, argv);
}
