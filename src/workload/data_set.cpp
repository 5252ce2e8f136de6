#include "ollama_bench/workload/data_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "byte_source.h"
#include "delimited_reader.h"
#include "ollama_bench/core/text.h"
#include "prompt_fields.h"

namespace ollama_bench {
namespace {

using Json = nlohmann::ordered_json;
using Error = Unexpected<std::string>;

enum class Format { kJsonLines, kJsonList, kComma, kTab, kText };

constexpr std::string_view kExport =
    "export it to JSON lines once, such as: python3 -c \"import pandas; "
    "pandas.read_parquet('FILE').to_json('prompts.jsonl', orient='records', lines=True)\"";

// Why the bytes are no text at all; empty where they may be.
std::string WhyNoText(std::string_view start) {
  using namespace std::string_view_literals;
  if (start.starts_with("PAR1")) return fmt::format("is a Parquet file; {}", kExport);
  const std::array<std::string_view, 5> packed = {"\x1F\x8B"sv, "PK\x03\x04"sv,
                                                  "\x28\xB5\x2F\xFD"sv, "BZh"sv,
                                                  "\xFD"
                                                  "7zXZ"sv};
  for (const std::string_view magic : packed) {
    if (start.starts_with(magic)) return "is compressed; unpack it first";
  }
  if (start.starts_with("\xFF\xFE"sv) || start.starts_with("\xFE\xFF"sv)) {
    return "is UTF-16; convert it to UTF-8 first";
  }
  if (start.find('\0') != std::string_view::npos) return "holds binary data, not text";
  return {};
}

Format FormatOf(const std::string& name, std::string_view start) {
  const std::string ending = Lower(std::filesystem::path(name).extension().string());
  if (ending == ".csv") return Format::kComma;
  if (ending == ".tsv") return Format::kTab;
  if (ending == ".txt") return Format::kText;
  const auto first = start.find_first_not_of(" \t\r\n");
  const char letter = first == std::string_view::npos ? '\0' : start[first];
  if (letter == '[') return Format::kJsonList;
  if (letter == '{' || ending == ".jsonl" || ending == ".ndjson" || ending == ".json") {
    return Format::kJsonLines;
  }
  return Format::kText;
}

/// Gathers the entries of a data set in the order they come.
class Collector {
 public:
  Collector(const DataSetOptions& options, std::string_view unit) : options_(options) {
    set_.unit = unit;
  }

  [[nodiscard]] bool IsFull() const {
    return options_.most_entries && set_.items.size() >= *options_.most_entries;
  }
  void Add(std::size_t number, Expected<PromptItem, std::string> item) {
    if (!item) return AddBad(number, std::move(item.error()));
    if (item->id.empty()) {
      item->id = fmt::format("{}", number);
      item->id_is_number = true;
    }
    if (!ids_.insert(item->id).second) {
      return AddBad(number, fmt::format("the id {} was there before",
                                        Printable(StartOf(item->id, 80), false)));
    }
    set_.items.push_back(std::move(*item));
  }
  void AddBad(std::size_t number, std::string reason) {
    ++set_.bad_count;
    if (set_.bad.size() < DataSet::kMostBadShown) set_.bad.push_back({number, std::move(reason)});
  }
  DataSet Take() { return std::move(set_); }

 private:
  const DataSetOptions& options_;
  std::unordered_set<std::string> ids_;
  DataSet set_;
};

bool IsBlank(std::string_view line) {
  return Trim(line).empty();
}

// Why `text` is not valid UTF-8; empty where it is.
std::string WhyNoUtf8(std::string_view text) {
  const std::size_t length = ValidUtf8Length(text);
  return length == text.size() ? std::string()
                               : fmt::format("byte {} is not valid UTF-8", length + 1);
}

Expected<PromptItem, std::string> PromptOfLine(const std::string& line, const std::string& field) {
  if (std::string why = WhyNoUtf8(line); !why.empty()) return Error(std::move(why));
  try {
    return PromptOf(Json::parse(line), field);
  } catch (const Json::parse_error& error) {
    return Error(fmt::format("is not JSON from column {} on", error.byte));
  }
}

Expected<DataSet, std::string> ReadJsonLines(ByteSource& source, const DataSetOptions& options) {
  Collector collector(options, "line");
  std::string line;
  bool is_first = true;
  while (!collector.IsFull()) {
    const auto got = source.TakeLine(line);
    if (got == ByteSource::Line::kNone) break;
    const std::size_t number = source.line_number();
    if (got == ByteSource::Line::kTooLong) {
      collector.AddBad(number, "is too long for a prompt");
      continue;
    }
    if (IsBlank(line)) continue;
    if (std::exchange(is_first, false) && Trim(line) == "{") {
      return Error("is one JSON object over several lines; write one object a line, or a list");
    }
    collector.Add(number, PromptOfLine(line, options.field));
  }
  return collector.Take();
}

/// Reads the bytes of a source as the parser wants them.
class ByteIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  ByteIterator() = default;
  explicit ByteIterator(ByteSource& source) : source_(&source) { ++*this; }
  const char& operator*() const { return letter_; }
  ByteIterator& operator++() {
    const int next = source_->Take();
    if (next < 0) source_ = nullptr;
    letter_ = static_cast<char>(next);
    return *this;
  }
  ByteIterator operator++(int) {
    ByteIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const ByteIterator& a, const ByteIterator& b) {
    return a.source_ == b.source_;
  }

 private:
  ByteSource* source_ = nullptr;
  char letter_ = 0;
};

Expected<DataSet, std::string> ReadJsonList(ByteSource& source, const DataSetOptions& options) {
  Collector collector(options, "entry");
  std::size_t number = 0;
  // Each entry is dropped as soon as its prompt is taken.
  const auto on_event = [&](int depth, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    const bool is_end =
        event == Event::object_end || event == Event::array_end || event == Event::value;
    if (depth != 1 || !is_end) return true;
    ++number;
    if (!collector.IsFull()) collector.Add(number, PromptOf(parsed, options.field));
    return false;
  };
  try {
    [[maybe_unused]] const Json rest = Json::parse(ByteIterator(source), ByteIterator(), on_event);
  } catch (const Json::parse_error& error) {
    if (collector.IsFull()) return collector.Take();
    return Error(fmt::format("is not JSON from byte {} on, after {} entries", error.byte, number));
  }
  return collector.Take();
}

std::optional<std::size_t> ColumnOf(const std::vector<std::string>& header,
                                    const std::string& name) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (header[i] == name || Lower(Trim(header[i])) == name) return i;
  }
  return std::nullopt;
}

struct Columns {
  std::size_t count = 0;
  std::size_t prompt = 0;
  std::optional<std::size_t> id;
};

Expected<Columns, std::string> ColumnsOf(const std::vector<std::string>& header,
                                         const std::string& field) {
  Columns columns{header.size(), 0, ColumnOf(header, "id")};
  const auto names = field.empty() ? std::vector<std::string>{"prompt", "question"}
                                   : std::vector<std::string>{field};
  for (const std::string& name : names) {
    const auto place = ColumnOf(header, name);
    if (!place) continue;
    columns.prompt = *place;
    return columns;
  }
  return Error(Printable(
      fmt::format("has no column '{}' in its first line ({}); name the column of the prompt with "
                  "--field",
                  fmt::join(names, "' or '"),
                  StartOf(fmt::format("{}", fmt::join(header, ", ")), 200)),
      false));
}

Expected<PromptItem, std::string> PromptOfFields(std::vector<std::string> fields,
                                                 const Columns& columns) {
  if (fields.size() != columns.count) {
    return Error(
        fmt::format("has {} fields where the header has {}", fields.size(), columns.count));
  }
  PromptItem item;
  item.prompt = std::move(fields[columns.prompt]);
  if (IsBlank(item.prompt)) return Error("the prompt is empty");
  if (columns.id && *columns.id != columns.prompt) item.id = std::move(fields[*columns.id]);
  for (const std::string* text : {&item.prompt, &item.id}) {
    if (std::string why = WhyNoUtf8(*text); !why.empty()) return Error(std::move(why));
  }
  return item;
}

Expected<DataSet, std::string> ReadDelimited(ByteSource& source, char delimiter,
                                             const DataSetOptions& options) {
  DelimitedReader reader(source, delimiter);
  const auto header = reader.Next();
  if (!header) return Error(fmt::format("its first line is no header: {}", header.error()));
  if (header->empty()) return DataSet();
  const auto columns = ColumnsOf(*header, options.field);
  if (!columns) return Error(columns.error());
  Collector collector(options, "line");
  while (!collector.IsFull()) {
    auto fields = reader.Next();
    if (fields && fields->empty()) break;
    if (!fields) {
      collector.AddBad(reader.line_number(), fields.error());
      continue;
    }
    collector.Add(reader.line_number(), PromptOfFields(std::move(*fields), *columns));
  }
  return collector.Take();
}

Expected<DataSet, std::string> ReadText(ByteSource& source, const DataSetOptions& options) {
  if (!options.field.empty()) return Error("is plain text, which has no fields; leave --field out");
  Collector collector(options, "line");
  std::string line;
  while (!collector.IsFull()) {
    const auto got = source.TakeLine(line);
    if (got == ByteSource::Line::kNone) break;
    if (got == ByteSource::Line::kTooLong) {
      collector.AddBad(source.line_number(), "is too long for a prompt");
      continue;
    }
    if (line.ends_with('\r')) line.pop_back();
    if (IsBlank(line)) continue;
    std::string why = WhyNoUtf8(line);
    PromptItem item;
    item.prompt = line;
    collector.Add(source.line_number(),
                  why.empty() ? Expected<PromptItem, std::string>(std::move(item))
                              : Expected<PromptItem, std::string>(Error(std::move(why))));
  }
  return collector.Take();
}

}  // namespace

Expected<DataSet, std::string> ReadDataSet(std::istream& in, const DataSetOptions& options) {
  constexpr std::size_t kLookedAt = 4096;
  ByteSource source(in);
  if (source.Peek(3) == "\xEF\xBB\xBF") source.Skip(3);
  const std::string_view start = source.Peek(kLookedAt);
  if (std::string why = WhyNoText(start); !why.empty()) return Error(std::move(why));
  switch (FormatOf(options.name, start)) {
    case Format::kJsonLines:
      return ReadJsonLines(source, options);
    case Format::kJsonList:
      return ReadJsonList(source, options);
    case Format::kComma:
      return ReadDelimited(source, ',', options);
    case Format::kTab:
      return ReadDelimited(source, '\t', options);
    case Format::kText:
      break;
  }
  return ReadText(source, options);
}

DataSet BuiltInPrompts() {
  constexpr std::array<const char*, 5> kPrompts = {
      "Explain in three sentences how a hash table works.",
      "Write a short letter that asks a landlord to repair a broken heating.",
      "List five ways to make a slow SQL query faster, with one sentence for each.",
      "A train leaves at 9:40 and arrives at 13:05. How long is the journey? Show the steps.",
      "Translate into French and then explain the grammar: The book that I read yesterday was "
      "longer than I had expected."};
  DataSet set;
  for (std::size_t i = 0; i < kPrompts.size(); ++i) {
    set.items.push_back({fmt::format("{}", i + 1), true, kPrompts.at(i)});
  }
  return set;
}

}  // namespace ollama_bench
