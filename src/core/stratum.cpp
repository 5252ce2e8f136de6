#include "ollama_bench/core/stratum.h"

#include <utility>

namespace ollama_bench {
namespace {

template <class Condition>
Cell Only(const Cell& cell, Condition condition) {
  Cell part;
  for (const ParameterInfo& info : AllParameters()) {
    if (condition(info)) part.Set(info.parameter, cell[info.parameter]);
  }
  return part;
}

}  // namespace

bool IsOfSetting(Parameter parameter) {
  const Scope scope = Describe(parameter).scope;
  return scope == Scope::kServer || scope == Scope::kModel;
}

Cell SettingOf(const Cell& cell) {
  return Only(cell, [](const ParameterInfo& info) { return IsOfSetting(info.parameter); });
}

Cell StratumOf(const Cell& cell) {
  return Only(cell, [](const ParameterInfo& info) { return !IsOfSetting(info.parameter); });
}

Cell WithStratum(const Cell& setting, const Cell& stratum) {
  Cell cell = SettingOf(setting);
  for (const ParameterInfo& info : AllParameters()) {
    if (!IsOfSetting(info.parameter)) cell.Set(info.parameter, stratum[info.parameter]);
  }
  return cell;
}

Cell SubjectOf(const Cell& cell) {
  return Only(cell, [](const ParameterInfo& info) { return info.scope == Scope::kSubject; });
}

Cell LoadOf(const Cell& cell) {
  return Only(cell, [](const ParameterInfo& info) { return info.scope <= Scope::kModel; });
}

Cell ServerOf(const Cell& cell) {
  return Only(cell, [](const ParameterInfo& info) {
    return info.scope == Scope::kServer || info.parameter == Parameter::kOllama;
  });
}

std::vector<Cell> StrataOf(const Space& space) {
  std::vector<Cell> strata{Cell()};
  for (const Axis& axis : space.axes) {
    if (IsOfSetting(axis.parameter)) continue;
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
    if (!IsOfSetting(axis.parameter)) axis.values = {stratum[axis.parameter]};
  }
  return space;
}

}  // namespace ollama_bench
