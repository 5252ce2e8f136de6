#include "ollama_bench/ollama/present_setting.h"

#include <gtest/gtest.h>

namespace ollama_bench {
namespace {

TEST(ReadParametersTest, TakesValuesAsAModelfileMayHaveThem) {
  const Cell cell = ReadParameters({{"num_ctx", "1024"},
                                    {"num_ctx", "+8192"},
                                    {"num_batch", "0256"},
                                    {"use_mmap", "T"},
                                    {"num_gpu", "-1"},
                                    {"stop", "num_ctx 7"}});
  EXPECT_EQ(cell[Parameter::kNumCtx], 8192) << "the last counts";
  EXPECT_EQ(cell[Parameter::kNumBatch], 256);
  EXPECT_EQ(cell[Parameter::kUseMmap], 1);
  EXPECT_FALSE(cell.Sets(Parameter::kNumGpu)) << "-1 is automatic";
}

TEST(ReadParametersTest, ReadsWhatTheServerShows) {
  const Cell cell = ReadParameters(SplitShownParameters(
      "stop                           \"num_ctx 7\"\n"
      "num_ctx                        1.048576e+06\n"
      "use_mmap                       false\nnum_thread                     8\n"));
  EXPECT_EQ(cell[Parameter::kNumCtx], 1'048'576) << "as Go writes a large number";
  EXPECT_EQ(cell[Parameter::kUseMmap], 0);
  EXPECT_EQ(cell[Parameter::kNumThread], 8);
  EXPECT_FALSE(cell.Sets(Parameter::kNumBatch));
}

}  // namespace
}  // namespace ollama_bench
