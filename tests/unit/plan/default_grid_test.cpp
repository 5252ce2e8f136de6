#include "ollama_bench/plan/default_grid.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ollama_bench/plan/prompt_plan.h"
#include "support/pair.h"

namespace ollama_bench {
namespace {

constexpr std::int64_t kGiB = std::int64_t{1} << 30;

GridFacts Trained(std::int64_t tokens) {
  return {tokens, std::nullopt, std::nullopt, std::nullopt, std::nullopt};
}

TEST(DefaultGridTest, KnowsTheGridsOfUsualModels) {
  EXPECT_EQ(CompleteSpace({}, Trained(8192), GridSize::kSweep),
            PairSpace({2048, 4096, 8192}, {64, 128, 256, 512}));
  EXPECT_EQ(CompleteSpace({}, Trained(40960), GridSize::kSweep),
            PairSpace({4096, 8192, 16384, 32768}, {128, 256, 512, 1024}));
  EXPECT_EQ(CompleteSpace({}, Trained(2048), GridSize::kSweep),
            PairSpace({512, 1024, 2048}, {16, 32, 64, 128}));
}

TEST(DefaultGridTest, KeepsAnAxisThatIsGiven) {
  const Space contexts =
      CompleteSpace({{{Parameter::kNumCtx, {5000, 3000}}}}, Trained(8192), GridSize::kSweep);
  EXPECT_EQ(contexts.ValuesOf(Parameter::kNumCtx), (std::vector<int>{5000, 3000}));
  EXPECT_EQ(contexts.ValuesOf(Parameter::kNumBatch).back(), 1024);
  const Space batches =
      CompleteSpace({{{Parameter::kNumBatch, {7}}}}, Trained(8192), GridSize::kSearch);
  EXPECT_EQ(batches.ValuesOf(Parameter::kNumBatch), (std::vector<int>{7}));
}

TEST(DefaultGridTest, AddsTheAxisThatIsMissingBehindWhatIsGiven) {
  Space given{{{Parameter::kNumThread, {4}}, {Parameter::kNumBatch, {7}}}};
  const Space space = CompleteSpace(given, Trained(8192), GridSize::kSweep);
  ASSERT_EQ(space.axes.size(), 3U) << "one value of another parameter is no sweep of it";
  EXPECT_EQ(space.axes[0], given.axes[0]);
  EXPECT_EQ(space.axes[1], given.axes[1]);
  EXPECT_EQ(space.axes[2].parameter, Parameter::kNumCtx);
}

TEST(DefaultGridTest, LeavesASpaceThatSweepsAnotherParameterAsItIs) {
  for (const ParameterInfo& info : AllParameters()) {
    if (info.parameter == Parameter::kNumCtx || info.parameter == Parameter::kNumBatch) continue;
    const Space given{{{info.parameter, {info.lowest, info.lowest + 1}}}};
    EXPECT_EQ(CompleteSpace(given, Trained(8192), GridSize::kSweep), given) << info.key;
  }
}

TEST(DefaultGridTest, TheKvCacheMustFitBesideTheWeights) {
  // 40 GiB free, weights of 10 GiB and a tenth: 29 GiB for 1 MiB a token.
  const GridFacts facts{131072, 40 * kGiB, 100 * kGiB, 10 * kGiB, 1 << 20};
  EXPECT_EQ(LargestSensibleContext(facts), 29 * 1024);
  EXPECT_EQ(CompleteSpace({}, facts, GridSize::kSweep).ValuesOf(Parameter::kNumCtx).back(), 16384);
  EXPECT_LE(CompleteSpace({}, facts, GridSize::kSearch).ValuesOf(Parameter::kNumCtx).back(),
            29 * 1024);
}

TEST(DefaultGridTest, EveryGridIsSmallAscendingWithinItsLimitsAndWarnsOfNothing) {
  for (std::int64_t trained = 1; trained < 3'000'000; trained += 1 + trained / 7) {
    for (const GridSize size : {GridSize::kSweep, GridSize::kSearch}) {
      const Space space = CompleteSpace({}, Trained(trained), size);
      const std::int64_t largest = LargestSensibleContext(Trained(trained));
      ASSERT_EQ(space.axes.size(), 2U);
      for (const Axis& axis : space.axes) {
        ASSERT_FALSE(axis.values.empty()) << trained;
        EXPECT_EQ(
            std::adjacent_find(axis.values.begin(), axis.values.end(), std::greater_equal<>()),
            axis.values.end())
            << trained;
        EXPECT_GT(axis.values.front(), 0) << trained;
      }
      EXPECT_LE(space.CellCount(), size == GridSize::kSweep ? 16U : 24U * 16U) << trained;
      EXPECT_LE(space.ValuesOf(Parameter::kNumCtx).back(), largest) << trained;
      const PromptFacts facts{BuiltInPromptTokens(space, 2), 2, largest, true};
      EXPECT_TRUE(PlanWarnings(space, facts).empty())
          << trained << ": " << PlanWarnings(space, facts).front().message;
    }
  }
}

// Weights of 14 GiB, 192 KiB a token.
GridFacts Machine(std::optional<double> gpu_gib, double ram_gib) {
  GridFacts facts{131072, std::nullopt, static_cast<std::int64_t>(ram_gib * kGiB), 14 * kGiB,
                  192 * 1024};
  if (gpu_gib) facts.gpu_bytes = static_cast<std::int64_t>(*gpu_gib * kGiB);
  return facts;
}

TEST(DefaultGridTest, NoAmountOfMemoryLeavesContextsThatNobodyUses) {
  for (const GridSize size : {GridSize::kSweep, GridSize::kSearch}) {
    for (double gib = 0.5; gib < 64; gib += 0.5) {
      for (const auto& gpu : {std::optional<double>(), std::optional<double>(gib)}) {
        const GridFacts facts = Machine(gpu, gpu ? 32 : gib);
        const Space space = CompleteSpace({}, facts, size);
        const std::vector<int>& contexts = space.ValuesOf(Parameter::kNumCtx);
        EXPECT_GE(contexts.back(), 4096) << gib;
        EXPECT_GE(contexts.size(), 3U) << gib;
        EXPECT_GE(space.ValuesOf(Parameter::kNumBatch).back(), 128) << gib;
      }
    }
  }
}

TEST(DefaultGridTest, SaysWhatFitsAndWhyWhereMemoryBoundsTheGrid) {
  const auto notes_of = [](const GridFacts& facts) {
    return GridNotes({}, CompleteSpace({}, facts, GridSize::kSweep), facts);
  };
  EXPECT_TRUE(notes_of(Machine(60, 64)).empty());
  EXPECT_TRUE(notes_of(Trained(8192)).empty()) << "memory is not known";
  const auto spills = notes_of(Machine(15, 64));
  ASSERT_EQ(spills.size(), 1U);
  EXPECT_NE(spills[0].find("0 tokens fit on the GPU"), std::string::npos) << spills[0];
  EXPECT_NE(spills[0].find("15.0 GB"), std::string::npos) << "the weights: " << spills[0];
  const auto lacks = notes_of(Machine(std::nullopt, 15));
  ASSERT_EQ(lacks.size(), 1U);
  EXPECT_NE(lacks[0].find("may fail or be slow"), std::string::npos) << lacks[0];
}

TEST(DefaultGridTest, SaysThatASmallContextBoundsTheBatches) {
  const Space given{{{Parameter::kNumCtx, {256, 32768}}}};
  const Space space = CompleteSpace(given, Trained(131072), GridSize::kSweep);
  const auto notes = GridNotes(given, space, Trained(131072));
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_EQ(notes[0].substr(0, 29), "num_batch up to 64 was chosen");
}

TEST(DefaultGridTest, ASearchOfASmallModelHasSeveralContexts) {
  for (const int trained : {2048, 2500, 4096, 5000}) {
    const Space space = CompleteSpace({}, Trained(trained), GridSize::kSearch);
    EXPECT_GE(space.ValuesOf(Parameter::kNumCtx).size(), 2U) << trained;
  }
}

TEST(DefaultGridTest, LengthsDoubleUpToWhatTheModelHoldsInOneContext) {
  const Space usual = CompleteLengths({}, Trained(8192), 64);
  EXPECT_EQ(usual.ValuesOf(Parameter::kPromptTokens),
            (std::vector<int>{64, 128, 256, 512, 1024, 2048, 4096}));
  EXPECT_EQ(usual.ValuesOf(Parameter::kNumCtx), std::vector<int>{4352});
  EXPECT_EQ(usual.Find(Parameter::kNumBatch), nullptr) << "the setting stays as it is";
  const Space small = CompleteLengths({}, Trained(2048), 64);
  EXPECT_EQ(small.ValuesOf(Parameter::kPromptTokens).back(), 1024);
  Space given;
  given.Set(Parameter::kPromptTokens, {100, 9000});
  EXPECT_EQ(CompleteLengths(given, Trained(40960), 64).ValuesOf(Parameter::kNumCtx),
            std::vector<int>{9216});
  given.Set(Parameter::kNumCtx, {16384});
  EXPECT_EQ(CompleteLengths(given, Trained(40960), 64), given);
}

}  // namespace
}  // namespace ollama_bench
