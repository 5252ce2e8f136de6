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
auto Rank(const Sample& sample) {
  return std::tuple(sample.excluded.has_value(), TextOf(ToJson(sample)));
}

// What an entry says besides its samples, as one value of which the latest wins.
auto Rank(const CellResult& result) {
  return std::tuple(result.timestamp, !result.failure.has_value(),
                    result.failure ? TextOf(ToJson(*result.failure)) : std::string(),
                    result.alias_of, result.reason);
}

std::vector<Sample> JoinSamples(const std::vector<Sample>& a, const std::vector<Sample>& b) {
  std::vector<Sample> joined = a;
  for (const Sample& sample : b) {
    const auto same = std::find_if(joined.begin(), joined.end(),
                                   [&](const Sample& other) { return other.id == sample.id; });
    if (same == joined.end()) {
      joined.push_back(sample);
    } else if (Rank(*same) < Rank(sample)) {
      *same = sample;
    }
  }
  const auto same_id = [](const Sample& x, const Sample& y) { return x.id == y.id; };
  // Ids of ours ascend with time.
  if (!std::equal(a.begin(), a.end(), b.begin(), b.end(), same_id)) {
    std::sort(joined.begin(), joined.end(),
              [](const Sample& x, const Sample& y) { return x.id < y.id; });
  }
  return joined;
}

CellResult JoinResults(const CellResult& a, const CellResult& b) {
  CellResult joined = Rank(a) < Rank(b) ? b : a;
  joined.samples = JoinSamples(a.samples, b.samples);
  if (!joined.samples.empty()) {
    joined.alias_of.reset();
    joined.reason.clear();
  }
  return joined;
}

std::string IdOf(const Json& object) {
  FieldReader reader(object);
  Sample sample;
  ReadSample(reader, object, sample);
  return sample.id;
}

// The objects of both lists of samples, those of one id joined.
Json JoinSampleObjects(const Json& a, const Json& b) {
  std::map<std::string, Json> by_id;
  for (const Json* list : {&a, &b}) {
    for (const Json& object : *list) {
      const auto [place, is_new] = by_id.emplace(IdOf(object), object);
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
  const Json none = Json::array();
  both["samples"] = JoinSampleObjects(first.contains("samples") ? first["samples"] : none,
                                      second.contains("samples") ? second["samples"] : none);
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
