#include "ollama_bench/core/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace ollama_bench {
namespace {

bool IsEvenlySpaced(const std::vector<int>& values) {
  if (values.size() < 2 || values[1] <= values[0]) return false;
  const int step = values[1] - values[0];
  for (std::size_t i = 2; i < values.size(); ++i) {
    if (values[i] - values[i - 1] != step) return false;
  }
  return true;
}

bool Holds(const Axis& axis, int value) {
  return std::find(axis.values.begin(), axis.values.end(), value) != axis.values.end();
}

// Reads one positive integer off the front of `text`.
std::optional<int> TakeInteger(std::string_view& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value <= 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool TakeCharacter(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

// The same bound as for a configuration, so that a damaged range cannot exhaust the memory.
constexpr int kMostValues = 100'000;

std::optional<Axis> ParseRange(int start, std::string_view text) {
  const auto end = TakeInteger(text);
  if (!end || !TakeCharacter(text, ':')) return std::nullopt;
  const auto step = TakeInteger(text);
  if (!step || !text.empty() || *end < start || (*end - start) / *step >= kMostValues) {
    return std::nullopt;
  }
  Axis axis;
  for (long value = start; value <= *end; value += *step) {
    axis.values.push_back(static_cast<int>(value));
  }
  return axis;
}

}  // namespace

std::optional<Axis> ParseAxis(std::string_view text) {
  const auto first = TakeInteger(text);
  if (!first) return std::nullopt;
  if (TakeCharacter(text, '-')) return ParseRange(*first, text);
  Axis axis{{*first}};
  while (TakeCharacter(text, ',')) {
    const auto value = TakeInteger(text);
    if (!value) return std::nullopt;
    axis.values.push_back(*value);
  }
  if (!text.empty()) return std::nullopt;
  return axis;
}

bool Grid::Contains(const Cell& cell) const {
  return Holds(num_ctx, cell.num_ctx) && Holds(num_batch, cell.num_batch);
}

std::string DescribeAxis(const Axis& axis) {
  if (IsEvenlySpaced(axis.values)) {
    return fmt::format("{}-{}:{}", axis.values.front(), axis.values.back(),
                       axis.values[1] - axis.values[0]);
  }
  return fmt::format("{}", fmt::join(axis.values, ","));
}

}  // namespace ollama_bench
