#include "ollama_bench/workload/prompt_schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace ollama_bench {
namespace {

TEST(PromptScheduleTest, ShardsAreDisjointAndTogetherCompleteWhateverTheirNumber) {
  for (const std::size_t items : {1U, 2U, 7U, 200U}) {
    for (std::size_t count = 1; count <= 9; ++count) {
      std::set<std::size_t> seen;
      for (std::size_t number = 1; number <= count; ++number) {
        const Shard shard{number, count};
        for (const PromptTurn& turn : PlanTurns(items, shard, 1, 1)) {
          EXPECT_TRUE(shard.Holds(turn.item));
          EXPECT_TRUE(seen.insert(turn.item).second) << turn.item << " is in two shards";
        }
      }
      EXPECT_EQ(seen.size(), items);
    }
  }
}

TEST(PromptScheduleTest, AShardOfTheFirstSamplesIsThatOfAllCutAtTheirNumber) {
  const Shard shard{2, 3};
  const auto all = PlanTurns(100, shard, 1, 1);
  const auto first = PlanTurns(40, shard, 1, 1);
  EXPECT_TRUE(std::equal(first.begin(), first.end(), all.begin()));
}

TEST(PromptScheduleTest, AsksOnceInTheOrderOfTheDataSet) {
  const auto turns = PlanTurns(50, {}, 1, 7);
  for (std::size_t i = 0; i < turns.size(); ++i) EXPECT_EQ(turns[i], (PromptTurn{i, 1}));
}

TEST(PromptScheduleTest, EachRoundOfRepeatsHoldsEveryPromptOnceInAnOrderOfItsOwn) {
  const auto turns = PlanTurns(50, {}, 4, 7);
  ASSERT_EQ(turns.size(), 200U);
  std::set<std::vector<std::size_t>> orders;
  for (std::size_t round = 0; round < 4; ++round) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < 50; ++i) {
      EXPECT_EQ(turns[50 * round + i].repeat, static_cast<int>(round) + 1);
      order.push_back(turns[50 * round + i].item);
    }
    orders.insert(order);
    std::sort(order.begin(), order.end());
    for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(order[i], i);
  }
  EXPECT_EQ(orders.size(), 4U);
  EXPECT_EQ(PlanTurns(50, {}, 4, 7), turns) << "the same seed resumes the same order";
  EXPECT_NE(PlanTurns(50, {}, 4, 8), turns);
}

TEST(PromptScheduleTest, ReadsWhichOfHowManyShards) {
  EXPECT_EQ(ParseShard("2/4"), (Shard{2, 4}));
  for (const char* text : {"", "/", "0/4", "5/4", "1/0", "1/", "a/4", "1/4x", "-1/4", "1"}) {
    EXPECT_FALSE(ParseShard(text)) << text;
  }
}

}  // namespace
}  // namespace ollama_bench
