#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// Which tables of an experiment are shown. Parameters beyond two give one table for each
/// combination of their values.
struct Slice {
  std::optional<Parameter> across;  ///< empty: chosen, as is `down`
  std::optional<Parameter> down;
  std::vector<Axis> where;  ///< only cells that have one of the values, auto among them
};

/// Whether the cell has one of the values that `where` asks for, of each parameter.
bool IsChosen(const Cell& cell, const Slice& slice);

/// The most tables that one picture or report holds.
inline constexpr std::size_t kMostTables = 64;

/// The planned axes (empty where they are not known) united with the values of the cells that
/// `results` holds, each ascending, in the order of the parameters. A plan of more than kMostCells
/// cells is not believed. An error where the cells present span more than that.
Expected<Space, std::string> UnitedSpace(const std::vector<CellResult>& results,
                                         const Space& planned);

/// The tables of the slice, ordered by the values of the parameters beyond two, at least one.
/// Where they are left open, the two parameters with more than one value that come first in the
/// table of parameters become axes, num_ctx across; a space of one axis has one row, one without
/// axes no cell. Errors: a parameter that the space lacks; a value that no cell has.
Expected<std::vector<Grid>, std::string> AllGridsOf(const Space& space, const Slice& slice);
/// The same for what is drawn or printed table by table: an error, too, for more than kMostTables.
Expected<std::vector<Grid>, std::string> GridsOf(const Space& space, const Slice& slice);

/// One table for a plot of lines: a column for each value of one parameter, a row for each of a
/// second, if any. `across` left open is the parameter with the most values. Errors: as of GridsOf,
/// and more than two parameters with several values, in words that say which to hold.
Expected<std::vector<Grid>, std::string> LinesOf(const Space& space, const Slice& slice);

}  // namespace ollama_bench
