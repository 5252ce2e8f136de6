#include "ollama_bench/session/sweep_rules.h"

#include <gtest/gtest.h>

#include "support/failed_visit.h"
#include "support/sample_tables.h"

namespace ollama_bench {
namespace {

std::size_t ExtraOf(const SweepConfig& config, std::optional<std::size_t> limit,
                    std::size_t pending) {
  RunOptions options;
  options.limit = limit;
  Pending rest;
  rest.cells.resize(pending);
  return RaceOptionsOf(options, config, rest, std::nullopt).extra;
}

TEST(SweepRulesTest, ExtraLoadsAreThoseConfiguredElseByTheSizeOfTheGrid) {
  SweepConfig config;
  config.space = SpaceOf(MakeGrid(6, 6));
  EXPECT_EQ(ExtraOf(config, std::nullopt, 36), 27U);
  config.space = SpaceOf(MakeGrid(47, 17));
  EXPECT_EQ(ExtraOf(config, std::nullopt, 799), 60U);
  for (const int extra : {0, 1, 500}) {
    config.extra = extra;
    EXPECT_EQ(ExtraOf(config, std::nullopt, 799), static_cast<std::size_t>(extra));
  }
}

TEST(SweepRulesTest, AStartThatALimitCutsShortMakesNoExtraLoads) {
  SweepConfig config;
  config.space = SpaceOf(MakeGrid(6, 6));
  config.extra = 12;
  EXPECT_EQ(ExtraOf(config, 5, 5), 0U) << "as many are pending as the limit leaves";
  EXPECT_EQ(ExtraOf(config, 6, 5), 12U);
}

TEST(SweepRulesTest, TheRaceIsToldGridCurrentSettingAndRepetitions) {
  SweepConfig config;
  config.space = SpaceOf(MakeGrid(2, 3));
  config.repetitions = 4;
  const RaceOptions race = RaceOptionsOf({}, config, {}, Cell{999, 7});
  EXPECT_EQ(race.planned, config.space);
  EXPECT_EQ(race.current, (Cell{999, 7}));
  EXPECT_EQ(race.repetitions, 4);
}

TEST(SweepRulesTest, LevelsOfLoadThatFailedAreLeftOutUnlessTheyAreTriedAgain) {
  const Cell one = Cell().With(Parameter::kConcurrency, 1);
  const Cell two = Cell().With(Parameter::kConcurrency, 2);
  CellResult failed;
  failed.cell = two;
  AddFailure(failed, {FailureKind::kOutOfMemory, "no memory", {}, 1});
  RunOptions options;
  EXPECT_EQ(LevelsOf(options, {}, {one, two}, {failed}).Remaining(), 2U);
  options.retry_failed = true;
  EXPECT_EQ(LevelsOf(options, {}, {one, two}, {failed}).Remaining(), 4U);
  options.limit = 3;
  EXPECT_EQ(LevelsOf(options, {}, {one, two}, {failed}).Remaining(), 3U);
  SweepConfig config;
  config.repetitions = 5;
  EXPECT_EQ(LevelsOf({}, config, {one, two}, {failed}).Remaining(), 5U);
}

TEST(SweepRulesTest, TheLeastContextOfAModelWithVisionIsKnownFromTheRelease) {
  const std::vector<Cell> cells = {{512, 64}, {2048, 64}};
  ServerFacts facts;
  facts.has_vision = true;
  facts.ollama_version = "0.32.15";
  EXPECT_EQ(AliasesOf(cells, facts).size(), 1U);
  facts.ollama_version = "0.11.4";
  EXPECT_TRUE(AliasesOf(cells, facts).empty());
  facts.ollama_version = "0.32.15";
  facts.has_vision = false;
  EXPECT_TRUE(AliasesOf(cells, facts).empty());
}

TEST(SweepRulesTest, AliasesAreLookedForInEachSubjectByItsOwnFacts) {
  const auto subject = [](const char* path) {
    return Cell().With(Parameter::kOllama, ValueOfName(path));
  };
  ServerFacts facts;
  facts.ollama_version = "0.11.4";
  facts.subjects = {{subject("/old"), "0.11.4", "sha256:a"},
                    {subject("/new"), "0.32.15", "sha256:a"}};
  facts.subjects.front().lacks_flash_attention = true;
  std::vector<Cell> cells;
  for (const char* path : {"/old", "/new"}) {
    for (const int on : {0, 1}) {
      cells.push_back(subject(path).With(Parameter::kFlashAttention, on));
    }
  }
  const std::vector<Alias> aliases = AliasesOf(cells, facts);
  ASSERT_EQ(aliases.size(), 1U);
  EXPECT_EQ(aliases.front().cell, cells[1]);
  EXPECT_EQ(aliases.front().of, cells[0]);
}

}  // namespace
}  // namespace ollama_bench
