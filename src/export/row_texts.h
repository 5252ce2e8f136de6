#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "columns.h"
#include "ollama_bench/export/export_text.h"
#include "records.h"

namespace ollama_bench {

using RowJson = nlohmann::ordered_json;

/// The columns of the row that have a value, by their keys.
RowJson RowOf(const std::vector<Column>& columns, const Record& record);
std::string DumpJson(const RowJson& json);

/// One object a line.
void WriteJsonLines(const Records& records, const TextSink& sink);

/// RFC 4180: comma, CRLF, a header. Texts that a spreadsheet would take for a formula, and those
/// that begin with an apostrophe, get one in front; numbers are as short as they read back the
/// same. Begins with a byte order mark where a character is not ASCII, for Excel.
void WriteCsv(const Records& records, const TextSink& sink);

}  // namespace ollama_bench
