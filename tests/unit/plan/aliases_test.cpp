#include "ollama_bench/plan/aliases.h"

#include <gtest/gtest.h>

namespace ollama_bench {
namespace {

const std::vector<Cell> kCells = {{1024, 512},  {1024, 1024}, {1024, 2048}, {4096, 512},
                                  {4096, 2048}, {8192, 512},  {8192, 2048}};

TEST(AliasesTest, WithoutLimitsEveryCellIsItsOwn) {
  EXPECT_TRUE(FindAliases(kCells, {}).empty());
}

TEST(AliasesTest, ABatchAboveTheContextIsTheBatchOfTheContextWhereThatIsInTheGrid) {
  EXPECT_EQ(FindAliases(kCells, {true, std::nullopt}),
            (std::vector<Alias>{{{1024, 2048}, {1024, 1024}, "num_batch above num_ctx"}}));
  const std::vector<Cell> without = {{1024, 512}, {1024, 2048}};
  EXPECT_TRUE(FindAliases(without, {true, std::nullopt}).empty());
}

TEST(AliasesTest, AContextAboveTheTrainedOneIsTheTrainedOneWhereThatIsInTheGrid) {
  const std::string reason = "num_ctx above the model's trained context";
  EXPECT_EQ(FindAliases(kCells, {false, 4096}),
            (std::vector<Alias>{{{8192, 512}, {4096, 512}, reason},
                                {{8192, 2048}, {4096, 2048}, reason}}));
  EXPECT_TRUE(FindAliases(kCells, {false, 5000}).empty());
}

TEST(AliasesTest, ANumGpuAboveAllLayersIsTheSmallestThatHoldsThemAll) {
  std::vector<Cell> cells;
  for (const int num_gpu : {0, 30, 31, 99, 999})
    cells.push_back(Cell().With(Parameter::kNumGpu, num_gpu));
  EffectiveLimits limits;
  EXPECT_TRUE(FindAliases(cells, limits).empty()) << "the layers are not known";
  limits.layers = 30;
  const std::string reason = "num_gpu above the model's layers";
  EXPECT_EQ(FindAliases(cells, limits),
            (std::vector<Alias>{{cells[3], cells[2], reason}, {cells[4], cells[2], reason}}));
}

TEST(AliasesTest, AnAliasNeverStandsForAnAlias) {
  const std::vector<Cell> cells = {{1024, 1024}, {1024, 4096}, {2048, 1024}, {2048, 4096}};
  for (const Alias& alias : FindAliases(cells, {true, 1024})) {
    EXPECT_EQ(alias.of, (Cell{1024, 1024})) << NameOf(alias.cell);
  }
  EXPECT_EQ(FindAliases(cells, {true, 1024}).size(), 3U);
}

TEST(AliasesTest, AContextBelowTheLeastThatTheServerGivesIsThatOneInTheGridOrNot) {
  EffectiveLimits limits;
  limits.least_context = 2048;
  const std::string reason = "num_ctx below the least that the server gives this model";
  const std::vector<Cell> cells = {{512, 64}, {1024, 64}, {2048, 64}, {1024, 128}};
  EXPECT_EQ(FindAliases(cells, limits), (std::vector<Alias>{{cells[0], cells[2], reason},
                                                            {cells[1], cells[2], reason},
                                                            {cells[3], {2048, 128}, reason}}));
}

Cell ServerCell(int flash_attention, KvCacheType type) {
  return Cell(4096, 512)
      .With(Parameter::kFlashAttention, flash_attention)
      .With(Parameter::kKvCacheType, static_cast<int>(type));
}

TEST(AliasesTest, WithoutFlashAttentionOnTheHardwareOneOfItsCellsIsLeft) {
  EffectiveLimits limits;
  limits.lacks_flash_attention = true;
  limits.drops_kv_type = true;
  const std::vector<Cell> cells = {
      ServerCell(0, KvCacheType::kF16), ServerCell(0, KvCacheType::kQ8),
      ServerCell(1, KvCacheType::kF16), ServerCell(1, KvCacheType::kQ8)};
  const std::string dropped = "without flash attention this release takes kv_cache_type as f16";
  const std::string lacking = "this release has no flash attention on this hardware";
  EXPECT_EQ(FindAliases(cells, limits), (std::vector<Alias>{{cells[1], cells[0], dropped},
                                                            {cells[2], cells[0], lacking},
                                                            {cells[3], cells[0], lacking}}));
  limits.lacks_flash_attention = false;
  EXPECT_EQ(FindAliases(cells, limits), (std::vector<Alias>{{cells[1], cells[0], dropped}}));
  limits.drops_kv_type = false;
  EXPECT_TRUE(FindAliases(cells, limits).empty());
}

TEST(AliasesTest, AutoIsTheDefaultOfTheReleaseWhereTheCellsVaryIt) {
  EffectiveLimits limits;
  limits.server_defaults.Set(Parameter::kNumParallel, 1);
  limits.server_defaults.Set(Parameter::kSchedSpread, 0);
  const std::vector<Cell> cells = {Cell(4096, 512),
                                   Cell(4096, 512).With(Parameter::kNumParallel, 1),
                                   Cell(4096, 512).With(Parameter::kNumParallel, 2)};
  EXPECT_EQ(FindAliases(cells, limits),
            (std::vector<Alias>{{cells[0], cells[1], "num_parallel auto is 1 in this release"}}));
  const std::vector<Cell> without = {Cell(1024, 1024), Cell(1024, 2048)};
  limits.batch_cut_to_context = true;
  EXPECT_EQ(FindAliases(without, limits).size(), 1U) << "defaults of what is not varied";
}

}  // namespace
}  // namespace ollama_bench
