#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/random.h"

namespace ollama_bench {

/// Numbers of loads below are of older files, in which every sweep counted from 1.
inline constexpr std::int64_t kFirstUniqueLoad = std::int64_t{1} << 32;

/// Makes ULIDs (github.com/ulid/spec): 48 bits of Unix time in milliseconds, 80 random bits, 26
/// characters of Crockford's base 32. The ids of one source ascend strictly, also within a
/// millisecond and when the clock is set back. `clock` must outlive it. Not thread-safe.
class UlidSource {
 public:
  explicit UlidSource(Clock& clock, std::function<std::uint64_t()> random = SystemRandom());

  std::string Next();
  /// A number for a load of the model: random, at least kFirstUniqueLoad and below 2^53, so that no
  /// two stores, nor copies of one store, ever give the same. It says nothing of the order.
  std::int64_t NextLoad();

 private:
  void Increment();

  Clock* clock_;
  std::function<std::uint64_t()> random_;
  std::uint64_t milliseconds_ = 0;  ///< of the last id
  std::uint64_t high_ = 0;          ///< its upper 40 random bits
  std::uint64_t low_ = 0;           ///< and the lower 40
  bool any_ = false;
};

}  // namespace ollama_bench
