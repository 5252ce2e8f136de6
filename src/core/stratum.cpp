#include "ollama_bench/core/stratum.h"

#include <utility>

namespace ollama_bench {
namespace {

Cell OfScope(const Cell& cell, bool of_request) {
  Cell part;
  for (const ParameterInfo& info : AllParameters()) {
    if ((info.scope != Scope::kModel) != of_request) continue;
    part.Set(info.parameter, cell[info.parameter]);
  }
  return part;
}

}  // namespace

Cell RequestOf(const Cell& cell) {
  return OfScope(cell, true);
}

Cell SettingOf(const Cell& cell) {
  return OfScope(cell, false);
}

Cell WithRequest(const Cell& setting, const Cell& stratum) {
  Cell cell = SettingOf(setting);
  for (const ParameterInfo& info : AllParameters()) {
    if (info.scope != Scope::kModel) cell.Set(info.parameter, stratum[info.parameter]);
  }
  return cell;
}

std::vector<Cell> StrataOf(const Space& space) {
  std::vector<Cell> strata{Cell()};
  for (const Axis& axis : space.axes) {
    if (Describe(axis.parameter).scope == Scope::kModel) continue;
    std::vector<Cell> all;
    for (const Cell& stratum : strata) {
      for (const int value : axis.values) all.push_back(stratum.With(axis.parameter, value));
    }
    strata = std::move(all);
  }
  return strata;
}

Space InStratum(Space space, const Cell& stratum) {
  for (Axis& axis : space.axes) {
    if (Describe(axis.parameter).scope != Scope::kModel) {
      axis.values = {stratum[axis.parameter]};
    }
  }
  return space;
}

}  // namespace ollama_bench
