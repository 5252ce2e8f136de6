#pragma once

#include <string>

#include "ollama_bench/analysis/sweep_map.h"
#include "ollama_bench/render/terminal_style.h"

namespace ollama_bench {

/// The medians of the map's cells as lines of at most `style.width` columns, the num_ctx axis cut
/// into as many blocks as that takes (one column per block at least). "*" marks the recommended
/// cell, "+" the other contenders, "@" the current setting; below the table is what the marks mean.
std::string RenderTerminalTable(const SweepMap& map, const TerminalStyle& style);

}  // namespace ollama_bench
