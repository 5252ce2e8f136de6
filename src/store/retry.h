#pragma once

#include <cerrno>

namespace ollama_bench {

/// Repeats `call` while a signal interrupts it; bounded, since a broken system could do so for
/// ever.
template <class Call>
auto RetryInterrupted(Call&& call) {
  constexpr int kMostTries = 100;
  auto result = call();
  for (int i = 1; i < kMostTries && !result && result.error().code == EINTR; ++i) result = call();
  return result;
}

}  // namespace ollama_bench
