#pragma once

#include <span>
#include <string>

#include "ollama_bench/analysis/result_table.h"

namespace ollama_bench {

/// The tables as RFC 4180 text (comma, CRLF). One of num_ctx and num_batch alone: a header
/// "num_batch,8192,10240,…", then one line per num_batch. Others: one line per cell, with a column
/// for each parameter and a last one for the metric, under their keys. A value has as many digits
/// as it takes to read the same number back, always with a point; a cell without a value is empty.
/// Nothing but numbers and words of this program is written, so that no spreadsheet can take a cell
/// for a formula.
std::string RenderCsv(std::span<const ResultTable> tables);

}  // namespace ollama_bench
