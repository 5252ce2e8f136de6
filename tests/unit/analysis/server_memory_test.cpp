#include "ollama_bench/analysis/server_memory.h"

#include <gtest/gtest.h>

namespace ollama_bench {
namespace {

Cell CellOf(KvCacheType type, int num_ctx) {
  return Cell(num_ctx, 512).With(Parameter::kKvCacheType, static_cast<int>(type));
}

CellResult Loaded(const Cell& cell, std::int64_t bytes, std::int64_t on_gpu) {
  CellResult result;
  result.cell = cell;
  Sample sample;
  sample.id = NameOf(cell);
  sample.load_id = 1;
  sample.size_bytes = bytes;
  sample.size_vram_bytes = on_gpu;
  result.samples.push_back(sample);
  return result;
}

TEST(ServerMemoryTest, ComparesSettingsOfTheServerAtTheLargestContextThatAllHave) {
  const auto memory = CompareMemory({Loaded(CellOf(KvCacheType::kF16, 4096), 400, 400),
                                     Loaded(CellOf(KvCacheType::kF16, 8192), 800, 600),
                                     Loaded(CellOf(KvCacheType::kQ8, 4096), 300, 300),
                                     Loaded(CellOf(KvCacheType::kQ8, 8192), 500, 500),
                                     Loaded(CellOf(KvCacheType::kQ8, 16384), 900, 700)});
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->shared, Cell(8192, 512));
  ASSERT_EQ(memory->settings.size(), 2U);
  EXPECT_EQ(memory->settings[0].server[Parameter::kKvCacheType],
            static_cast<int>(KvCacheType::kF16));
  EXPECT_EQ(memory->settings[0].size_bytes, 800);
  EXPECT_EQ(memory->settings[0].largest_on_gpu, 4096);
  EXPECT_EQ(memory->settings[1].size_bytes, 500);
  EXPECT_EQ(memory->settings[1].largest_on_gpu, 8192) << "twice the context stays on the GPU";
}

TEST(ServerMemoryTest, SaysNothingWhereNoTwoSettingsHaveTheRestInCommon) {
  EXPECT_FALSE(CompareMemory({}));
  EXPECT_FALSE(CompareMemory({Loaded(Cell(4096, 512), 1, 1), Loaded(Cell(8192, 512), 2, 2)}));
  EXPECT_FALSE(CompareMemory({Loaded(CellOf(KvCacheType::kF16, 4096), 1, 1),
                              Loaded(CellOf(KvCacheType::kQ8, 8192), 2, 2)}));
  CellResult alias = Loaded(CellOf(KvCacheType::kQ8, 4096), 1, 1);
  alias.alias_of = CellOf(KvCacheType::kF16, 4096);
  EXPECT_FALSE(CompareMemory({Loaded(CellOf(KvCacheType::kF16, 4096), 1, 1), alias}));
}

}  // namespace
}  // namespace ollama_bench
