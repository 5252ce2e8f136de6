#include "ollama_bench/core/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <limits>
#include <set>
#include <utility>

namespace ollama_bench {
namespace {

bool IsEvenlySpaced(const Axis& axis) {
  const std::vector<int>& values = axis.values;
  if (Describe(axis.parameter).type != ParameterType::kCount) return false;
  if (values.size() < 2 || values[0] == kAutoValue || values[1] <= values[0]) return false;
  const std::int64_t step = values[1] - values[0];
  for (std::size_t i = 2; i < values.size(); ++i) {
    if (std::int64_t{values[i]} - values[i - 1] != step) return false;
  }
  return true;
}

std::optional<std::size_t> PlaceOn(const Axis& axis, const Cell& cell) {
  const auto found = std::find(axis.values.begin(), axis.values.end(), cell[axis.parameter]);
  if (found == axis.values.end()) return std::nullopt;
  return static_cast<std::size_t>(found - axis.values.begin());
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

// So that a damaged range cannot exhaust the memory.
constexpr int kMostValues = static_cast<int>(kMostCells);

std::optional<std::vector<int>> ParseRange(int start, std::string_view text) {
  const auto end = TakeInteger(text);
  if (!end || !TakeCharacter(text, ':')) return std::nullopt;
  const auto step = TakeInteger(text);
  if (!step || !text.empty() || *end < start || (*end - start) / *step >= kMostValues) {
    return std::nullopt;
  }
  std::vector<int> values;
  for (long value = start; value <= *end; value += *step) values.push_back(static_cast<int>(value));
  return values;
}

}  // namespace

std::optional<Axis> ParseAxis(Parameter parameter, std::string_view text) {
  const auto first = TakeInteger(text);
  if (!first) return std::nullopt;
  if (TakeCharacter(text, '-')) {
    auto values = ParseRange(*first, text);
    if (!values) return std::nullopt;
    return Axis{parameter, std::move(*values)};
  }
  Axis axis{parameter, {*first}};
  while (TakeCharacter(text, ',')) {
    const auto value = TakeInteger(text);
    if (!value) return std::nullopt;
    axis.values.push_back(*value);
  }
  const std::set<int> distinct(axis.values.begin(), axis.values.end());
  if (!text.empty() || distinct.size() != axis.values.size()) return std::nullopt;
  return axis;
}

std::size_t Space::CellCount() const {
  if (axes.empty()) return 0;
  std::size_t count = 1;
  for (const Axis& axis : axes) {
    if (__builtin_mul_overflow(count, axis.values.size(), &count)) {
      return std::numeric_limits<std::size_t>::max();
    }
  }
  return count;
}

bool Space::Contains(const Cell& cell) const {
  Cell others = cell;
  for (const Axis& axis : axes) {
    if (!PlaceOn(axis, cell)) return false;
    others.Set(axis.parameter, kAutoValue);
  }
  return !axes.empty() && others == Cell();
}

const Axis* Space::Find(Parameter parameter) const {
  const auto found = std::find_if(axes.begin(), axes.end(), [parameter](const Axis& axis) {
    return axis.parameter == parameter;
  });
  return found == axes.end() ? nullptr : &*found;
}

const std::vector<int>& Space::ValuesOf(Parameter parameter) const {
  static const std::vector<int> kNone;
  const Axis* axis = Find(parameter);
  return axis != nullptr ? axis->values : kNone;
}

void Space::Set(Parameter parameter, std::vector<int> values) {
  const auto found = std::find_if(axes.begin(), axes.end(), [parameter](const Axis& axis) {
    return axis.parameter == parameter;
  });
  if (values.empty()) {
    if (found != axes.end()) axes.erase(found);
  } else if (found != axes.end()) {
    found->values = std::move(values);
  } else {
    axes.push_back({parameter, std::move(values)});
  }
}

Space AxesOf(std::span<const Cell> cells) {
  Space space;
  for (const ParameterInfo& info : AllParameters()) {
    std::set<int, ValueOrder> values(ValueOrder{info.parameter});
    for (const Cell& cell : cells) values.insert(cell[info.parameter]);
    const bool is_set = !values.empty() && *values.rbegin() != kAutoValue;
    if (is_set) space.Set(info.parameter, {values.begin(), values.end()});
  }
  return space;
}

std::optional<std::size_t> Grid::PlaceOf(const Cell& cell) const {
  const auto column = PlaceOn(across, cell);
  const auto row = PlaceOn(down, cell);
  if (!column || !row || CellAt(*row, *column) != cell) return std::nullopt;
  return *row * across.values.size() + *column;
}

std::string LabelOf(const Axis& axis, std::size_t place) {
  return FormatValue(axis.parameter, axis.values[place]);
}

std::string DescribeAxis(const Axis& axis) {
  if (IsEvenlySpaced(axis)) {
    return fmt::format("{}-{}:{}", axis.values.front(), axis.values.back(),
                       axis.values[1] - axis.values[0]);
  }
  std::string text;
  for (std::size_t i = 0; i < axis.values.size(); ++i) {
    if (i > 0) text += ',';
    text += LabelOf(axis, i);
  }
  return text;
}

namespace {

std::vector<int> Beside(const std::set<int>& values, int value) {
  std::vector<int> beside;
  const auto place = values.find(value);
  if (place == values.end()) return beside;
  if (place != values.begin()) beside.push_back(*std::prev(place));
  if (std::next(place) != values.end()) beside.push_back(*std::next(place));
  return beside;
}

}  // namespace

void CellNeighbours::Add(const Cell& cell) {
  for (const ParameterInfo& info : AllParameters()) {
    if (!cell.Sets(info.parameter)) continue;
    values_[static_cast<std::size_t>(info.parameter)].insert(cell[info.parameter]);
  }
}

std::vector<Cell> CellNeighbours::Of(const Cell& cell) const {
  std::vector<Cell> cells;
  for (const ParameterInfo& info : AllParameters()) {
    if (info.type != ParameterType::kCount) continue;
    const auto& values = values_[static_cast<std::size_t>(info.parameter)];
    for (const int value : Beside(values, cell[info.parameter])) {
      cells.push_back(cell.With(info.parameter, value));
    }
  }
  return cells;
}

}  // namespace ollama_bench
