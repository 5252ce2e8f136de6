#pragma once

#include <deque>

#include "ollama_bench/sweep/server_watch.h"

namespace ollama_bench {

/// A machine that says of its server what the test wants.
class FakeServerWatch : public ServerWatch {
 public:
  void Begin() override { ++begun; }
  ServerFate Look() override {
    if (fates.empty()) return {};
    const ServerFate fate = fates.front();
    fates.pop_front();
    return fate;
  }

  std::deque<ServerFate> fates;  ///< one per look; empty: nothing is seen
  int begun = 0;
};

}  // namespace ollama_bench
