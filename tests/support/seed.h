#pragma once

#include <gtest/gtest.h>

#include <iostream>
#include <random>

namespace ollama_bench {

/// A seed for a randomised test, printed so that --gtest_random_seed can repeat the run.
inline unsigned PrintedSeed() {
  const int given = ::testing::UnitTest::GetInstance()->random_seed();
  const unsigned seed =
      given != 0 ? static_cast<unsigned>(given) : std::random_device()() % 99'999 + 1;
  std::cout << "seed " << seed << '\n';
  return seed;
}

}  // namespace ollama_bench
