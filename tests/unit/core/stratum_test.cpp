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

TEST(StratumTest, SettingAndRequestAreACellsTwoParts) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    const Cell cell = RandomCell(random);
    const Cell other = RandomCell(random);
    for (const ParameterInfo& info : AllParameters()) {
      const bool is_of_request = info.scope != Scope::kModel;
      EXPECT_EQ(RequestOf(cell)[info.parameter], is_of_request ? cell[info.parameter] : kAutoValue);
      EXPECT_EQ(SettingOf(cell)[info.parameter], is_of_request ? kAutoValue : cell[info.parameter]);
    }
    EXPECT_EQ(WithRequest(SettingOf(cell), RequestOf(cell)), cell);
    EXPECT_EQ(SettingOf(WithRequest(cell, other)), SettingOf(cell));
    EXPECT_EQ(RequestOf(WithRequest(cell, other)), RequestOf(other));
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
    EXPECT_EQ(RequestOf(stratum), stratum);
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

TEST(StratumTest, ASpaceThatVariesNoRequestIsOneStratum) {
  const Space space = PairSpace({1024, 2048}, {64});
  EXPECT_EQ(StrataOf(space), std::vector<Cell>{Cell()});
  EXPECT_EQ(InStratum(space, Cell()), space);
  EXPECT_EQ(StrataOf(Space()), std::vector<Cell>{Cell()});
}

}  // namespace
}  // namespace ollama_bench
