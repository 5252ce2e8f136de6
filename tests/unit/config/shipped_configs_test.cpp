#include <set>

#include "config_fixture.h"

namespace ollama_bench {
namespace {

const std::filesystem::path kConfigs = OLLAMA_BENCH_CONFIGS;

class ShippedConfigsTest : public ConfigTest {
 protected:
  static SweepConfig LoadShipped(const std::string& name) {
    ConfigOverrides flags;
    flags.values["model"] = "smollm2";
    const auto config = LoadSweepConfig(kConfigs / name, flags);
    EXPECT_TRUE(config) << name;
    SweepConfig loaded = config.value_or(SweepConfig{});
    HoldRequestForAll(loaded);
    return loaded;
  }
};

TEST_F(ShippedConfigsTest, AreAllKnownToTheseTests) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kConfigs)) {
    names.insert(entry.path().filename().string());
  }
  EXPECT_EQ(names, (std::set<std::string>{"comprehensive.yaml", "default.yaml",
                                          "large-context.yaml", "quick.yaml"}));
}

TEST_F(ShippedConfigsTest, QuickHasNineCellsThatTheirPromptFitsIntoAndFills) {
  const SweepConfig config = LoadShipped("quick.yaml");
  EXPECT_EQ(config.space.CellCount(), 9U);
  EXPECT_EQ(config.repetitions, 3);
  const int tokens = std::get<BuiltInPrompt>(config.prompt).tokens.value_or(0);
  EXPECT_LT(tokens + config.num_predict, config.space.ValuesOf(Parameter::kNumCtx).front());
  EXPECT_GE(tokens, 2 * config.space.ValuesOf(Parameter::kNumBatch).back());
}

TEST_F(ShippedConfigsTest, DefaultIsTheOldScriptsFullGrid) {
  const SweepConfig config = LoadShipped("default.yaml");
  EXPECT_EQ(DescribeAxis(*config.space.Find(Parameter::kNumCtx)), "8192-102400:2048");
  EXPECT_EQ(DescribeAxis(*config.space.Find(Parameter::kNumBatch)), "32-2080:128");
  EXPECT_EQ(config.space.CellCount(), 799U);
}

TEST_F(ShippedConfigsTest, LargeContextHasAPromptThatFillsItsBatches) {
  const SweepConfig config = LoadShipped("large-context.yaml");
  EXPECT_EQ(config.space.CellCount(), 24U);
  const int tokens = std::get<BuiltInPrompt>(config.prompt).tokens.value_or(0);
  EXPECT_LT(tokens + config.num_predict, config.space.ValuesOf(Parameter::kNumCtx).front());
  EXPECT_GE(tokens, 2 * config.space.ValuesOf(Parameter::kNumBatch).back());
}

}  // namespace
}  // namespace ollama_bench
