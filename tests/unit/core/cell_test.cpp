#include "ollama_bench/core/cell.h"

#include <gtest/gtest.h>

#include <vector>

namespace ollama_bench {
namespace {

TEST(CellTest, SetsNothingByItself) {
  for (const ParameterInfo& info : AllParameters()) {
    EXPECT_FALSE(Cell().Sets(info.parameter)) << info.key;
    EXPECT_EQ(Cell()[info.parameter], kAutoValue) << info.key;
  }
  EXPECT_EQ(NameOf(Cell()), "auto");
  EXPECT_EQ(DescribeCell(Cell()), "auto");
}

TEST(CellTest, AValueChangesItsParameterAlone) {
  const Cell before(4096, 512);
  for (const ParameterInfo& changed : AllParameters()) {
    const Cell after = before.With(changed.parameter, changed.highest);
    EXPECT_NE(after, before);
    for (const ParameterInfo& info : AllParameters()) {
      const bool is_changed = info.parameter == changed.parameter;
      EXPECT_EQ(after[info.parameter], is_changed ? changed.highest : before[info.parameter]);
    }
    EXPECT_EQ(after.With(changed.parameter, before[changed.parameter]), before);
  }
}

TEST(CellTest, IsNamedByWhatIsSetInTheOrderOfTheParameters) {
  Cell cell;
  cell.Set(Parameter::kUseMmap, 0);
  cell.Set(Parameter::kNumThread, 8);
  cell.Set(Parameter::kNumCtx, 4096);
  EXPECT_EQ(NameOf(cell), "num_ctx=4096 num_thread=8 use_mmap=false");
  EXPECT_EQ(DescribeCell(cell), "num_ctx 4096, num_thread 8, use_mmap false");
}

TEST(CellTest, OrdersByValueParameterAfterParameterAutoFirst) {
  const std::vector<Cell> ascending = {Cell(),
                                       Cell().With(Parameter::kNumGpu, 0),
                                       Cell().With(Parameter::kNumBatch, 1),
                                       Cell(1, kAutoValue),
                                       Cell(1, 1),
                                       Cell(1, 1).With(Parameter::kNumThread, 1),
                                       Cell(1, 2),
                                       Cell(2, 1)};
  for (std::size_t i = 1; i < ascending.size(); ++i) EXPECT_LT(ascending[i - 1], ascending[i]) << i;
}

}  // namespace
}  // namespace ollama_bench
