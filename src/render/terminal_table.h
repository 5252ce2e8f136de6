#pragma once

#include <span>
#include <string>

#include "ollama_bench/analysis/sweep_map.h"
#include "ollama_bench/render/terminal_style.h"

namespace ollama_bench {

/// The medians of the maps' cells as lines of at most `style.width` columns. Of several maps, of
/// the same axes, each is a table under what it is held at. The axis across is cut into as many
/// blocks as that takes (one column per block at least). "*" marks the recommended cell, "+" the
/// other contenders, "@" the current setting; below the tables is what the marks mean.
std::string RenderTerminalTables(std::span<const SweepMap> maps, const TerminalStyle& style);

}  // namespace ollama_bench
