#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "records.h"

namespace ollama_bench {

/// One value of a row; empty where it is not known.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

/// One column of the rows, the same in every format. Its unit is in its key: "_s" seconds, "_j"
/// joules, "_bytes" bytes, "_rate" and "_per_s" per second, "_share" and "_use" from 0 to 1.
struct Column {
  std::string key;
  std::function<Value(const Record&)> value;
};

/// Every column, in its order: what a row is of, each parameter, each metric, what else a sample
/// says, then one for each GPU's figures and one for each label that a row has. Numbers are finite.
std::vector<Column> ColumnsOf(const Records& records);

/// `text` as every format can hold it: valid UTF-8, invalid bytes as U+FFFD and NUL, which neither
/// PostgreSQL nor spreadsheets take, as "\x00".
std::string StorableText(std::string_view text);

}  // namespace ollama_bench
