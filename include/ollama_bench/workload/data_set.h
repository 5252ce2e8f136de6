#pragma once

#include <cstddef>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/prompt_record.h"

namespace ollama_bench {

/// How a data set is read.
struct DataSetOptions {
  /// A file's name; its ending names the format where the content does not: .jsonl, .json, .csv,
  /// .tsv, .txt.
  std::string name;
  std::string field;                        ///< key or column of the prompt; empty: the usual ones
  std::optional<std::size_t> most_entries;  ///< reading ends after so many good ones
};

/// An entry that holds no prompt.
struct BadEntry {
  std::size_t number = 0;  ///< of the line it begins on, or of the entry in a JSON list; from 1
  std::string reason;
};

struct DataSet {
  std::vector<PromptItem> items;  ///< their ids differ
  std::vector<BadEntry> bad;      ///< the first kMostBadShown
  std::size_t bad_count = 0;
  std::string_view unit = "line";  ///< what BadEntry::number counts: "line" or "entry"

  static constexpr std::size_t kMostBadShown = 1000;
};

/// The prompts of JSON lines, a JSON list, CSV or TSV with a header, or plain text with one a line.
/// An entry's prompt is its "prompt", "question", "messages" ({role, content}) or "conversations"
/// (ShareGPT; its first human turn, with the system's before it); its id its "id", else its number.
/// Blank lines are no entries. Besides the prompts the memory taken is that of the longest entry.
/// The error says in words why the whole cannot be read.
Expected<DataSet, std::string> ReadDataSet(std::istream& in, const DataSetOptions& options);

/// What is asked where no data set is given.
DataSet BuiltInPrompts();

}  // namespace ollama_bench
