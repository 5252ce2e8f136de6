#pragma once

#include <vector>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell.h"

namespace ollama_bench {

// Cells whose requests, or whose traffic, differ do different work: no setting is recommended by
// comparing them. The cells of one request and traffic are a stratum, named by a cell that sets
// these values alone.

/// What of `cell` says what is asked of the model, how often too, and not how the model is set.
Cell RequestOf(const Cell& cell);
/// What of `cell` says how the model is loaded.
Cell SettingOf(const Cell& cell);
/// `setting` with the request's values of `stratum`.
Cell WithRequest(const Cell& setting, const Cell& stratum);
/// The strata of the space, in the order of its values; one without values where no axis is of the
/// request.
std::vector<Cell> StrataOf(const Space& space);
/// The space cut down to one stratum.
Space InStratum(Space space, const Cell& stratum);

}  // namespace ollama_bench
