#include "ollama_bench/analysis/slice.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace ollama_bench {
namespace {

using Problem = Unexpected<std::string>;

Space Unite(const std::vector<CellResult>& results, const Space& planned) {
  Space space;
  for (const ParameterInfo& info : AllParameters()) {
    const std::vector<int>& of_plan = planned.ValuesOf(info.parameter);
    std::set<int, ValueOrder> values(of_plan.begin(), of_plan.end(), ValueOrder{info.parameter});
    for (const CellResult& result : results) values.insert(result.cell[info.parameter]);
    const bool is_set = !of_plan.empty() || (!values.empty() && *values.rbegin() != kAutoValue);
    if (is_set) space.Set(info.parameter, {values.begin(), values.end()});
  }
  return space;
}

std::string DescribeSpan(const Space& space) {
  std::vector<std::string> parts;
  for (const Axis& axis : space.axes) {
    parts.push_back(fmt::format("{} {}", axis.values.size(), KeyOf(axis.parameter)));
  }
  return fmt::format("{}", fmt::join(parts, " and "));
}

// `space` cut down to the values that the slice asks for.
Expected<Space, std::string> Restrict(Space space, const Slice& slice) {
  for (const Axis& wanted : slice.where) {
    const std::vector<int>& values = space.ValuesOf(wanted.parameter);
    for (const int value : wanted.values) {
      if (std::find(values.begin(), values.end(), value) != values.end()) continue;
      return Problem(fmt::format("no cell has {}={}", KeyOf(wanted.parameter),
                                 FormatValue(wanted.parameter, value)));
    }
    const std::set<int, ValueOrder> chosen(wanted.values.begin(), wanted.values.end(),
                                           ValueOrder{wanted.parameter});
    space.Set(wanted.parameter, {chosen.begin(), chosen.end()});
  }
  return space;
}

/// The two axes of the tables.
struct AxisPair {
  Parameter across = kUsualAcross;
  Parameter down = kUsualDown;
};

// Of the axes that are not taken, the first with several values, else the first.
std::optional<Parameter> ChooseAxis(const Space& space, std::optional<Parameter> taken) {
  std::optional<Parameter> chosen;
  for (const Axis& axis : space.axes) {
    if (axis.parameter == taken) continue;
    if (axis.values.size() > 1) return axis.parameter;
    if (!chosen) chosen = axis.parameter;
  }
  return chosen;
}

AxisPair ChooseAxes(const Space& space, const Slice& slice) {
  AxisPair pair;
  const auto across = slice.across ? slice.across : ChooseAxis(space, slice.down);
  pair.across = across.value_or(kUsualAcross);
  const auto down = slice.down ? slice.down : ChooseAxis(space, pair.across);
  if (down) {
    pair.down = *down;
  } else if (pair.across == kUsualDown) {
    pair.down = kUsualAcross;
  }
  // The usual one goes across, as the old script drew it.
  const bool is_open = !slice.across && !slice.down;
  const bool is_turned = pair.across != kUsualAcross && pair.down == kUsualAcross;
  if (is_open && is_turned && space.Find(kUsualAcross) != nullptr) {
    std::swap(pair.across, pair.down);
  }
  return pair;
}

// Whether the slice's axes can be those of a table.
Expected<void, std::string> CheckAxes(const Space& space, const Slice& slice) {
  for (const auto& axis : {slice.across, slice.down}) {
    if (axis && space.Find(*axis) == nullptr) {
      return Problem(fmt::format("no cell sets {}", KeyOf(*axis)));
    }
  }
  if (slice.across && slice.across == slice.down) {
    return Problem(fmt::format("{} cannot be both axes", KeyOf(*slice.across)));
  }
  return {};
}

std::vector<const Axis*> VaryingAxes(const Space& space) {
  std::vector<const Axis*> varying;
  for (const Axis& axis : space.axes) {
    if (axis.values.size() > 1) varying.push_back(&axis);
  }
  return varying;
}

// The one with the most values, of several the first.
Parameter ChooseAcross(const Space& space) {
  const Axis* chosen = nullptr;
  for (const Axis& axis : space.axes) {
    if (chosen == nullptr || axis.values.size() > chosen->values.size()) chosen = &axis;
  }
  return chosen != nullptr ? chosen->parameter : kUsualAcross;
}

// A parameter for the only row.
Parameter ChooseUnset(const Space& space, Parameter across) {
  for (const ParameterInfo& info : AllParameters()) {
    if (info.parameter != across && space.Find(info.parameter) == nullptr) return info.parameter;
  }
  return across == kUsualAcross ? kUsualDown : kUsualAcross;
}

// "num_batch, num_gpu and use_mmap have several values: …"
std::string TooManyVary(const std::vector<const Axis*>& others, Parameter across) {
  std::vector<std::string> names{std::string(KeyOf(across))};
  std::string advice;
  for (const Axis* axis : others) {
    names.emplace_back(KeyOf(axis->parameter));
    if (axis == others.front()) continue;
    advice += fmt::format(" --where {}={}", KeyOf(axis->parameter),
                          FormatValue(axis->parameter, axis->values.front()));
  }
  const std::string last = std::move(names.back());
  names.pop_back();
  return fmt::format(
      "{} and {} have several values, and a plot shows two parameters: add{}, or hold others",
      fmt::join(names, ", "), last, advice);
}

Axis AxisOf(const Space& space, Parameter parameter) {
  const Axis* axis = space.Find(parameter);
  return axis != nullptr ? *axis : Axis{parameter, {kAutoValue}};
}

}  // namespace

bool IsChosen(const Cell& cell, const Slice& slice) {
  return std::all_of(slice.where.begin(), slice.where.end(), [&cell](const Axis& wanted) {
    const auto& values = wanted.values;
    return std::find(values.begin(), values.end(), cell[wanted.parameter]) != values.end();
  });
}

Expected<Space, std::string> UnitedSpace(const std::vector<CellResult>& results,
                                         const Space& planned) {
  Space space = Unite(results, planned.CellCount() <= kMostCells ? planned : Space());
  if (space.CellCount() > kMostCells) space = Unite(results, {});
  if (space.CellCount() > kMostCells) {
    return Problem(fmt::format("the results span {} values: more than {} cells",
                               DescribeSpan(space), kMostCells));
  }
  return space;
}

Expected<std::vector<Grid>, std::string> AllGridsOf(const Space& space, const Slice& slice) {
  if (const auto ok = CheckAxes(space, slice); !ok) return Problem(ok.error());
  if (space.axes.empty()) return std::vector<Grid>{Grid()};
  const auto restricted = Restrict(space, slice);
  if (!restricted) return Problem(restricted.error());
  const AxisPair pair = ChooseAxes(*restricted, slice);
  std::vector<Grid> grids{
      {AxisOf(*restricted, pair.across), AxisOf(*restricted, pair.down), Cell()}};
  for (const Axis& axis : restricted->axes) {
    if (axis.parameter == pair.across || axis.parameter == pair.down) continue;
    std::vector<Grid> all;
    for (const Grid& grid : grids) {
      for (const int value : axis.values) {
        all.push_back(grid);
        all.back().fixed.Set(axis.parameter, value);
      }
    }
    grids = std::move(all);
  }
  return grids;
}

Expected<std::vector<Grid>, std::string> GridsOf(const Space& space, const Slice& slice) {
  auto grids = AllGridsOf(space, slice);
  if (grids && grids->size() > kMostTables) {
    return Problem(fmt::format("these are {} tables, more than {}; choose with --where",
                               grids->size(), kMostTables));
  }
  return grids;
}

Expected<std::vector<Grid>, std::string> LinesOf(const Space& space, const Slice& slice) {
  if (const auto ok = CheckAxes(space, slice); !ok) return Problem(ok.error());
  if (space.axes.empty()) return std::vector<Grid>{Grid()};
  const auto restricted = Restrict(space, slice);
  if (!restricted) return Problem(restricted.error());
  const Parameter across = slice.across.value_or(ChooseAcross(*restricted));
  std::vector<const Axis*> others = VaryingAxes(*restricted);
  std::erase_if(others, [across](const Axis* axis) { return axis->parameter == across; });
  if (others.size() > 1) return Problem(TooManyVary(others, across));
  const Parameter down =
      others.empty() ? ChooseUnset(*restricted, across) : others.front()->parameter;
  Grid grid{AxisOf(*restricted, across), AxisOf(*restricted, down), Cell()};
  for (const Axis& axis : restricted->axes) {
    if (axis.parameter == across || axis.parameter == down) continue;
    grid.fixed.Set(axis.parameter, axis.values.front());
  }
  return std::vector<Grid>{std::move(grid)};
}

}  // namespace ollama_bench
