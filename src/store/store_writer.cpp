#include "store_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <vector>

#include "field_reader.h"
#include "field_writer.h"

namespace ollama_bench {
namespace {

using Json = nlohmann::json;
using Keys = std::vector<std::string_view>;

void AppendText(std::string& out, const std::string& text) {
  out += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

void AppendNumber(std::string& out, double number) {
  // The shortest text that reads back as the same number; a point keeps it a float for others.
  const std::string text = fmt::format("{}", number);
  out += text;
  if (text.find_first_of(".e") == std::string::npos) out += ".0";
}

// The order of the members of a nested object, or of those in a list; what it does not name
// follows.
Keys OrderOf(std::string_view key) {
  if (key == "identity") return KeysOf<Identity>();
  if (key == "environment") return KeysOf<Environment>();
  if (key == "failure") return KeysOf<Failure>();
  if (key == "alias_of") return KeysOf<Cell>();
  if (key == "axes") return KeysOf<Axis>();
  if (key == "starts") return KeysOf<StartRecord>();
  if (key == "prompt_sizes") return KeysOf<PromptSize>();
  if (key == "telemetry") return KeysOf<Telemetry>();
  if (key == "gpus") return KeysOf<GpuTelemetry>();
  return {};
}

void AppendJson(std::string& out, const Json& value, const Keys& order);

void AppendMembers(std::string& out, const Json& object, const Keys& order,
                   std::string_view separator) {
  bool first = true;
  const auto append = [&](const std::string& key, const Json& value) {
    if (!first) out += separator;
    first = false;
    AppendText(out, key);
    out += ": ";
    AppendJson(out, value, value.is_structured() ? OrderOf(key) : Keys{});
  };
  for (const std::string_view key : order) {
    if (const auto found = object.find(key); found != object.end()) append(found.key(), *found);
  }
  for (const auto& [key, value] : object.items()) {
    if (std::find(order.begin(), order.end(), key) == order.end()) append(key, value);
  }
}

void AppendList(std::string& out, const Json& list, const Keys& order) {
  out += '[';
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ", ";
    AppendJson(out, list[i], order);
  }
  out += ']';
}

// Parsing has bounded the depth.
void AppendJson(std::string& out, const Json& value, const Keys& order) {
  if (value.is_object()) {
    out += '{';
    AppendMembers(out, value, order, ", ");
    out += '}';
  } else if (value.is_array()) {
    AppendList(out, value, order);
  } else if (value.is_string()) {
    AppendText(out, value.get_ref<const std::string&>());
  } else if (value.is_number_float()) {
    AppendNumber(out, value.get<double>());
  } else {
    out += value.dump();
  }
}

void KeepUnknown(Json& fresh, const Json& old, const Keys& known) {
  for (const auto& [key, value] : old.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) fresh[key] = value;
  }
}

void KeepUnknownOfFailure(Json& fresh, const Json& old) {
  const auto here = fresh.find("failure");
  const auto before = old.find("failure");
  if (here == fresh.end() || before == old.end() || !before->is_object()) return;
  KeepUnknown(*here, *before, KeysOf<Failure>());
}

// The rows of an entry's old text, by id.
template <class Row>
std::map<std::string, std::pair<Row, Json>> OldRows(const char* key, const Json& old) {
  std::map<std::string, std::pair<Row, Json>> rows;
  const auto list = old.find(key);
  if (list == old.end() || !list->is_array()) return rows;
  for (const Json& object : *list) {
    FieldReader reader(object);
    Row row;
    ReadRow(reader, object, row);
    const std::string id = row.id;
    rows.emplace(id, std::pair(std::move(row), object));
  }
  return rows;
}

template <class Row>
void AppendRows(std::string& out, const char* key, const std::vector<Row>& rows, const Json& old) {
  if (rows.empty()) return;
  const Keys keys = KeysOf<Row>();
  const auto old_rows = OldRows<Row>(key, old);
  out += fmt::format(",\n     \"{}\": [", key);
  std::string_view separator = "\n       ";
  for (const Row& row : rows) {
    Json object = ToJson(row);
    if (const auto found = old_rows.find(row.id); found != old_rows.end()) {
      const auto& [old_row, old_object] = found->second;
      if (old_row == row) {
        object = old_object;
      } else {
        KeepUnknown(object, old_object, keys);
        KeepUnknownOfFailure(object, old_object);
      }
    }
    out += separator;
    separator = ",\n       ";
    AppendJson(out, object, keys);
  }
  out += ']';
}

}  // namespace

std::string SerialiseEntry(const CellResult& result, const std::string& old_text) {
  const Json old = old_text.empty() ? Json::object() : Json::parse(old_text);
  const Keys keys = KeysOf<CellResult>();
  Json entry = ToJson(result);
  KeepUnknown(entry, old, keys);
  KeepUnknownOfFailure(entry, old);
  std::string out = "{";
  AppendMembers(out, entry, keys, ", ");
  AppendRows(out, "visits", result.visits, old);
  AppendRows(out, "samples", result.samples, old);
  out += '}';
  return out;
}

void RenderStore(const StoreContent& content, std::string& out) {
  out = "{\n  \"metadata\": {\n    ";
  AppendMembers(out, content.metadata, KeysOf<Metadata>(), ",\n    ");
  out += "\n  },\n  \"results\": [";
  std::string_view separator = "\n    ";
  for (const EntryText& entry : content.texts) {
    out += separator;
    out += entry.text;
    separator = ",\n    ";
  }
  out += "\n  ]";
  if (!content.others.empty()) {
    out += ",\n  ";
    AppendMembers(out, content.others, {}, ",\n  ");
  }
  out += "\n}\n";
}

void ApplyMetadataChanges(Json& target, const Json& base, const Json& ours) {
  for (const auto& [key, value] : ours.items()) {
    const auto before = base.find(key);
    if (before != base.end() && *before == value) continue;
    const bool by_member = key == "identity" || key == "environment";
    if (by_member && target.contains(key) && target[key].is_object()) {
      const Json nothing = Json::object();
      ApplyMetadataChanges(target[key], before == base.end() ? nothing : *before, value);
    } else {
      target[key] = value;
    }
  }
  for (const auto& [key, value] : base.items()) {
    if (!ours.contains(key)) target.erase(key);
  }
}

}  // namespace ollama_bench
