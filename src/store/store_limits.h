#pragma once

#include <chrono>
#include <cstdint>

namespace ollama_bench {

inline constexpr int kNewestSchema = 2;
inline constexpr std::int64_t kMostBytes = std::int64_t{256} << 20;  ///< of a store
inline constexpr int kDeepestNesting = 32;
/// Every integer up to here is exact in a double, and so for any reader of JSON.
inline constexpr std::int64_t kLargestInteger = std::int64_t{1} << 53;
inline constexpr double kHighestRate = 1e12;  ///< tokens/s
/// Up to here nanoseconds survive the way through a double of milliseconds: 15 digits.
inline constexpr std::chrono::nanoseconds kLongestDuration = std::chrono::hours(10 * 24);
inline constexpr std::size_t kLongestOutputTail = 8 * 1024;  ///< bytes

}  // namespace ollama_bench
