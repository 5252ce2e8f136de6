#include "entry_union.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "field_reader.h"
#include "field_writer.h"
#include "store_writer.h"

namespace ollama_bench {
namespace {

using Json = nlohmann::json;

std::string TextOf(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// A sample that was set aside later stays set aside; the rest only has to be the same every time.
auto Rank(Sample sample) {
  sample.unverified = false;  // joined apart
  return std::tuple(sample.excluded.has_value(), TextOf(ToJson(sample)));
}

Sample JoinSame(const Sample& a, const Sample& b) {
  Sample joined = Rank(a) < Rank(b) ? b : a;
  joined.unverified = a.unverified || b.unverified;
  return joined;
}

// A copy made while the visit was under way does not know yet how it ended.
auto Rank(VisitRecord visit) {
  visit.decode.reset();  // joined apart
  return std::tuple(visit.failure.has_value(), TextOf(ToJson(visit)));
}

VisitRecord JoinSame(const VisitRecord& a, const VisitRecord& b) {
  const auto rank = [](const std::optional<DecodeRun>& run) {
    return run ? TextOf(ToJson(*run)) : std::string();
  };
  VisitRecord joined = Rank(a) < Rank(b) ? b : a;
  joined.decode = rank(a.decode) < rank(b.decode) ? b.decode : a.decode;
  return joined;
}

// What an entry says besides its visits and samples, as one value of which the latest wins.
auto Rank(const CellResult& result) {
  return std::tuple(result.timestamp, result.alias_of, result.reason);
}

template <class Row>
std::vector<Row> JoinRows(const std::vector<Row>& a, const std::vector<Row>& b) {
  std::vector<Row> joined = a;
  for (const Row& row : b) {
    const auto same = std::find_if(joined.begin(), joined.end(),
                                   [&](const Row& other) { return other.id == row.id; });
    if (same == joined.end()) {
      joined.push_back(row);
    } else if (*same != row) {
      *same = JoinSame(*same, row);
    }
  }
  const auto same_id = [](const Row& x, const Row& y) { return x.id == y.id; };
  // Ids of ours ascend with time.
  if (!std::equal(a.begin(), a.end(), b.begin(), b.end(), same_id)) {
    std::sort(joined.begin(), joined.end(), [](const Row& x, const Row& y) { return x.id < y.id; });
  }
  return joined;
}

CellResult JoinResults(const CellResult& a, const CellResult& b) {
  CellResult joined = Rank(a) < Rank(b) ? b : a;
  joined.samples = JoinRows(a.samples, b.samples);
  joined.visits = JoinRows(a.visits, b.visits);
  if (!joined.samples.empty() || !joined.visits.empty()) {
    joined.alias_of.reset();
    joined.reason.clear();
  }
  return joined;
}

template <class Row>
std::string IdOf(const Json& object) {
  FieldReader reader(object);
  Row row;
  ReadRow(reader, object, row);
  return row.id;
}

// The objects that both entries list under `key`, those of one id joined.
template <class Row>
Json JoinRowObjects(const char* key, const Json& a, const Json& b) {
  std::map<std::string, Json> by_id;
  for (const Json* entry : {&a, &b}) {
    const auto list = entry->find(key);
    if (list == entry->end()) continue;
    for (const Json& object : *list) {
      const auto [place, is_new] = by_id.emplace(IdOf<Row>(object), object);
      if (!is_new) place->second = JoinJson(place->second, object);
    }
  }
  Json joined = Json::array();
  for (auto& [id, object] : by_id) joined.push_back(std::move(object));
  return joined;
}

EntryText JoinTexts(const EntryText& a, const EntryText& b, const CellResult& joined) {
  if (a.text == b.text) return a;
  const Json first = Json::parse(a.text);
  const Json second = Json::parse(b.text);
  Json both = JoinJson(first, second);
  both["samples"] = JoinRowObjects<Sample>("samples", first, second);
  both["visits"] = JoinRowObjects<VisitRecord>("visits", first, second);
  return {SerialiseEntry(joined, TextOf(both)), /*outdated=*/false};
}

void SortByCell(StoreContent& content) {
  StoreContent sorted;
  for (const auto& [cell, place] : content.index) {
    sorted.Add(cell) = std::move(content.results[place]);
    sorted.texts.back() = std::move(content.texts[place]);
  }
  content.results = std::move(sorted.results);
  content.texts = std::move(sorted.texts);
  content.index = std::move(sorted.index);
}

}  // namespace

Json JoinJson(const Json& a, const Json& b) {
  if (a == b) return a;
  if (a.is_object() != b.is_object()) return a.is_object() ? a : b;
  if (!a.is_object()) return TextOf(a) < TextOf(b) ? b : a;
  Json joined = a;
  for (const auto& [key, value] : b.items()) {
    const auto found = joined.find(key);
    joined[key] = found == joined.end() ? value : JoinJson(*found, value);
  }
  return joined;
}

void JoinEntries(StoreContent& into, const StoreContent& from) {
  const bool same_order =
      std::equal(into.results.begin(), into.results.end(), from.results.begin(), from.results.end(),
                 [](const CellResult& a, const CellResult& b) { return a.cell == b.cell; });
  for (std::size_t i = 0; i < from.results.size(); ++i) {
    const CellResult& added = from.results[i];
    const auto found = into.index.find(added.cell);
    if (found == into.index.end()) {
      into.Add(added.cell) = added;
      into.texts.back() = from.texts[i];
      continue;
    }
    CellResult& present = into.results[found->second];
    EntryText& text = into.texts[found->second];
    present = JoinResults(present, added);
    text = JoinTexts(text, from.texts[i], present);
  }
  if (!same_order) SortByCell(into);
}

}  // namespace ollama_bench
