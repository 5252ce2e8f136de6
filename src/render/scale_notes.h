#pragma once

#include <string>
#include <vector>

#include "ollama_bench/analysis/scale_report.h"

namespace ollama_bench {

/// The law of the only series, or the breakpoints of several. `names` are of the series, empty for
/// one alone.
std::string ScaleTitle(const std::vector<ScaleSeries>& series,
                       const std::vector<std::string>& names);

/// What has to be known to read the picture of them: of how many loads, what is missing and why.
std::vector<std::string> ScaleNotes(const std::vector<ScaleSeries>& series,
                                    const std::vector<std::string>& names);

}  // namespace ollama_bench
