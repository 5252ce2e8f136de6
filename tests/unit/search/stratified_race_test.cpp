#include "ollama_bench/search/block_race.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <optional>
#include <random>
#include <string>

#include "ollama_bench/core/stratum.h"
#include "ollama_bench/plan/plan_cells.h"
#include "support/measured_visits.h"

namespace ollama_bench {
namespace {

// Whatever else is measured, the n-th load of a cell brings the same, and each stratum has a clock
// of its own: so a race sees the same alone and among others.
class Rig {
 public:
  explicit Rig(double noise, double failures = 0) : noise_(noise), failures_(failures) {}

  const CellResult& Make(const Visit& visit) {
    const CellResult* known = measured_.Find(visit.cell);
    const std::size_t number = known == nullptr ? 0 : known->visits.size();
    const std::string id = NameOf(visit.cell) + "-" + std::to_string(number);
    std::mt19937 random(static_cast<unsigned>(std::hash<std::string>()(id)));
    std::optional<double> rate;
    if (!std::bernoulli_distribution(failures_)(random)) {
      rate = (300 + visit.cell[Parameter::kNumThread]) *
             std::exp(std::normal_distribution<double>(0, noise_)(random));
    }
    return measured_.Add(visit, id, ++clock_[StratumOf(visit.cell)], "A", rate);
  }

  [[nodiscard]] const std::vector<Visit>& visits() const { return measured_.visits(); }
  [[nodiscard]] std::vector<CellResult> Results() const { return measured_.Results(); }

 private:
  double noise_;
  double failures_;
  MeasuredVisits measured_;
  std::map<Cell, std::size_t> clock_;
};

template <class Race>
void Play(Race& race, Rig& rig) {
  for (int i = 0; i < 1000; ++i) {
    const bool is_over = race.IsOver();
    const auto visit = race.Next();
    ASSERT_EQ(!visit, is_over);
    if (!visit) return;
    race.Report(rig.Make(*visit));
  }
  FAIL() << "the race does not end";
}

Space ThreadsAndPrompts() {
  return {
      {{Parameter::kNumThread, {1, 2, 4, 8, 16}}, {Parameter::kPromptTokens, {256, 512, 1024}}}};
}

RaceOptions Options(const Space& space, std::size_t extra) {
  RaceOptions options;
  options.planned = space;
  options.extra = extra;
  options.current = Cell().With(Parameter::kNumThread, 4);
  return options;
}

std::vector<std::string> NamesOf(const std::vector<Visit>& visits, const Cell& stratum) {
  std::vector<std::string> names;
  for (const Visit& visit : visits) {
    if (StratumOf(visit.cell) != stratum) continue;
    names.push_back(NameOf(visit.cell) + " " + std::to_string(static_cast<int>(visit.role)) + " " +
                    std::to_string(visit.samples.value_or(0)));
  }
  return names;
}

TEST(StratifiedRaceTest, EachStratumIsRacedAsIfItWereAlone) {
  const Space space = ThreadsAndPrompts();
  for (const double failures : {0.0, 0.1}) {
    Rig together(0.02, failures);
    const std::vector<Cell> cells = PlanCells(space, false);
    const std::size_t strata = StrataOf(space).size();
    StratifiedRace race(cells, {}, Options(space, 9 * strata));
    Play(race, together);
    for (const Cell& stratum : StrataOf(space)) {
      RaceOptions options = Options(InStratum(space, stratum), 9);
      options.current = WithStratum(*options.current, stratum);
      std::vector<Cell> own = cells;
      std::erase_if(own, [&](const Cell& cell) { return StratumOf(cell) != stratum; });
      Rig alone(0.02, failures);
      BlockRace one(own, {}, options);
      Play(one, alone);
      EXPECT_EQ(NamesOf(together.visits(), stratum), NamesOf(alone.visits(), stratum))
          << NameOf(stratum);
    }
  }
}

TEST(StratifiedRaceTest, InThePassTheCellsOfOneSettingFollowOneAnother) {
  const Space space = ThreadsAndPrompts();
  const std::size_t strata = StrataOf(space).size();
  Rig rig(0.001);
  StratifiedRace race(PlanCells(space, false), {}, Options(space, 0));
  EXPECT_EQ(race.PassLength(), space.CellCount());
  Play(race, rig);
  ASSERT_EQ(rig.visits().size() % strata, 0U);
  for (std::size_t i = 0; i < rig.visits().size(); ++i) {
    EXPECT_EQ(SettingOf(rig.visits()[i].cell), SettingOf(rig.visits()[i - i % strata].cell)) << i;
  }
}

TEST(StratifiedRaceTest, WithOneStratumIsThatRace) {
  const Space space{{{Parameter::kNumThread, {1, 2, 4, 8, 16}}}};
  const std::vector<Cell> cells = PlanCells(space, false);
  Rig of_strata(0.02);
  Rig of_blocks(0.02);
  StratifiedRace strata(cells, {}, Options(space, 20));
  BlockRace blocks(cells, {}, Options(space, 20));
  EXPECT_EQ(strata.Remaining(), blocks.Remaining());
  EXPECT_EQ(strata.PassLength(), blocks.PassLength());
  EXPECT_EQ(strata.MeasuresCurrentFirst(), blocks.MeasuresCurrentFirst());
  Play(strata, of_strata);
  Play(blocks, of_blocks);
  EXPECT_EQ(NamesOf(of_strata.visits(), Cell()), NamesOf(of_blocks.visits(), Cell()));
}

TEST(StratifiedRaceTest, LearnsFromEarlierStartsAndMeasuresTheRest) {
  const Space space = ThreadsAndPrompts();
  Rig rig(0.001);
  std::vector<Cell> cells = PlanCells(space, false);
  const std::vector<Cell> before(cells.begin(), cells.begin() + 7);
  for (const Cell& cell : before) rig.Make({cell, SampleRole::kMeasure, std::nullopt});
  const std::vector<Cell> pending(cells.begin() + 7, cells.end());
  StratifiedRace race(pending, rig.Results(), Options(space, 0));
  EXPECT_EQ(race.PassLength(), pending.size());
  Play(race, rig);
  std::map<Cell, int> measured;
  for (const Visit& visit : rig.visits()) {
    if (visit.role == SampleRole::kMeasure) ++measured[visit.cell];
  }
  for (const Cell& cell : cells) EXPECT_EQ(measured[cell], 1) << NameOf(cell);
}

}  // namespace
}  // namespace ollama_bench
