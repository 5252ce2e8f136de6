#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/core/cell.h"

namespace ollama_bench {

/// The values of one parameter, distinct, in the order they are visited.
struct Axis {
  Parameter parameter{};
  std::vector<int> values;

  /// Whether no cell sets the parameter: the axis of a table of one row.
  [[nodiscard]] bool IsAuto() const { return values.size() == 1 && values.front() == kAutoValue; }
  friend bool operator==(const Axis&, const Axis&) = default;
};

/// The most cells that an experiment, and so a results file, may have.
inline constexpr std::size_t kMostCells = 100'000;

/// The axes of an experiment, each parameter once, in the order they were written. Its cells are
/// all combinations; a parameter without an axis is auto.
struct Space {
  std::vector<Axis> axes;

  /// 0 without axes; of more cells than fit into size_t, the largest size_t.
  [[nodiscard]] std::size_t CellCount() const;
  [[nodiscard]] bool Contains(const Cell& cell) const;
  /// Null where the parameter has none.
  [[nodiscard]] const Axis* Find(Parameter parameter) const;
  /// The values of the parameter; none where it has no axis.
  [[nodiscard]] const std::vector<int>& ValuesOf(Parameter parameter) const;
  /// Replaces the parameter's axis in its place, or appends it; without values, removes it.
  void Set(Parameter parameter, std::vector<int> values);

  friend bool operator==(const Space&, const Space&) = default;
};

/// An axis for each parameter that a cell sets, in their order: the cells' values, auto among them,
/// ascending.
Space AxesOf(std::span<const Cell> cells);

/// Two axes of a space, what a table or a picture shows. All other parameters have one value.
struct Grid {
  Axis across{kUsualAcross, {}};  ///< one column each
  Axis down{kUsualDown, {}};      ///< one row each
  Cell fixed;                     ///< the values of all other parameters

  [[nodiscard]] std::size_t CellCount() const { return across.values.size() * down.values.size(); }
  [[nodiscard]] Cell CellAt(std::size_t row, std::size_t column) const {
    return fixed.With(across.parameter, across.values[column])
        .With(down.parameter, down.values[row]);
  }
  /// Where `cell` is, row after row; empty where it is none of the grid's.
  [[nodiscard]] std::optional<std::size_t> PlaceOf(const Cell& cell) const;
  [[nodiscard]] bool Contains(const Cell& cell) const { return PlaceOf(cell).has_value(); }
  friend bool operator==(const Grid&, const Grid&) = default;
};

/// FormatValue of the axis' value at `place`.
std::string LabelOf(const Axis& axis, std::size_t place);

/// "1024-3072:1024" for an evenly spaced ascending axis of two or more values (the old script's
/// spelling), otherwise the values joined by commas.
std::string DescribeAxis(const Axis& axis);

/// The axis that DescribeAxis wrote for a parameter of whole numbers from 1; empty where `text` is
/// none (a hand-edited store).
std::optional<Axis> ParseAxis(Parameter parameter, std::string_view text);

/// The cells beside a cell along each axis of counts, whose values are those of the cells added.
class CellNeighbours {
 public:
  void Add(const Cell& cell);
  /// At most two an axis, whether added or not; along an axis none where its value of `cell` is not
  /// known.
  [[nodiscard]] std::vector<Cell> Of(const Cell& cell) const;

 private:
  std::array<std::set<int>, kParameterCount> values_;
};

}  // namespace ollama_bench
