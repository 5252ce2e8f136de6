#pragma once

#include <string>

#include "ollama_bench/analysis/result_table.h"

namespace ollama_bench {

/// The table as RFC 4180 text (comma, CRLF): a header "num_batch,8192,10240,…", then one line per
/// num_batch. A value has as many digits as it takes to read the same number back, always with a
/// point; a cell without a value is empty. Nothing but numbers is written, so that no spreadsheet
/// can take a cell for a formula.
std::string RenderCsv(const ResultTable& table);

}  // namespace ollama_bench
