#include "json_union.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "field_reader.h"
#include "field_writer.h"
#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/sha256.h"
#include "store_content.h"
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

namespace {

using Json = nlohmann::json;

constexpr const char* kOriginsKey = "merged_from";
constexpr std::string_view kSeparator = " + ";

std::set<std::string> PartsOf(std::string_view text) {
  std::set<std::string> parts;
  for (std::size_t end = 0; (end = text.find(kSeparator)) != std::string_view::npos;) {
    parts.emplace(text.substr(0, end));
    text.remove_prefix(end + kSeparator.size());
  }
  parts.emplace(text);
  return parts;
}

// "0.11.4 + 0.13.5": neither side alone would be true.
std::string JoinText(const std::string& a, const std::string& b) {
  if (a.empty() || a == b) return b;
  if (b.empty()) return a;
  std::set<std::string> parts = PartsOf(a);
  parts.merge(PartsOf(b));
  return fmt::format("{}", fmt::join(parts, kSeparator));
}

template <class T>
std::optional<T> JoinNumber(const std::optional<T>& a, const std::optional<T>& b) {
  return std::max(a, b);  // an empty one is less than any number
}

std::string Earlier(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return a.empty() ? b : a;
  return std::min(a, b);
}

Identity JoinIdentity(const Identity& a, const Identity& b) {
  Identity joined;
  joined.model = JoinText(a.model, b.model);
  joined.model_digest = JoinText(a.model_digest, b.model_digest);
  joined.prompt_sha256 = JoinText(a.prompt_sha256, b.prompt_sha256);
  joined.prompt_tokens = JoinNumber(a.prompt_tokens, b.prompt_tokens);
  joined.num_predict = JoinNumber(a.num_predict, b.num_predict);
  joined.driver = JoinText(a.driver, b.driver);
  joined.ollama_version = JoinText(a.ollama_version, b.ollama_version);
  return joined;
}

// Of every kind of GPU as many as the side has that has more of them.
std::vector<std::string> JoinGpus(const std::vector<std::string>& a,
                                  const std::vector<std::string>& b) {
  if (a == b) return a;
  std::map<std::string, std::ptrdiff_t> most;
  for (const auto* side : {&a, &b}) {
    for (const std::string& gpu : *side) {
      most[gpu] = std::max(most[gpu], std::count(side->begin(), side->end(), gpu));
    }
  }
  std::vector<std::string> joined;
  for (const auto& [gpu, count] : most) {
    joined.insert(joined.end(), static_cast<std::size_t>(count), gpu);
  }
  return joined;
}

Environment JoinEnvironment(const Environment& a, const Environment& b) {
  Environment joined;
  joined.host = JoinText(a.host, b.host);
  joined.os = JoinText(a.os, b.os);
  joined.cpu = JoinText(a.cpu, b.cpu);
  joined.gpus = JoinGpus(a.gpus, b.gpus);
  joined.server_settings = a.server_settings;
  for (const auto& [name, value] : b.server_settings) {
    joined.server_settings[name] = JoinText(joined.server_settings[name], value);
  }
  joined.server_is_local = a.server_is_local && b.server_is_local;
  return joined;
}

std::string JoinRange(Parameter parameter, const std::string& a, const std::string& b) {
  if (a == b) return a;
  const auto first = ParseAxis(parameter, a);
  const auto second = ParseAxis(parameter, b);
  if (!first || !second) return first || b.empty() ? a : b;
  std::set<int> values(first->values.begin(), first->values.end());
  values.insert(second->values.begin(), second->values.end());
  return DescribeAxis({parameter, {values.begin(), values.end()}});
}

std::vector<Axis> JoinAxes(const std::vector<Axis>& a, const std::vector<Axis>& b) {
  if (a == b) return a;
  Space joined;
  for (const ParameterInfo& info : AllParameters()) {
    std::set<int, ValueOrder> values(ValueOrder{info.parameter});
    for (const auto* side : {&a, &b}) {
      for (const Axis& axis : *side) {
        if (axis.parameter == info.parameter) values.insert(axis.values.begin(), axis.values.end());
      }
    }
    joined.Set(info.parameter, {values.begin(), values.end()});
  }
  return joined.axes;
}

void JoinPlan(Metadata& joined, const Metadata& a, const Metadata& b) {
  joined.across_range = JoinRange(kUsualAcross, a.across_range, b.across_range);
  joined.down_range = JoinRange(kUsualDown, a.down_range, b.down_range);
  joined.axes = JoinAxes(a.axes, b.axes);
  joined.workload = std::max(a.workload, b.workload);
  const bool same = a.across_range == b.across_range && a.down_range == b.down_range &&
                    a.axes == b.axes && a.total_tests == b.total_tests;
  const std::size_t cells = PlannedSpace(joined).CellCount();
  joined.total_tests = same ? a.total_tests : static_cast<std::int64_t>(cells);
}

// One of both, the same one whatever the order.
std::optional<Baseline> JoinBaseline(const std::optional<Baseline>& a,
                                     const std::optional<Baseline>& b) {
  if (!a || !b) return a ? a : b;
  const auto rank = [](const Baseline& baseline) {
    return std::tie(baseline.cell, baseline.source);
  };
  return rank(*a) < rank(*b) ? b : a;
}

std::vector<std::string> JoinWarnings(const std::vector<std::string>& a,
                                      const std::vector<std::string>& b) {
  if (a == b) return a;
  std::set<std::string> joined(a.begin(), a.end());
  joined.insert(b.begin(), b.end());
  return {joined.begin(), joined.end()};
}

std::vector<StartRecord> JoinStarts(const std::vector<StartRecord>& a,
                                    const std::vector<StartRecord>& b) {
  if (a == b) return a;
  const auto rank = [](const StartRecord& start) {
    return std::tie(start.id, start.started, start.host, start.labels);
  };
  std::map<std::string, StartRecord> by_id;
  for (const auto* side : {&a, &b}) {
    for (const StartRecord& start : *side) {
      const auto [place, is_new] = by_id.emplace(start.id, start);
      if (!is_new && rank(place->second) < rank(start)) place->second = start;
    }
  }
  std::vector<StartRecord> joined;
  for (auto& [id, start] : by_id) joined.push_back(std::move(start));
  return joined;
}

std::string IdOf(const std::set<std::string>& origins) {
  if (origins.empty()) return {};
  if (origins.size() == 1) return *origins.begin();
  constexpr std::size_t kDigits = 20;
  return "merged-" + Sha256Hex(fmt::format("{}", fmt::join(origins, "\n"))).substr(0, kDigits);
}

// Of two that differ for one length the longer, whatever the order.
std::vector<PromptSize> JoinSizes(const std::vector<PromptSize>& a,
                                  const std::vector<PromptSize>& b) {
  if (a == b) return a;
  const auto rank = [](const PromptSize& size) { return std::tie(size.words, size.tokens); };
  std::map<int, PromptSize> by_length;
  for (const auto* side : {&a, &b}) {
    for (const PromptSize& size : *side) {
      const auto [place, is_new] = by_length.emplace(size.length, size);
      if (!is_new && rank(place->second) < rank(size)) place->second = size;
    }
  }
  std::vector<PromptSize> joined;
  for (const auto& [length, size] : by_length) joined.push_back(size);
  return joined;
}

Metadata JoinValues(const Metadata& a, const Metadata& b, bool mixed) {
  Metadata joined;
  joined.schema_version = std::max(a.schema_version, b.schema_version);
  joined.tool_version = std::max(a.tool_version, b.tool_version);
  joined.start_time = Earlier(a.start_time, b.start_time);
  JoinPlan(joined, a, b);
  joined.identity = JoinIdentity(a.identity, b.identity);
  joined.environment = JoinEnvironment(a.environment, b.environment);
  joined.replayed = a.replayed || b.replayed;
  const auto is_mixed = [](const Metadata& side) { return side.mixed && !side.unverified; };
  mixed = mixed || is_mixed(a) || is_mixed(b);
  joined.unverified = !mixed && (a.unverified || b.unverified);
  joined.mixed = mixed || joined.unverified;
  joined.prompt_words = JoinNumber(a.prompt_words, b.prompt_words);
  joined.prompt_sizes = JoinSizes(a.prompt_sizes, b.prompt_sizes);
  joined.baseline = JoinBaseline(a.baseline, b.baseline);
  joined.warnings = JoinWarnings(a.warnings, b.warnings);
  joined.starts = JoinStarts(a.starts, b.starts);
  return joined;
}

// Known keys from `values`, all others from `object`.
void Overlay(Json& object, const Json& values, const std::vector<std::string_view>& known) {
  for (const std::string_view key : known) {
    const std::string name(key);
    if (name == "identity" || name == "environment") continue;
    object.erase(name);
  }
  for (const auto& [key, value] : values.items()) {
    if (value.is_object() && object.contains(key) && object[key].is_object()) {
      Overlay(object[key], value, key == "identity" ? KeysOf<Identity>() : KeysOf<Environment>());
    } else {
      object[key] = value;
    }
  }
}

}  // namespace

std::set<std::string> OriginsOf(const Json& metadata) {
  std::set<std::string> origins;
  const auto list = metadata.find(kOriginsKey);
  if (list != metadata.end() && list->is_array()) {
    for (const Json& origin : *list) {
      if (origin.is_string()) origins.insert(origin.get<std::string>());
    }
  }
  const auto own = metadata.find("store_id");
  if (origins.empty() && own != metadata.end() && own->is_string()) {
    origins.insert(own->get<std::string>());
  }
  return origins;
}

Json JoinMetadata(const Json& a, const Json& b, bool mixed) {
  const Metadata first = MetadataFrom(a).value_or(Metadata());
  const Metadata second = MetadataFrom(b).value_or(Metadata());
  Metadata values = JoinValues(first, second, mixed);
  std::set<std::string> origins = OriginsOf(a);
  origins.merge(OriginsOf(b));
  values.store_id = IdOf(origins);
  Json joined = JoinJson(a, b);
  Overlay(joined, ToJson(values), KeysOf<Metadata>());
  if (origins.size() > 1) joined[kOriginsKey] = origins;
  return joined;
}

}  // namespace ollama_bench
