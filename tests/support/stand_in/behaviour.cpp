#include "support/stand_in/behaviour.h"

#include <cstdio>
#include <utility>

namespace ollama_bench::stand_in {

Behaviour::Behaviour(std::string version) : version_(std::move(version)) {
  // Parts that are missing stay zero.
  std::sscanf(version_.c_str(), "%d.%d.%d", &number_[0], &number_[1], &number_[2]);
}

std::chrono::nanoseconds Behaviour::single_token() const {
  if (AtLeast(0, 30, 0)) return std::chrono::microseconds(1);
  if (AtLeast(0, 13, 0)) return std::chrono::nanoseconds(0);
  return std::chrono::nanoseconds(781'897);
}

}  // namespace ollama_bench::stand_in
