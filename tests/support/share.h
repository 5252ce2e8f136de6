#pragma once

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "support/seed.h"

namespace ollama_bench {

/// How often a long test repeats, and where its random numbers begin.
struct Share {
  int count = 0;
  unsigned seed = 0;
};

/// Whether the full counts are asked for; ctest's label "long" does it.
inline bool FullCountsWanted() {
  const char* wanted = std::getenv("OLLAMA_BENCH_FULL_COUNTS");
  return wanted != nullptr && std::string_view(wanted) == "1";
}

/// `full` repetitions where they are asked for, otherwise `usual` ones with a fixed seed. Prints
/// both. For suites whose name ends in LongTest: ctest has them twice.
inline Share TakeShare(int usual, int full) {
  if (!FullCountsWanted()) return {usual, 20261121};
  const Share share{full, PrintedSeed()};
  std::cout << "count " << share.count << '\n';
  return share;
}

}  // namespace ollama_bench
