#include "ollama_bench/search/block_race.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>

#include "ollama_bench/analysis/load_units.h"
#include "ollama_bench/analysis/sweep_answer.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/plan/plan_cells.h"
#include "support/failed_visit.h"
#include "support/measured_visits.h"
#include "support/sample_tables.h"

namespace ollama_bench {
namespace {

using enum SampleRole;

/// A machine that a race measures, and the results file it fills.
class Rig {
 public:
  explicit Rig(std::function<double(const Cell&)> rate, double noise = 0.002)
      : rate_(std::move(rate)), engine_(1), noise_(0, noise) {}

  /// A visit for which this holds fails.
  std::function<bool(const Visit&)> fails = [](const Visit&) { return false; };
  /// Of a load against the cell's rate.
  std::function<double(const Visit&)> slowness = [](const Visit&) { return 1.0; };
  /// The start of the program that makes the visits.
  std::string start = "A";

  const CellResult& Make(const Visit& visit) {
    const auto number = visits().size() + 1;
    std::optional<double> rate;
    if (!fails(visit)) rate = rate_(visit.cell) * slowness(visit) * std::exp(noise_(engine_));
    return measured_.Add(visit, std::to_string(1000 + number), number, start, rate);
  }

  [[nodiscard]] const std::vector<Visit>& visits() const { return measured_.visits(); }
  [[nodiscard]] std::vector<CellResult> Results() const { return measured_.Results(); }
  /// Of the cells those without a sample.
  [[nodiscard]] std::vector<Cell> Pending(std::vector<Cell> cells) const {
    std::erase_if(cells, [this](const Cell& cell) {
      const CellResult* found = measured_.Find(cell);
      return found != nullptr && StatusOf(*found) != CellStatus::kUntested;
    });
    return cells;
  }
  [[nodiscard]] std::vector<Cell> Visited(SampleRole role) const {
    std::vector<Cell> cells;
    for (const Visit& visit : visits()) {
      if (visit.role == role) cells.push_back(visit.cell);
    }
    return cells;
  }

 private:
  std::function<double(const Cell&)> rate_;
  std::mt19937 engine_;
  std::normal_distribution<double> noise_;
  MeasuredVisits measured_;
};

/// Visits at most `most` cells; returns whether the race is over.
bool Play(BlockRace& race, Rig& rig, std::size_t most = 10'000) {
  for (std::size_t i = 0; i < most; ++i) {
    const bool is_over = race.IsOver();
    const auto visit = race.Next();
    EXPECT_EQ(!visit, is_over);
    if (!visit) return true;
    race.Report(rig.Make(*visit));
  }
  return race.IsOver();
}

RaceOptions Options(const Space& space, std::size_t extra, std::optional<Cell> current) {
  RaceOptions options;
  options.extra = extra;
  options.current = current;
  options.planned = space;
  return options;
}

double Flat(const Cell&) {
  return 300;
}
double Smooth(const Cell& cell) {
  return 300 * (1 - 0.01 * cell[Parameter::kNumCtx] / 2048.0 -
                std::pow(cell[Parameter::kNumBatch] / 128.0 - 3, 2) * 0.01);
}

TEST(BlockRaceTest, ThePassVisitsEachPendingCellOnceInItsOrder) {
  const Space space = SpaceOf(MakeGrid(6, 5));
  const std::vector<Cell> cells = PlanCells(space, false);
  for (const std::optional<Cell>& current :
       {std::optional<Cell>(), {{4096, 256}}, {{2048, 128}}, {{999, 7}}}) {
    Rig rig(Smooth);
    BlockRace race(cells, {}, Options(space, 0, current));
    EXPECT_TRUE(Play(race, rig));
    std::vector<Cell> expected = cells;
    if (current) {
      std::erase(expected, *current);
      expected.insert(expected.begin(), *current);
    }
    EXPECT_EQ(rig.Visited(kMeasure), expected);
    EXPECT_TRUE(rig.Visited(kConfirm).empty()) << "no extra loads";
  }
}

TEST(BlockRaceTest, TheControlCellIsVisitedFirstAfterEachTwelfthVisitAndLast) {
  const Space space = SpaceOf(MakeGrid(6, 5));
  const Cell current{999, 7};
  Rig rig(Smooth);
  BlockRace race(PlanCells(space, false), {}, Options(space, 0, current));
  Play(race, rig);
  // The first one has not been measured before.
  const std::vector<std::size_t> places = {0, 13, 26, 33};
  ASSERT_EQ(rig.visits().size(), 34U);
  for (std::size_t i = 0; i < rig.visits().size(); ++i) {
    const bool is_control = std::find(places.begin(), places.end(), i) != places.end();
    EXPECT_EQ(rig.visits()[i].cell == current, is_control) << i;
    if (i > 0) {
      EXPECT_EQ(rig.visits()[i].role, is_control ? kControl : kMeasure) << i;
    }
  }
}

TEST(BlockRaceTest, ACurrentSettingThatIsKnownIsStillTheFirstVisitOfAStart) {
  const Space space = SpaceOf(MakeGrid(3, 2));
  const Cell current{999, 7};
  Rig rig(Smooth);
  rig.Make({current, kMeasure, std::nullopt, false});
  BlockRace race(PlanCells(space, false), rig.Results(), Options(space, 0, current));
  EXPECT_FALSE(race.MeasuresCurrentFirst());
  Play(race, rig);
  EXPECT_EQ(rig.visits()[1].cell, current);
  EXPECT_EQ(rig.visits()[1].role, kControl);
  EXPECT_EQ(rig.visits().back().role, kControl);
}

TEST(BlockRaceTest, ACurrentSettingWhoseVisitSaidNothingOfItIsMeasuredAgain) {
  const Space space = SpaceOf(MakeGrid(3, 2));
  const Cell current{999, 7};
  CellResult interrupted;
  interrupted.cell = current;
  AddFailure(interrupted, {FailureKind::kInterrupted, "", {}, 1});
  BlockRace race(PlanCells(space, false), {interrupted}, Options(space, 0, current));
  EXPECT_TRUE(race.MeasuresCurrentFirst());
  EXPECT_EQ(race.Next()->cell, current);
}

TEST(BlockRaceTest, NeverMakesMoreExtraLoadsThanAllowed) {
  for (const std::size_t extra : {0U, 1U, 5U, 12U, 27U, 40U}) {
    for (unsigned seed = 1; seed <= 3; ++seed) {
      const Space space = SpaceOf(MakeGrid(5, 4));
      Rig rig(Flat, 0.02);
      RaceOptions options = Options(space, extra, Cell{2048, 128});
      options.seed = seed;
      BlockRace race(PlanCells(space, false), {}, options);
      EXPECT_TRUE(Play(race, rig));
      EXPECT_LE(rig.Visited(kConfirm).size(), extra);
      if (extra <= 12) {
        EXPECT_EQ(rig.Visited(kConfirm).size(), extra) << "a flat grid takes more";
      }
    }
  }
}

// In every block each cell comes once, so no cell ever is more than one visit ahead of the current
// setting, which is in all of them.
TEST(BlockRaceTest, TheCurrentSettingIsInEveryBlockAndNoCellIsInABlockTwice) {
  for (const Cell& current : {Cell{4096, 256}, Cell{999, 7}}) {
    const Space space = SpaceOf(MakeGrid(5, 5));
    Rig rig(Smooth, 0.03);
    BlockRace race(PlanCells(space, false), {}, Options(space, 60, current));
    Play(race, rig);
    const std::vector<Cell> extra = rig.Visited(kConfirm);
    ASSERT_GT(extra.size(), 20U);
    std::map<Cell, int> count;
    for (std::size_t i = 0; i < extra.size(); ++i) {
      EXPECT_LE(++count[extra[i]], count[current] + 1) << i;
    }
    EXPECT_EQ(std::set<Cell>(extra.begin(), extra.begin() + 12).size(), 12U) << "the first block";
    EXPECT_GE(count[current], 3);
  }
}

TEST(BlockRaceTest, TheOrderWithinABlockIsRandomButTheSameForTheSameSeed) {
  const Space space = SpaceOf(MakeGrid(4, 4));
  std::set<std::vector<Cell>> orders;
  for (const unsigned seed : {1U, 2U, 3U, 1U, 2U, 3U}) {
    Rig rig(Smooth, 0.01);
    RaceOptions options = Options(space, 12, std::nullopt);
    options.seed = seed;
    BlockRace race(PlanCells(space, false), {}, options);
    Play(race, rig);
    orders.insert(rig.Visited(kConfirm));
  }
  EXPECT_EQ(orders.size(), 3U);
}

TEST(BlockRaceTest, TheLargestContextThatMayLoseNothingIsInEveryBlock) {
  const Space space = SpaceOf(MakeGrid(8, 1));
  const Cell current{2048, 128};
  const Cell largest{16384, 128};
  Rig rig(Flat, 0.0005);
  BlockRace race(PlanCells(space, false), {}, Options(space, 40, current));
  Play(race, rig);
  std::map<Cell, int> count;
  for (const Cell& cell : rig.Visited(kConfirm)) {
    ++count[cell];
    EXPECT_LE(std::abs(count[current] - count[largest]), 1);
  }
  EXPECT_GE(count[largest], 2);
}

TEST(BlockRaceTest, TheHighestReadingsAreLoadedAgain) {
  const Space space = SpaceOf(MakeGrid(5, 4));
  const Cell peak{6144, 256};
  Rig rig([&](const Cell& cell) { return cell == peak ? 330.0 : 300.0; }, 0.005);
  BlockRace race(PlanCells(space, false), {}, Options(space, 27, Cell{2048, 128}));
  Play(race, rig);
  const std::vector<Cell> extra = rig.Visited(kConfirm);
  EXPECT_GE(std::count(extra.begin(), extra.end(), peak), 2);
}

TEST(BlockRaceTest, ResumesFromWhereverItWasStoppedWithinTheSameBounds) {
  const Space space = SpaceOf(MakeGrid(4, 3));
  const std::vector<Cell> cells = PlanCells(space, false);
  constexpr std::size_t kExtra = 20;
  for (const Cell& current : {Cell{4096, 256}, Cell{999, 7}}) {
    std::size_t total = 1;
    for (std::size_t stopped = 0; stopped < total; ++stopped) {
      Rig rig(Flat, 0.02);
      const RaceOptions options = Options(space, kExtra, current);
      BlockRace before(cells, {}, options);
      Play(before, rig, stopped);
      BlockRace after(rig.Pending(cells), rig.Results(), options);
      EXPECT_TRUE(Play(after, rig));
      total = std::max(total, rig.visits().size());
      EXPECT_LE(rig.Visited(kConfirm).size(), kExtra) << stopped;
      std::vector<Cell> measured = rig.Visited(kMeasure);
      std::sort(measured.begin(), measured.end());
      EXPECT_EQ(std::adjacent_find(measured.begin(), measured.end()), measured.end()) << stopped;
      EXPECT_EQ(measured.size(), cells.size() + (space.Contains(current) ? 0 : 1)) << stopped;
      BlockRace again({}, rig.Results(), options);
      EXPECT_TRUE(again.IsOver() || rig.Visited(kConfirm).size() < kExtra) << stopped;
    }
    EXPECT_GT(total, 30U);
  }
}

TEST(BlockRaceTest, AVisitOfABlockThatFailsIsMadeOnceMoreAtItsEnd) {
  const Space space = SpaceOf(MakeGrid(4, 3));
  const Cell broken{4096, 256};
  Rig rig(Flat, 0.01);
  rig.fails = [&](const Visit& visit) { return visit.cell == broken && visit.role == kConfirm; };
  BlockRace race(PlanCells(space, false), {}, Options(space, 13, Cell{2048, 128}));
  Play(race, rig);
  const std::vector<Cell> extra = rig.Visited(kConfirm);
  ASSERT_EQ(extra.size(), 13U);
  EXPECT_EQ(extra.back(), broken);
  EXPECT_EQ(std::count(extra.begin(), extra.end(), broken), 2);
  EXPECT_EQ(std::set<Cell>(extra.begin(), extra.begin() + 12).size(), 12U);
}

TEST(BlockRaceTest, AReadingFarBelowItsNeighboursIsRepeatedAtOnceAndTheControlCellFollows) {
  const Space space = SpaceOf(MakeGrid(4, 4));
  const Cell current{2048, 128};
  const Cell slow{6144, 256};
  for (const std::size_t extra : {0U, 27U}) {
    Rig rig(Flat);
    rig.slowness = [&](const Visit& visit) {
      return visit.cell == slow && visit.role == kMeasure ? 0.3 : 1.0;
    };
    BlockRace race(PlanCells(space, false), {}, Options(space, extra, current));
    Play(race, rig);
    const auto& visits = rig.visits();
    const auto place = std::find_if(visits.begin(), visits.end(),
                                    [&](const Visit& visit) { return visit.cell == slow; });
    if (extra == 0) {
      EXPECT_EQ(place[1].role, kMeasure);
      continue;
    }
    EXPECT_EQ(place[1].cell, slow);
    EXPECT_EQ(place[1].role, kConfirm);
    EXPECT_EQ(place[2].cell, current);
    EXPECT_EQ(place[2].role, kControl);
    EXPECT_EQ(place[3].role, kMeasure);
    EXPECT_LE(rig.Visited(kConfirm).size(), extra) << "it counts as an extra load";
  }
}

TEST(BlockRaceTest, AStartThatGoesOnWithThePassStillFollowsADoubtedReadingByTheControlCell) {
  const Space space = SpaceOf(MakeGrid(4, 4));
  const std::vector<Cell> cells = PlanCells(space, false);
  const Cell current{2048, 128};
  const std::set<Cell> slow = {{4096, 256}, {8192, 256}};
  Rig rig(Flat);
  rig.slowness = [&](const Visit& visit) {
    return slow.contains(visit.cell) && visit.role == kMeasure ? 0.3 : 1.0;
  };
  const RaceOptions options = Options(space, 27, current);
  BlockRace before(cells, {}, options);
  Play(before, rig, 11);
  ASSERT_EQ(rig.Visited(kConfirm).size(), 1U);
  BlockRace after(rig.Pending(cells), rig.Results(), options);
  Play(after, rig);
  const auto& visits = rig.visits();
  const auto place = std::find_if(visits.begin(), visits.end(), [](const Visit& visit) {
    return visit.cell == Cell{8192, 256};
  });
  EXPECT_EQ(place[1].cell, place[0].cell);
  EXPECT_EQ(place[2].cell, current);
  EXPECT_EQ(place[2].role, kControl);
}

TEST(BlockRaceTest, AskingWhetherItIsOverChangesNothing) {
  const Space space = SpaceOf(MakeGrid(4, 3));
  Rig asked(Smooth, 0.01);
  Rig unasked(Smooth, 0.01);
  BlockRace first(PlanCells(space, false), {}, Options(space, 27, Cell{2048, 128}));
  BlockRace second(PlanCells(space, false), {}, Options(space, 27, Cell{2048, 128}));
  while (!first.IsOver() && !first.IsOver()) first.Report(asked.Make(*first.Next()));
  while (const auto visit = second.Next()) second.Report(unasked.Make(*visit));
  EXPECT_EQ(asked.visits(), unasked.visits());
}

TEST(BlockRaceTest, ExpectsNoFewerVisitsThanItMakes) {
  const Space space = SpaceOf(MakeGrid(5, 5));
  for (const std::optional<Cell>& current : {std::optional<Cell>(), {{4096, 256}}, {{999, 7}}}) {
    Rig rig(Flat, 0.02);
    BlockRace race(PlanCells(space, false), {}, Options(space, 27, current));
    while (const auto visit = race.Next()) {
      const std::size_t expected = race.Remaining();
      EXPECT_LE(expected, 25U + 27U + 4U);
      race.Report(rig.Make(*visit));
    }
    EXPECT_EQ(race.Remaining(), 0U);
    BlockRace fresh(PlanCells(space, false), {}, Options(space, 27, current));
    EXPECT_GE(fresh.Remaining(), rig.visits().size());
  }
}

TEST(BlockRaceTest, ACellThatFailsInThePassIsNotRacedAndAPassOfFailuresEnds) {
  const Space space = SpaceOf(MakeGrid(4, 3));
  const Cell broken{4096, 256};
  Rig rig(Flat);
  rig.fails = [&](const Visit& visit) { return visit.cell == broken; };
  BlockRace race(PlanCells(space, false), {}, Options(space, 27, broken));
  EXPECT_TRUE(Play(race, rig));
  EXPECT_EQ(rig.Visited(kMeasure).size(), 12U);
  EXPECT_TRUE(rig.Visited(kControl).empty()) << "a current setting that cannot be loaded";
  const std::vector<Cell> extra = rig.Visited(kConfirm);
  EXPECT_EQ(std::count(extra.begin(), extra.end(), broken), 0);
  Rig dead(Flat);
  dead.fails = [](const Visit&) { return true; };
  BlockRace none(PlanCells(space, false), {}, Options(space, 27, broken));
  EXPECT_TRUE(Play(none, dead));
  EXPECT_EQ(dead.visits().size(), 12U);
}

TEST(BlockRaceTest, EndsWithinItsBoundsWhateverFailsAndHoweverOftenItIsStopped) {
  std::mt19937 random(20261121);
  for (int round = 0; round < 12; ++round) {
    const Space space =
        SpaceOf(MakeGrid(1 + static_cast<int>(random() % 4), 1 + static_cast<int>(random() % 4)));
    const std::vector<Cell> cells = PlanCells(space, round % 2 == 0);
    const std::size_t extra = random() % 20;
    std::optional<Cell> current;
    if (round % 3 == 1) current = cells[random() % cells.size()];
    if (round % 3 == 2) current = Cell{999, 7};
    Rig rig(Smooth, 0.02);
    rig.fails = [&](const Visit&) { return random() % 5 == 0; };
    rig.slowness = [&](const Visit&) { return random() % 8 == 0 ? 0.4 : 1.0; };
    bool is_over = false;
    while (!is_over) {
      const std::vector<Cell> pending = rig.Pending(cells);
      BlockRace race(pending, rig.Results(), Options(space, extra, current));
      const std::size_t before = rig.visits().size();
      is_over = Play(race, rig, 1 + random() % 15);
      ASSERT_TRUE(is_over || rig.visits().size() > before) << "each start gets on";
      ASSERT_LT(rig.visits().size(), 500U);
    }
    std::size_t loads = 0;
    for (const CellResult& result : rig.Results()) {
      loads += static_cast<std::size_t>(
          std::count_if(result.samples.begin(), result.samples.end(),
                        [](const Sample& sample) { return sample.role == kConfirm; }));
    }
    EXPECT_LE(loads, extra) << round;
    EXPECT_TRUE(rig.Pending(cells).empty()) << round;
  }
}

TEST(BlockRaceTest, LoadsACellOfEachEarlierStartThatSharesNoneWithTheRest) {
  const Space space = SpaceOf(MakeGrid(6, 6));
  const std::vector<Cell> cells = PlanCells(space, false);
  Rig rig(Smooth, 0.01);
  for (char start = 'A'; !rig.Pending(cells).empty(); ++start) {
    rig.start = std::string(1, start);
    BlockRace race(rig.Pending(cells), rig.Results(), Options(space, 0, std::nullopt));
    Play(race, rig, 5);
  }
  rig.start = "Z";
  BlockRace race({}, rig.Results(), Options(space, 27, std::nullopt));
  EXPECT_TRUE(Play(race, rig));
  std::vector<LoadUnit> units;
  for (const CellResult& result : rig.Results()) {
    for (const LoadUnit& unit : LoadUnitsOf(result, Metric::kPromptEvalRate)) units.push_back(unit);
  }
  EXPECT_EQ(JoinedByCells(units).size(), units.size());
}

TEST(BlockRaceTest, MeasuresTheCurrentSettingThatAFinishedPassLacks) {
  const Space space = SpaceOf(MakeGrid(4, 3));
  const Cell current{999, 7};
  Rig rig(Smooth);
  BlockRace pass(PlanCells(space, false), {}, Options(space, 27, std::nullopt));
  Play(pass, rig);
  for (const bool fails : {true, false}) {
    Rig resumed = rig;
    if (fails) resumed.fails = [&](const Visit& visit) { return visit.cell == current; };
    BlockRace race({}, resumed.Results(), Options(space, 60, current));
    EXPECT_TRUE(Play(race, resumed));
    const auto visits = resumed.Visited(kConfirm);
    const auto of_current = std::count(visits.begin(), visits.end(), current);
    EXPECT_GE(of_current, fails ? 1 : 3);
    EXPECT_LE(of_current, fails ? 2 : 60) << "a visit and its repetition";
  }
}

TEST(BlockRaceTest, OneCellNeedsNoRace) {
  const Space space = SpaceOf(MakeGrid(1, 1));
  Rig rig(Flat);
  BlockRace race(PlanCells(space, false), {}, Options(space, 27, std::nullopt));
  EXPECT_TRUE(Play(race, rig));
  EXPECT_EQ(rig.visits().size(), 1U);
}

TEST(BlockRaceTest, EndsBeforeItsLoadsAreSpentWhereTheAnswerIsClear) {
  const Space space = SpaceOf(MakeGrid(4, 3));
  Rig rig(
      [](const Cell& cell) {
        return cell[Parameter::kNumBatch] == 384 ? 400.0 - cell[Parameter::kNumCtx] / 100 : 200;
      },
      0.002);
  BlockRace race(PlanCells(space, false), {}, Options(space, 200, Cell{2048, 128}));
  EXPECT_TRUE(Play(race, rig));
  EXPECT_LT(rig.Visited(kConfirm).size(), 60U);
}

TEST(BlockRaceTest, TheUsualNumberOfExtraLoadsGrowsWithTheGridWithinBounds) {
  EXPECT_EQ(UsualExtra(1), 27U);
  EXPECT_EQ(UsualExtra(54), 27U);
  EXPECT_EQ(UsualExtra(100), 50U);
  EXPECT_EQ(UsualExtra(799), 60U);
}

// From the first visit to the last the machine loses `loss`, whatever is measured.
double DriftOf(int columns, int rows, const Cell& current, double loss) {
  const Space space = SpaceOf(MakeGrid(columns, rows));
  Rig rig(Smooth);
  const std::vector<Cell> cells = PlanCells(space, false);
  const std::size_t extra = UsualExtra(cells.size());
  const auto expected = static_cast<double>(cells.size() + extra);
  rig.slowness = [&](const Visit&) {
    return 1 - loss * std::min(1.0, static_cast<double>(rig.visits().size()) / expected);
  };
  BlockRace race(cells, {}, Options(space, extra, current));
  EXPECT_TRUE(Play(race, rig));
  AnswerOptions options;
  options.planned = space;
  options.current = current;
  return AnswerSweep(rig.Results(), Metric::kPromptEvalRate, options)->drift;
}

TEST(BlockRaceTest, ADriftShowsInAUsualSweepAndWithoutOneNoneDoes) {
  for (const auto& [columns, rows] : {std::pair(6, 4), std::pair(8, 4)}) {
    for (const Cell& current : {Cell{4096, 256}, Cell{999, 7}}) {
      EXPECT_GT(DriftOf(columns, rows, current, 0.08), 0.03) << columns << ' ' << NameOf(current);
      EXPECT_LT(DriftOf(columns, rows, current, 0), 0.02) << columns << ' ' << NameOf(current);
    }
  }
}

}  // namespace
}  // namespace ollama_bench
