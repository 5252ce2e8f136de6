#include "ollama_bench/plan/doubted_cells.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace ollama_bench {
namespace {

using Cells = std::vector<Cell>;
using Rates = std::map<Cell, double>;

constexpr double kMargin = 0.15;

template <class RateOf>
Rates Grid(int contexts, int batches, RateOf rate_of) {
  Rates rates;
  for (int c = 0; c < contexts; ++c) {
    for (int b = 0; b < batches; ++b) rates[{1024 * (c + 1), 64 * (b + 1)}] = rate_of(c, b);
  }
  return rates;
}

Rates Flat(int contexts, int batches) {
  return Grid(contexts, batches, [](int, int) { return 100.0; });
}

TEST(DoubtedCellsTest, NoneOfAFlatOrASingleOrNoGrid) {
  EXPECT_EQ(DoubtedCells(Flat(4, 4), kMargin, 5), Cells());
  EXPECT_EQ(DoubtedCells(Flat(1, 1), kMargin, 5), Cells());
  EXPECT_EQ(DoubtedCells({}, kMargin, 5), Cells());
}

TEST(DoubtedCellsTest, OfAFlatGridEverySpellOfUpToAColumnIsSeenWhereverItFalls) {
  const Rates flat = Flat(5, 4);
  Cells order;
  for (const auto& [cell, rate] : flat) order.push_back(cell);
  for (std::size_t length = 1; length <= 4; ++length) {
    for (std::size_t start = 0; start + length <= order.size(); ++start) {
      Rates rates = flat;
      const auto first = order.begin() + static_cast<std::ptrdiff_t>(start);
      const Cells slow(first, first + static_cast<std::ptrdiff_t>(length));
      for (const Cell& cell : slow) rates[cell] = 80;
      Cells doubted = DoubtedCells(rates, kMargin, order.size());
      std::sort(doubted.begin(), doubted.end());
      EXPECT_EQ(doubted, slow) << "from " << start << ", " << length << " cells";
    }
  }
}

TEST(DoubtedCellsTest, ADipOfLessThanFivePerCentIsNoDoubt) {
  Rates rates = Flat(3, 3);
  rates[{2048, 128}] = 95.1;
  EXPECT_EQ(DoubtedCells(rates, kMargin, 5), Cells());
  rates[{2048, 128}] = 94.9;
  EXPECT_EQ(DoubtedCells(rates, kMargin, 5), (Cells{{2048, 128}}));
}

TEST(DoubtedCellsTest, ADipFarBelowTheBestCannotHideIt) {
  Rates rates = Grid(6, 3, [](int c, int) { return c < 3 ? 100.0 : 60.0; });
  rates[{1024 * 5, 128}] = 50;
  EXPECT_EQ(DoubtedCells(rates, kMargin, 5), Cells());
}

TEST(DoubtedCellsTest, OfACliffOnlyTheTwoEndsAtTheEdgesAreDoubted) {
  const Rates cliff = Grid(8, 8, [](int c, int b) { return c + b < 9 ? 100.0 : 55.0; });
  EXPECT_EQ(DoubtedCells(cliff, kMargin, 64), (Cells{{1024 * 3, 64 * 8}, {1024 * 8, 64 * 3}}));
}

TEST(DoubtedCellsTest, ASlopeThatFlattensIsNotDoubted) {
  const Rates slope = Grid(6, 8, [](int c, int b) {
    const double batch = 64 * (b + 1);
    return 900 * batch / (batch + 200) / (1 + c / 8.0);
  });
  EXPECT_EQ(DoubtedCells(slope, kMargin, 64), Cells());
}

TEST(DoubtedCellsTest, KeepsThoseOfWhichTheMostIsSuggested) {
  Rates rates = Grid(9, 3, [](int c, int) { return 100.0 + c; });
  for (const int c : {2, 5, 8}) rates[{1024 * c, 128}] = 80;
  EXPECT_EQ(DoubtedCells(rates, kMargin, 2), (Cells{{1024 * 8, 128}, {1024 * 5, 128}}));
}

TEST(DoubtedCellsTest, WhatItDoubtsDoesNotDependOnTheUnit) {
  std::mt19937 engine(7);
  std::uniform_real_distribution<double> rate(70, 100);
  for (int i = 0; i < 200; ++i) {
    Rates rates = Grid(5, 5, [&](int, int) { return rate(engine); });
    const Cells doubted = DoubtedCells(rates, kMargin, 25);
    EXPECT_FALSE(doubted.empty());
    for (auto& [cell, value] : rates) value *= 0.125;
    EXPECT_EQ(DoubtedCells(rates, kMargin, 25), doubted);
  }
}

}  // namespace
}  // namespace ollama_bench
