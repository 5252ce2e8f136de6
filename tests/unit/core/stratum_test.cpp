#include "ollama_bench/core/stratum.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "support/pair.h"

namespace ollama_bench {
namespace {

Cell RandomCell(std::mt19937& random) {
  Cell cell;
  for (const ParameterInfo& info : AllParameters()) {
    if (random() % 2 == 0) cell.Set(info.parameter, info.lowest + static_cast<int>(random() % 2));
  }
  return cell;
}

TEST(StratumTest, SettingAndStratumAreACellsTwoParts) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    const Cell cell = RandomCell(random);
    const Cell other = RandomCell(random);
    for (const ParameterInfo& info : AllParameters()) {
      const bool is_of_setting = info.scope == Scope::kServer || info.scope == Scope::kModel;
      EXPECT_EQ(StratumOf(cell)[info.parameter], is_of_setting ? kAutoValue : cell[info.parameter]);
      EXPECT_EQ(SettingOf(cell)[info.parameter], is_of_setting ? cell[info.parameter] : kAutoValue);
    }
    EXPECT_EQ(WithStratum(SettingOf(cell), StratumOf(cell)), cell);
    EXPECT_EQ(SettingOf(WithStratum(cell, other)), SettingOf(cell));
    EXPECT_EQ(StratumOf(WithStratum(cell, other)), StratumOf(other));
  }
}

TEST(StratumTest, TheStrataCutASpaceIntoPartsWithoutACellInCommon) {
  Space space{{{Parameter::kNumPredict, {64, 2}},
               {Parameter::kNumThread, {4, 8, 12}},
               {Parameter::kPromptTokens, {512, 256, 1024}}}};
  const std::vector<Cell> strata = StrataOf(space);
  EXPECT_EQ(strata.size(), 6U);
  std::size_t cells = 0;
  for (const Cell& stratum : strata) {
    EXPECT_EQ(StratumOf(stratum), stratum);
    const Space part = InStratum(space, stratum);
    EXPECT_EQ(part.axes.size(), space.axes.size()) << "axes of one value are axes";
    EXPECT_EQ(part.ValuesOf(Parameter::kNumThread), space.ValuesOf(Parameter::kNumThread));
    cells += part.CellCount();
    for (const int threads : {4, 8, 12}) {
      const Cell cell = stratum.With(Parameter::kNumThread, threads);
      EXPECT_TRUE(space.Contains(cell));
      for (const Cell& other : strata) {
        EXPECT_EQ(InStratum(space, other).Contains(cell), other == stratum);
      }
    }
  }
  EXPECT_EQ(cells, space.CellCount());
  EXPECT_EQ(std::set<Cell>(strata.begin(), strata.end()).size(), strata.size());
}

TEST(StratumTest, ACellIsOfOneSubjectOneServerAndOneLoad) {
  const Cell cell = Cell(4096, 512)
                        .With(Parameter::kOllama, ValueOfName("/opt/ollama"))
                        .With(Parameter::kModel, ValueOfName("qwen3:4b"))
                        .With(Parameter::kNumParallel, 2)
                        .With(Parameter::kNumPredict, 64);
  EXPECT_EQ(NameOf(SubjectOf(cell)), "ollama=/opt/ollama model=qwen3:4b");
  EXPECT_EQ(NameOf(ServerOf(cell)), "ollama=/opt/ollama num_parallel=2");
  EXPECT_EQ(LoadOf(cell), cell.With(Parameter::kNumPredict, kAutoValue));
}

TEST(StratumTest, ASpaceThatVariesNoRequestIsOneStratum) {
  const Space space = PairSpace({1024, 2048}, {64});
  EXPECT_EQ(StrataOf(space), std::vector<Cell>{Cell()});
  EXPECT_EQ(InStratum(space, Cell()), space);
  EXPECT_EQ(StrataOf(Space()), std::vector<Cell>{Cell()});
}

}  // namespace
}  // namespace ollama_bench
