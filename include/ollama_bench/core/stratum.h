#pragma once

#include <vector>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell.h"

namespace ollama_bench {

// Cells differ in what is measured (another program, another model), in what is asked of it, or in
// how it is set. Only the last is a setting that can be recommended by comparing rates. The cells
// that share all but the setting are a stratum, named by a cell that sets the rest alone.

/// Whether the parameter is a part of the setting.
bool IsOfSetting(Parameter parameter);
/// What of `cell` says how server and model are set.
Cell SettingOf(const Cell& cell);
/// What of `cell` says what is measured and what is asked of it, how often too.
Cell StratumOf(const Cell& cell);
/// `setting` with the other values of `stratum`.
Cell WithStratum(const Cell& setting, const Cell& stratum);
/// What of `cell` says what is measured: program and model.
Cell SubjectOf(const Cell& cell);
/// What of `cell` a load of the model depends on: all but request and traffic.
Cell LoadOf(const Cell& cell);
/// What of `cell` a start of the server depends on: the program, and the server's settings.
Cell ServerOf(const Cell& cell);
/// The strata of the space, in the order of its values; one without values where every axis is of
/// the setting.
std::vector<Cell> StrataOf(const Space& space);
/// The space cut down to one stratum.
Space InStratum(Space space, const Cell& stratum);

}  // namespace ollama_bench
