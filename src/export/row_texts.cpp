#include "row_texts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace ollama_bench {
namespace {

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

// What Excel and LibreOffice begin a formula with, full-width forms included, and the blanks that
// they take off before they look.
bool LooksLikeFormula(std::string_view text) {
  constexpr std::array<std::string_view, 11> kStarts = {"=",
                                                        "+",
                                                        "-",
                                                        "@",
                                                        "\t",
                                                        "\r",
                                                        "\n",
                                                        "\xEF\xBC\x9D",
                                                        "\xEF\xBC\x8B",
                                                        "\xEF\xBC\x8D",
                                                        "\xEF\xBC\xA0"};
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return false;
  return std::any_of(kStarts.begin(), kStarts.end(),
                     [&](std::string_view start) { return text.substr(first).starts_with(start); });
}

std::string CsvText(std::string_view text) {
  const bool is_guarded = LooksLikeFormula(text) || text.starts_with('\'');
  std::string field = is_guarded ? "'" : "";
  field += text;
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char c : field) {
    quoted += c;
    if (c == '"') quoted += '"';
  }
  return quoted + '"';
}

std::string CsvField(const Value& value) {
  return std::visit(Overloaded{[](std::monostate) { return std::string(); },
                               [](const std::string& text) { return CsvText(text); },
                               [](const auto& number) { return fmt::format("{}", number); }},
                    value);
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

RowJson RowOf(const std::vector<Column>& columns, const Record& record) {
  RowJson row = RowJson::object();
  for (const Column& column : columns) {
    const Value value = column.value(record);
    std::visit(
        Overloaded{[](std::monostate) {}, [&](const auto& known) { row[column.key] = known; }},
        value);
  }
  return row;
}

std::string DumpJson(const RowJson& json) {
  return json.dump(-1, ' ', false, RowJson::error_handler_t::replace);
}

void WriteJsonLines(const Records& records, const TextSink& sink) {
  const std::vector<Column> columns = ColumnsOf(records);
  for (const Record& record : records.all()) sink(DumpJson(RowOf(columns, record)) + "\n");
}

void WriteCsv(const Records& records, const TextSink& sink) {
  const std::vector<Column> columns = ColumnsOf(records);
  std::string text;
  const auto end_field = [&](const Column& column) {
    text += &column == &columns.back() ? "\r\n" : ",";
  };
  for (const Column& column : columns) {
    text += CsvText(column.key);
    end_field(column);
  }
  for (const Record& record : records.all()) {
    for (const Column& column : columns) {
      text += CsvField(column.value(record));
      end_field(column);
    }
  }
  if (!IsAscii(text)) sink("\xEF\xBB\xBF");
  sink(text);
}

}  // namespace ollama_bench
