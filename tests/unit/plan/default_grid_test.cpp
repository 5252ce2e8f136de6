#include "ollama_bench/plan/default_grid.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ollama_bench/plan/prompt_plan.h"

namespace ollama_bench {
namespace {

constexpr std::int64_t kGiB = std::int64_t{1} << 30;

GridFacts Trained(std::int64_t tokens) {
  return {tokens, std::nullopt, std::nullopt, std::nullopt};
}

TEST(DefaultGridTest, KnowsTheGridsOfUsualModels) {
  EXPECT_EQ(CompleteGrid({}, Trained(8192), GridSize::kSweep),
            (Grid{{{2048, 4096, 8192}}, {{64, 128, 256, 512}}}));
  EXPECT_EQ(CompleteGrid({}, Trained(40960), GridSize::kSweep),
            (Grid{{{4096, 8192, 16384, 32768}}, {{128, 256, 512, 1024}}}));
  EXPECT_EQ(CompleteGrid({}, Trained(2048), GridSize::kSweep),
            (Grid{{{512, 1024, 2048}}, {{16, 32, 64, 128}}}));
}

TEST(DefaultGridTest, KeepsAnAxisThatIsGiven) {
  const Grid contexts = CompleteGrid({{{5000, 3000}}, {}}, Trained(8192), GridSize::kSweep);
  EXPECT_EQ(contexts.num_ctx.values, (std::vector<int>{5000, 3000}));
  EXPECT_EQ(contexts.num_batch.values.back(), 1024);
  const Grid batches = CompleteGrid({{}, {{7}}}, Trained(8192), GridSize::kSearch);
  EXPECT_EQ(batches.num_batch.values, (std::vector<int>{7}));
}

TEST(DefaultGridTest, TheKvCacheMustFitBesideTheWeights) {
  // 40 GiB free, weights of 10 GiB and a tenth: 29 GiB for 1 MiB a token.
  const GridFacts facts{131072, 40 * kGiB, 10 * kGiB, 1 << 20};
  EXPECT_EQ(LargestSensibleContext(facts), 29 * 1024);
  EXPECT_EQ(CompleteGrid({}, facts, GridSize::kSweep).num_ctx.values.back(), 16384);
  EXPECT_LE(CompleteGrid({}, facts, GridSize::kSearch).num_ctx.values.back(), 29 * 1024);
}

TEST(DefaultGridTest, EveryGridIsSmallAscendingWithinItsLimitsAndWarnsOfNothing) {
  for (std::int64_t trained = 1; trained < 3'000'000; trained += 1 + trained / 7) {
    for (const GridSize size : {GridSize::kSweep, GridSize::kSearch}) {
      const Grid grid = CompleteGrid({}, Trained(trained), size);
      const std::int64_t largest = LargestSensibleContext(Trained(trained));
      for (const Axis& axis : {grid.num_ctx, grid.num_batch}) {
        ASSERT_FALSE(axis.values.empty()) << trained;
        EXPECT_EQ(
            std::adjacent_find(axis.values.begin(), axis.values.end(), std::greater_equal<>()),
            axis.values.end())
            << trained;
        EXPECT_GT(axis.values.front(), 0) << trained;
      }
      EXPECT_LE(grid.CellCount(), size == GridSize::kSweep ? 16U : 24U * 16U) << trained;
      EXPECT_LE(grid.num_ctx.values.back(), largest) << trained;
      const PromptFacts facts{BuiltInPromptTokens(grid, 2), 2, largest, true};
      EXPECT_TRUE(PlanWarnings(grid, facts).empty())
          << trained << ": " << PlanWarnings(grid, facts).front().message;
    }
  }
}

}  // namespace
}  // namespace ollama_bench
