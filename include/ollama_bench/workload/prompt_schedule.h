#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ollama_bench {

/// One of several parts of a data set that are asked apart.
struct Shard {
  std::size_t number = 1;  ///< from 1
  std::size_t count = 1;

  /// Every entry is in one of the `count` shards, whatever their number is.
  [[nodiscard]] bool Holds(std::size_t index) const { return index % count == number - 1; }
  friend bool operator==(const Shard&, const Shard&) = default;
};

/// "2/4"; empty where `text` is none.
std::optional<Shard> ParseShard(std::string_view text);

/// One request: which entry, and how often it was asked when it is answered.
struct PromptTurn {
  std::size_t item = 0;
  int repeat = 1;

  friend bool operator==(const PromptTurn&, const PromptTurn&) = default;
};

/// The requests of a pass over the shard's entries of `items`: once each in their order, or for
/// more repeats in rounds, each of them in a random order of its own that `seed` decides. So drift
/// of the machine shows in the repeats, and not as a difference between prompts.
std::vector<PromptTurn> PlanTurns(std::size_t items, const Shard& shard, int repeats,
                                  std::uint64_t seed);

}  // namespace ollama_bench
