#pragma once

#include <optional>
#include <vector>

namespace ollama_bench {

/// The middle value, or the mean of the two middle ones; empty where there are no values.
std::optional<double> Median(std::vector<double> values);

}  // namespace ollama_bench
