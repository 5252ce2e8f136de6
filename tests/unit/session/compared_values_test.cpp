#include "ollama_bench/session/compared_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/load_results.h"
#include "support/memory_file_system.h"

namespace ollama_bench {
namespace {

using ::testing::HasSubstr;

ResultsStore StoreOf(MemoryFileSystem& files, std::vector<Axis> axes) {
  Metadata metadata;
  metadata.schema_version = 2;
  metadata.axes = std::move(axes);
  metadata.workload = "prefill";
  return ResultsStore::Create(files, "results.json", metadata);
}

TEST(ComparedValuesTest, AParameterIsReadWithItsTwoValuesOrWithoutAny) {
  const auto plain = ParseCompareBy("num_thread");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->parameter, Parameter::kNumThread);
  EXPECT_TRUE(plain->values.empty());
  const auto named = ParseCompareBy("kv_cache_type=q8_0,f16");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->values, (std::vector<int>{1, 0}));
  const auto paths = ParseCompareBy("ollama=/opt/a b/ollama,/opt/c/ollama");
  ASSERT_TRUE(paths);
  EXPECT_EQ(NameOfValue(paths->values[0]), "/opt/a b/ollama");
  for (const char* text : {"", "threads", "num_thread=", "num_thread=4", "num_thread=4,8,12",
                           "num_thread=4,x", "num_thread=4,4"}) {
    EXPECT_FALSE(ParseCompareBy(text)) << text;
  }
}

TEST(ComparedValuesTest, TwoSweptValuesAreTakenInTheOrderInWhichTheyWereWritten) {
  MemoryFileSystem files;
  const ResultsStore store = StoreOf(files, {{Parameter::kNumThread, {8, 4}}});
  const auto pair = ChooseValues(store, {Parameter::kNumThread, {}});
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->first, 8);
  EXPECT_EQ(pair->second, 4);
}

TEST(ComparedValuesTest, MoreOrFewerValuesAreListed) {
  MemoryFileSystem files;
  const ResultsStore store =
      StoreOf(files, {{Parameter::kNumThread, {4, 8, 12}}, {Parameter::kUseMmap, {1}}});
  const auto three = ChooseValues(store, {Parameter::kNumThread, {}});
  ASSERT_FALSE(three);
  EXPECT_EQ(three.error().code, ExitCode::kUsage);
  EXPECT_THAT(three.error().message, HasSubstr("3 values of num_thread: 4, 8, 12"));
  EXPECT_THAT(three.error().message, HasSubstr("--by num_thread=4,12"));
  const auto one = ChooseValues(store, {Parameter::kUseMmap, {}});
  ASSERT_FALSE(one);
  EXPECT_THAT(one.error().message, HasSubstr("compare by num_thread"));
  const auto named = ChooseValues(store, {Parameter::kNumThread, {12, 4}});
  ASSERT_TRUE(named);
  EXPECT_EQ(named->first, 12);
  const auto unknown = ChooseValues(store, {Parameter::kNumThread, {4, 5}});
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("no cell of results.json has num_thread=5"));
}

}  // namespace
}  // namespace ollama_bench
