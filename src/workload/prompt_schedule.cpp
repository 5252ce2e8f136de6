#include "ollama_bench/workload/prompt_schedule.h"

#include <charconv>
#include <utility>

#include "ollama_bench/core/random.h"

namespace ollama_bench {

std::optional<Shard> ParseShard(std::string_view text) {
  Shard shard;
  const char* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, shard.number);
  if (number.ec != std::errc() || number.ptr == end || *number.ptr != '/') return std::nullopt;
  const auto count = std::from_chars(number.ptr + 1, end, shard.count);
  if (count.ec != std::errc() || count.ptr != end) return std::nullopt;
  if (shard.number < 1 || shard.number > shard.count) return std::nullopt;
  return shard;
}

std::vector<PromptTurn> PlanTurns(std::size_t items, const Shard& shard, int repeats,
                                  std::uint64_t seed) {
  std::vector<PromptTurn> turns;
  Random random(seed);
  for (int repeat = 1; repeat <= repeats; ++repeat) {
    const std::size_t begin = turns.size();
    for (std::size_t item = shard.number - 1; item < items; item += shard.count) {
      turns.push_back({item, repeat});
    }
    if (repeats == 1) break;
    // Fisher and Yates.
    for (std::size_t left = turns.size() - begin; left > 1; --left) {
      std::swap(turns[begin + left - 1], turns[begin + random.Below(left)]);
    }
  }
  return turns;
}

}  // namespace ollama_bench
