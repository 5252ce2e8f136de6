#include "ollama_bench/analysis/verdict.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/loads.h"

namespace ollama_bench {
namespace {

const Cell kSmall{2048, 512};
const Cell kMiddle{4096, 512};
const Cell kLarge{8192, 512};

struct Scene {
  std::vector<LoadUnit> units;
  Question question;
};

/// Rounds of loads of three cells with these rates; all of them may be recommended.
Scene ThreeCells(const std::vector<double>& rates, int rounds, std::optional<Cell> current) {
  SimulatedLoads loads(1, 0.0005);
  loads.AddRounds({{kSmall, rates[0]}, {kMiddle, rates[1]}, {kLarge, rates[2]}}, rounds);
  Scene scene{loads.units(), {}};
  scene.question.current = current;
  scene.question.eligible = {kSmall, kMiddle, kLarge};
  return scene;
}

std::optional<Decision> Decided(const Scene& scene) {
  const auto model = SweepModel::Fit(scene.units);
  std::vector<int> loads(model->cells().size(), 0);
  for (const LoadUnit& unit : scene.units) ++loads[*model->Find(unit.cell)];
  return Decide(*model, loads, scene.question);
}

std::optional<Cell> RecommendedIn(const Scene& scene) {
  const auto model = SweepModel::Fit(scene.units);
  const auto recommended = Decided(scene)->recommended;
  return recommended ? std::optional(model->cells()[*recommended]) : std::nullopt;
}

TEST(VerdictTest, IsToChangeWhereTheLeaderGainsMoreThanTheThreshold) {
  const Scene scene = ThreeCells({300, 360, 330}, 5, kSmall);
  const auto decision = Decided(scene);
  EXPECT_EQ(decision->verdict, Verdict::kChange);
  EXPECT_FALSE(decision->for_context);
  EXPECT_TRUE(decision->is_fastest);
  EXPECT_EQ(RecommendedIn(scene), kMiddle);
  EXPECT_GT(decision->gain, 0.99);
}

TEST(VerdictTest, IsToKeepWhereNoCellIsBetterByMoreThanTheThreshold) {
  for (const auto& rates : {std::vector<double>{300, 310, 360}, {300, 301, 300}}) {
    const Scene scene = ThreeCells(rates, 8, kLarge);
    EXPECT_EQ(Decided(scene)->verdict, Verdict::kKeep) << rates[1];
    EXPECT_EQ(RecommendedIn(scene), kLarge);
  }
}

TEST(VerdictTest, IsToChangeForAContextThatCostsNothing) {
  const Scene scene = ThreeCells({300, 300, 300}, 8, kSmall);
  const auto decision = Decided(scene);
  EXPECT_EQ(decision->verdict, Verdict::kChange);
  EXPECT_TRUE(decision->for_context);
  EXPECT_EQ(RecommendedIn(scene), kLarge);
  const Scene dear = ThreeCells({300, 285, 280}, 8, kSmall);
  EXPECT_EQ(Decided(dear)->verdict, Verdict::kKeep) << "a context that costs 5 %";
}

TEST(VerdictTest, ATieIsOnlyCalledWhereNoCurrentSettingIsKnown) {
  const Scene tie = ThreeCells({300, 300, 300}, 8, std::nullopt);
  const auto decision = Decided(tie);
  EXPECT_EQ(decision->verdict, Verdict::kTie);
  EXPECT_TRUE(decision->are_tied);
  EXPECT_EQ(decision->contenders.size(), 3U);
  EXPECT_TRUE(decision->recommended);
  EXPECT_FALSE(decision->is_fastest);
  const Scene unknown = ThreeCells({300, 300, 300}, 8, Cell{1, 1});
  EXPECT_EQ(Decided(unknown)->verdict, Verdict::kTie) << "one without a load is not known";
}

TEST(VerdictTest, NothingIsSaidOnFewerThanThreeLoads) {
  for (int rounds = 1; rounds < kFewestLoads; ++rounds) {
    EXPECT_EQ(Decided(ThreeCells({300, 360, 330}, rounds, kSmall))->verdict, Verdict::kUndecided);
    EXPECT_EQ(Decided(ThreeCells({300, 310, 360}, rounds, kLarge))->verdict, Verdict::kUndecided);
    EXPECT_EQ(Decided(ThreeCells({300, 300, 300}, rounds, std::nullopt))->verdict,
              Verdict::kUndecided);
    EXPECT_FALSE(Decided(ThreeCells({300, 360, 330}, rounds, kSmall))->is_fastest);
  }
  // The leader has its loads, the current setting has not.
  Scene scene = ThreeCells({300, 360, 330}, 4, kSmall);
  int left = 2;
  std::erase_if(scene.units,
                [&](const LoadUnit& unit) { return unit.cell == kSmall && left-- <= 0; });
  EXPECT_EQ(Decided(scene)->verdict, Verdict::kUndecided);
}

TEST(VerdictTest, TheLeaderIsACellThatWasLoadedOftenWhereThereIsOne) {
  Scene scene = ThreeCells({300, 305, 310}, 5, kSmall);
  scene.question.eligible.push_back({16384, 512});
  LoadUnit lucky = scene.units.back();
  lucky.cell = {16384, 512};
  lucky.log_value = std::log(330);
  lucky.start_s = *lucky.start_s + 60;
  scene.units.push_back(lucky);
  const auto model = SweepModel::Fit(scene.units);
  EXPECT_EQ(model->cells()[Decided(scene)->leader], kLarge);
}

TEST(VerdictTest, IsUndecidedWhereTheGainIsNotShownToBeAboveOrBelowTheThreshold) {
  SimulatedLoads loads(2, 0.02);
  loads.AddRounds({{kMiddle, 303}, {kLarge, 300}}, 3);
  Scene scene{loads.units(), {}};
  scene.question.current = kLarge;
  scene.question.eligible = {kMiddle, kLarge};
  const auto decision = Decided(scene);
  EXPECT_EQ(decision->verdict, Verdict::kUndecided);
  EXPECT_TRUE(decision->recommended);
}

TEST(VerdictTest, IsTheSameWhereLowerIsBetter) {
  const std::vector<std::vector<double>> all_rates = {
      {300, 360, 330}, {300, 310, 360}, {300, 300, 300}, {300, 285, 280}};
  for (const auto& rates : all_rates) {
    for (const std::optional<Cell>& current : {std::optional<Cell>(), {kSmall}, {kLarge}}) {
      const Scene scene = ThreeCells(rates, 6, current);
      Scene mirrored = scene;
      mirrored.question.higher_is_better = false;
      for (LoadUnit& unit : mirrored.units) unit.log_value = -unit.log_value;
      const auto expected = Decided(scene);
      const auto decision = Decided(mirrored);
      EXPECT_EQ(decision->verdict, expected->verdict) << rates[1];
      EXPECT_EQ(decision->for_context, expected->for_context);
      EXPECT_EQ(decision->contenders, expected->contenders);
      EXPECT_EQ(decision->leader, expected->leader);
      EXPECT_EQ(RecommendedIn(mirrored), RecommendedIn(scene));
    }
  }
}

TEST(VerdictTest, WhereCellsWereLeftOutTheViewOfTheWholeSurfaceCounts) {
  Scene scene = ThreeCells({300, 310, 360}, 8, kLarge);
  scene.question.is_whole = false;
  EXPECT_EQ(Decided(scene)->verdict, Verdict::kUndecided) << "nothing is known of the rest";
  scene.question.surface = SurfaceView{kLarge, 0.01};
  EXPECT_EQ(Decided(scene)->verdict, Verdict::kKeep);
  EXPECT_FALSE(Decided(scene)->is_fastest) << "only a grid that was measured has a fastest cell";
  scene.question.surface->better_than_leader = 0.2;
  EXPECT_EQ(Decided(scene)->verdict, Verdict::kUndecided);
  EXPECT_EQ(Decided(scene)->better_than_leader, 0.2);

  Scene tie = ThreeCells({300, 300, 300}, 8, std::nullopt);
  tie.question.is_whole = false;
  tie.question.surface = SurfaceView{kMiddle, 0.2};
  EXPECT_EQ(Decided(tie)->verdict, Verdict::kUndecided);
  tie.question.surface->better_than_leader = 0.01;
  EXPECT_EQ(Decided(tie)->verdict, Verdict::kTie);
  EXPECT_EQ(RecommendedIn(tie), kMiddle);

  Scene change = ThreeCells({300, 360, 330}, 5, kSmall);
  change.question.is_whole = false;
  change.question.surface = SurfaceView{kMiddle, 0.2};
  EXPECT_EQ(Decided(change)->verdict, Verdict::kChange) << "whatever else there may be";
}

TEST(VerdictTest, OnlyEligibleCellsAreRecommendedOrLead) {
  Scene scene = ThreeCells({300, 360, 330}, 5, kSmall);
  scene.question.eligible = {kSmall, kLarge};
  EXPECT_EQ(RecommendedIn(scene), kLarge);
  scene.question.eligible = {};
  EXPECT_FALSE(Decided(scene));
}

TEST(VerdictTest, ACurrentSettingOffTheGridIsComparedWithAndCanBeKept) {
  Scene scene = ThreeCells({300, 330, 360}, 6, kLarge);
  scene.question.eligible = {kSmall, kMiddle};
  EXPECT_EQ(Decided(scene)->verdict, Verdict::kKeep);
  EXPECT_EQ(RecommendedIn(scene), kLarge);
  const auto model = SweepModel::Fit(scene.units);
  EXPECT_EQ(Decided(scene)->best[*model->Find(kLarge)], 0) << "it is no cell of the race";
}

TEST(VerdictTest, ProbabilitiesOfBeingTheBestAddUpToOne) {
  const auto decision = Decided(ThreeCells({300, 300, 299}, 3, kSmall));
  double sum = 0;
  for (const double probability : decision->best) sum += probability;
  EXPECT_NEAR(sum, 1, 1e-9);
}

TEST(VerdictTest, EachHasAKeyOfItsOwn) {
  EXPECT_EQ(KeyOf(Verdict::kChange), "change");
  EXPECT_EQ(KeyOf(Verdict::kKeep), "keep");
  EXPECT_EQ(KeyOf(Verdict::kTie), "tie");
  EXPECT_EQ(KeyOf(Verdict::kUndecided), "undecided");
  EXPECT_EQ(KeyOf(Verdict::kNoAnswer), "no_answer");
}

}  // namespace
}  // namespace ollama_bench
