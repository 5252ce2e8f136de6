#include "arrivals.h"

#include <cmath>
#include <utility>

namespace ollama_bench {

Arrivals::Time Arrivals::Take() {
  const double gap_s = kind_ == Arrival::kConstant ? gap_s_ : -std::log(random_.Uniform()) * gap_s_;
  const auto gap = std::chrono::duration_cast<Time::duration>(std::chrono::duration<double>(gap_s));
  return std::exchange(next_, next_ + gap);
}

}  // namespace ollama_bench
