#include "ollama_bench/plan/sweep_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "plan_results.h"

namespace ollama_bench {
namespace {

using enum SampleRole;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Cells = std::vector<Cell>;

/// Plays a machine: each visit adds one load whose samples have the cell's rate.
class Machine {
 public:
  void Measure(const Visit& visit) {
    CellResult& result = results_[visit.cell];
    result.cell = visit.cell;
    if (failing.contains(visit.cell)) {
      AddFailure(result, {FailureKind::kOutOfMemory, "no room", {}, 1});
      return;
    }
    ++load_;
    for (int i = 0; i < visit.samples.value_or(3); ++i) {
      Sample sample = CountedSample(milliseconds(500));
      sample.role = visit.role;
      sample.load_id = load_;
      sample.metrics.prompt_eval =
          std::chrono::nanoseconds(static_cast<std::int64_t>(500e9 / RateNow(visit.cell)));
      result.samples.push_back(sample);
    }
  }

  /// Visits until the order is done or `most` visits were made.
  std::vector<Visit> Follow(SweepOrder& order, std::size_t most = 10'000) {
    std::vector<Visit> visits;
    while (visits.size() < most) {
      const auto visit = order.Next();
      if (!visit) break;
      Measure(*visit);
      visits.push_back(*visit);
      order.Report(results_.at(visit->cell));
    }
    return visits;
  }

  [[nodiscard]] std::vector<CellResult> Results() const {
    std::vector<CellResult> results;
    for (const auto& [cell, result] : results_) results.push_back(result);
    return results;
  }

  std::map<Cell, double> rates;
  std::map<Cell, bool> failing;
  std::map<std::int64_t, double> moods;  ///< by load: the factor on its rate; 1 where none is given

 private:
  [[nodiscard]] double RateNow(const Cell& cell) const {
    const auto mood = moods.find(load_);
    return rates.at(cell) * (mood == moods.end() ? 1 : mood->second);
  }

  std::map<Cell, CellResult> results_;
  std::int64_t load_ = 0;
};

Cells Row(int count) {
  Cells cells;
  for (int i = 0; i < count; ++i) cells.push_back({1024 * (i + 1), 64});
  return cells;
}

Machine FlatMachine(const Cells& cells) {
  Machine machine;
  for (const Cell& cell : cells) machine.rates[cell] = 100;
  return machine;
}

std::size_t Count(const std::vector<Visit>& visits, SampleRole role) {
  return static_cast<std::size_t>(std::count_if(
      visits.begin(), visits.end(), [role](const Visit& visit) { return visit.role == role; }));
}

SweepOrderOptions Options(int confirm, int visits_per_control = 0) {
  return {std::nullopt, confirm, std::nullopt, visits_per_control};
}

TEST(SweepOrderTest, WithoutConfirmingVisitsEachCellOnceAndCountsDown) {
  const Cells cells = Row(4);
  SweepOrder order(cells, {}, Options(0));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    EXPECT_EQ(order.Remaining(), cells.size() - i);
    EXPECT_EQ(order.Next(), (Visit{cells[i], kMeasure, std::nullopt}));
    order.Report(ResultOf(cells[i], {}, FailureKind::kTimeout));
  }
  EXPECT_EQ(order.Remaining(), 0U);
  EXPECT_EQ(order.Next(), std::nullopt);
}

TEST(SweepOrderTest, OfAFlatGridItForetellsEveryVisit) {
  for (const int count : {1, 2, 4, 5, 9}) {
    for (const bool has_baseline : {false, true}) {
      const Cells cells = Row(count);
      Machine machine = FlatMachine(cells);
      SweepOrderOptions options = Options(3);
      if (has_baseline) options.baseline = Cell{512, 64};
      machine.rates[{512, 64}] = 50;  // no leader, yet confirmed
      SweepOrder order(cells, {}, options);
      const std::size_t expected = order.Remaining();
      EXPECT_EQ(machine.Follow(order).size(), expected) << count << has_baseline;
      EXPECT_EQ(order.FirstMeasured(), options.baseline);
    }
  }
}

TEST(SweepOrderTest, ConfirmsTheLeadersInTurnWithSeparateLoads) {
  const Cells cells = Row(8);
  Machine machine = FlatMachine(cells);
  machine.rates[cells[3]] = 110;
  machine.rates[cells[6]] = 105;
  machine.rates[cells[0]] = 90;  // more than 15 % behind
  machine.failing[cells[1]] = true;
  SweepOrder order(cells, {}, Options(3));
  const std::vector<Visit> visits = machine.Follow(order);
  ASSERT_EQ(visits.size(), 8U + 15U);
  std::map<Cell, int> loads;
  for (std::size_t i = 8; i < visits.size(); ++i) {
    EXPECT_EQ(visits[i].role, kConfirm);
    EXPECT_EQ(visits[i].samples, 3);
    ++loads[visits[i].cell];
    if (i > 8) {
      EXPECT_NE(visits[i].cell, visits[i - 1].cell) << i;
    }
  }
  EXPECT_EQ(loads.size(), kMostLeaders);
  for (const auto& [cell, count] : loads) EXPECT_EQ(count, 3);
  EXPECT_TRUE(loads.contains(cells[3]));
  EXPECT_TRUE(loads.contains(cells[6]));
  EXPECT_FALSE(loads.contains(cells[0]));
  EXPECT_FALSE(loads.contains(cells[1]));
  EXPECT_EQ(order.Remaining(), 0U);
}

// Ten cells of which the ninth is the best, but was measured in a slow moment, as was the second.
Machine MoodyMachine(const Cells& cells) {
  Machine machine = FlatMachine(cells);
  machine.rates[cells[8]] = 110;
  machine.moods = {{2, 0.8}, {9, 0.8}};
  return machine;
}

TEST(SweepOrderTest, ABestCellLostInASlowMomentGetsASecondLookAndIsConfirmed) {
  const Cells cells = Row(10);
  Machine machine = MoodyMachine(cells);
  SweepOrder order(cells, {}, Options(3));
  const std::vector<Visit> visits = machine.Follow(order);
  ASSERT_GT(visits.size(), 12U);
  EXPECT_EQ(visits[10], (Visit{cells[1], kConfirm, 3}));
  EXPECT_EQ(visits[11], (Visit{cells[8], kConfirm, 3}));
  EXPECT_EQ(std::count(visits.begin(), visits.end(), (Visit{cells[8], kConfirm, 3})), 3);
  EXPECT_EQ(order.Remaining(), 0U);
}

TEST(SweepOrderTest, AfterThePassItForetellsSecondLooksToo) {
  const Cells cells = Row(10);
  Machine machine = MoodyMachine(cells);
  SweepOrder order(cells, {}, Options(3));
  machine.Follow(order, 10);
  // Before the second looks the best cell is not yet a leader: its other two loads are not known.
  const std::size_t expected = order.Remaining();
  EXPECT_EQ(expected, 2U + 15U);
  machine.Follow(order, 2);
  const std::size_t left = order.Remaining();
  EXPECT_EQ(machine.Follow(order).size(), left);
}

TEST(SweepOrderTest, ADoubtedCellWhoseSecondLookFailsIsLetGo) {
  const Cells cells = Row(10);
  Machine machine = MoodyMachine(cells);
  SweepOrder order(cells, {}, Options(3));
  machine.Follow(order, 10);
  machine.failing[cells[8]] = true;
  const std::vector<Visit> visits = machine.Follow(order);
  EXPECT_EQ(std::count(visits.begin(), visits.end(), (Visit{cells[8], kConfirm, 3})), 1);
}

TEST(SweepOrderTest, TheControlCellAndTheBaselineNeedNoSecondLook) {
  const Cells cells = Row(10);
  for (const bool is_control : {false, true}) {
    Machine machine = FlatMachine(cells);
    machine.moods = {{1, 0.8}};
    SweepOrderOptions options = Options(3, is_control ? 5 : 0);
    if (!is_control) options.baseline = cells[0];
    SweepOrder order(cells, {}, options);
    const std::vector<Visit> visits = machine.Follow(order);
    std::map<Cell, int> loads;
    for (const Visit& visit : visits) loads[visit.cell] += visit.role == kConfirm ? 1 : 0;
    EXPECT_EQ(loads[cells[0]], is_control ? 0 : 3);
  }
}

TEST(SweepOrderTest, WhereverItIsInterruptedTheNextStartMakesTheVisitsThatAreLeft) {
  const Cells cells = Row(10);
  Machine whole_machine = MoodyMachine(cells);
  SweepOrder whole_order(cells, {}, Options(2));
  const std::vector<Visit> whole = whole_machine.Follow(whole_order);
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    Machine machine = MoodyMachine(cells);
    SweepOrder first(cells, {}, Options(2));
    std::vector<Visit> visits = machine.Follow(first, cut);
    const Cells rest(cells.begin() + static_cast<std::ptrdiff_t>(std::min(cut, cells.size())),
                     cells.end());
    SweepOrder second(rest, machine.Results(), Options(2));
    for (const Visit& visit : machine.Follow(second)) visits.push_back(visit);
    EXPECT_EQ(visits, whole) << cut;
  }
}

TEST(SweepOrderTest, AControlCellTakesAtMostATwentiethOfTheVisits) {
  const Cells cells = Row(100);
  Machine machine = FlatMachine(cells);
  SweepOrder order(cells, {}, Options(0, 20));
  const std::vector<Visit> visits = machine.Follow(order);
  EXPECT_EQ(Count(visits, kControl), 4U);
  for (const Visit& visit : visits) {
    if (visit.role == kControl) {
      EXPECT_EQ(visit.cell, cells[0]);
    }
  }
}

TEST(SweepOrderTest, AControlCellThatFailsIsReplaced) {
  const Cells cells = Row(60);
  Machine machine = FlatMachine(cells);
  SweepOrder order(cells, {}, Options(0, 20));
  machine.Follow(order, 20);
  machine.failing[cells[0]] = true;
  const std::vector<Visit> rest = machine.Follow(order);
  EXPECT_EQ(rest.front(), (Visit{cells[0], kControl, 3}));
  const auto next = std::find_if(rest.begin() + 1, rest.end(),
                                 [](const Visit& visit) { return visit.role == kControl; });
  ASSERT_NE(next, rest.end());
  EXPECT_EQ(next->cell, cells[1]);
}

TEST(SweepOrderTest, TheBaselineComesFirstOnceAndIsConfirmedWithTheLeaders) {
  const Cells cells = Row(3);
  const Cell baseline{4096 * 4, 512};
  Machine machine = FlatMachine(cells);
  machine.rates[baseline] = 50;
  SweepOrderOptions options = Options(1);
  options.baseline = baseline;
  SweepOrder order(cells, {}, options);
  const std::vector<Visit> visits = machine.Follow(order);
  EXPECT_EQ(visits.front(), (Visit{baseline, kMeasure, std::nullopt}));
  EXPECT_EQ(Count(visits, kMeasure), 4U);
  EXPECT_EQ(std::count(visits.begin(), visits.end(), (Visit{baseline, kConfirm, 3})), 1);
  SweepOrder again({}, machine.Results(), options);
  EXPECT_EQ(again.Remaining(), 0U);
  EXPECT_EQ(again.Next(), std::nullopt);
}

TEST(SweepOrderTest, ASingleCellHasNothingToBeToldApartFrom) {
  const Cells cells = Row(1);
  Machine machine = FlatMachine(cells);
  SweepOrder order(cells, {}, Options(3));
  EXPECT_EQ(machine.Follow(order).size(), 1U);
}

TEST(SweepOrderTest, ALeaderThatFailsWhileItIsConfirmedIsLetGo) {
  const Cells cells = Row(3);
  Machine machine = FlatMachine(cells);
  SweepOrder order(cells, {}, Options(3));
  machine.Follow(order, 4);
  machine.failing[cells[1]] = true;
  std::map<Cell, int> loads;
  for (const Visit& visit : machine.Follow(order)) ++loads[visit.cell];
  EXPECT_EQ(loads[cells[1]], 1) << "the visit that failed";
  EXPECT_EQ(loads[cells[0]] + loads[cells[2]], 5);
}

}  // namespace
}  // namespace ollama_bench
