#include "ollama_bench/session/compared_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/labels.h"
#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

constexpr std::string_view kHost = "host";

std::vector<int> WithoutCopies(std::vector<int> values) {
  std::set<int> seen;
  std::erase_if(values, [&seen](int value) { return !seen.insert(value).second; });
  return values;
}

// In the order of the planned axis; others, such as that of the current setting, ascending.
std::vector<int> ValuesIn(const ResultsStore& store, Parameter parameter) {
  const std::vector<int> planned =
      WithoutCopies(PlannedSpace(store.metadata()).ValuesOf(parameter));
  std::set<int> others;
  for (const CellResult& result : store.results()) others.insert(result.cell[parameter]);
  const auto is_planned = [&planned](int value) {
    return std::find(planned.begin(), planned.end(), value) != planned.end();
  };
  if (planned.size() == 2 || std::all_of(others.begin(), others.end(), is_planned)) {
    return planned;
  }
  others.insert(planned.begin(), planned.end());
  return {others.begin(), others.end()};
}

std::string ListOf(Parameter parameter, const std::vector<int>& values) {
  std::vector<std::string> texts;
  for (const int value : values) texts.push_back(FormatValue(parameter, value));
  return fmt::format("{}", fmt::join(texts, ", "));
}

// "; several values have num_ctx, num_batch".
std::string Alternatives(const ResultsStore& store) {
  std::vector<std::string_view> keys;
  for (const ParameterInfo& info : AllParameters()) {
    if (ValuesIn(store, info.parameter).size() > 1) keys.push_back(info.key);
  }
  if (keys.empty()) return {};
  return fmt::format("; compare by {}", fmt::join(keys, " or "));
}

Unexpected<SessionError> NoSuchValues(const ResultsStore& store, Parameter parameter,
                                      const std::vector<int>& values) {
  const std::string file = Printable(store.path().string(), false);
  const std::string_view key = KeyOf(parameter);
  if (values.size() < 2) {
    return Fail(
        ExitCode::kUsage,
        fmt::format("{} has {} of {}{}{}", file, values.empty() ? "no value" : "one value", key,
                    values.empty() ? "" : ", " + ListOf(parameter, values), Alternatives(store)));
  }
  return Fail(
      ExitCode::kUsage,
      fmt::format("{} has {} values of {}: {}; name two, before and after: --by {}={},{}", file,
                  values.size(), key, ListOf(parameter, values), key,
                  FormatValue(parameter, values.front()), FormatValue(parameter, values.back())));
}

}  // namespace

Expected<CompareBy, std::string> ParseCompareBy(const std::string& text) {
  const auto problem = [&text](const std::string& why) {
    return Unexpected<std::string>(fmt::format("{}: {}", Printable(text, false), why));
  };
  const auto equals = text.find('=');
  const std::string key = text.substr(0, equals);
  const auto parameter = ParameterFromKey(key);
  if (!parameter && key != kHost && !IsLabelName(key)) {
    std::vector<std::string_view> keys;
    for (const ParameterInfo& info : AllParameters()) keys.push_back(info.key);
    return problem(
        fmt::format("neither a parameter nor a label; parameters are {}", fmt::join(keys, ", ")));
  }
  std::vector<std::string> values;
  if (equals != std::string::npos) {
    const std::string list = text.substr(equals + 1);
    const auto comma = list.find(',');
    if (comma == std::string::npos || list.find(',', comma + 1) != std::string::npos) {
      return problem(fmt::format("write two values, before and after: {}=A,B", key));
    }
    values = {list.substr(0, comma), list.substr(comma + 1)};
    if (values[0] == values[1]) return problem("both values are the same");
  }
  if (!parameter) return CompareBy(CompareByLabel{key, std::move(values)});
  CompareByParameter by{*parameter, {}};
  for (const std::string& value : values) {
    const auto parsed = ParseValue(*parameter, value);
    if (!parsed) return problem(fmt::format("\"{}\" is no value of {}", value, key));
    by.values.push_back(*parsed);
  }
  return CompareBy(std::move(by));
}

Expected<ValuePair, SessionError> ChooseValues(const ResultsStore& store,
                                               const CompareByParameter& by) {
  const std::vector<int> values = ValuesIn(store, by.parameter);
  if (by.values.empty()) {
    if (values.size() != 2) return NoSuchValues(store, by.parameter, values);
    return ValuePair{by.parameter, values[0], values[1]};
  }
  for (const int value : by.values) {
    const bool is_measured =
        std::any_of(store.results().begin(), store.results().end(),
                    [&](const CellResult& result) { return result.cell[by.parameter] == value; });
    if (is_measured || std::find(values.begin(), values.end(), value) != values.end()) continue;
    return Fail(ExitCode::kUsage,
                fmt::format("no cell of {} has {}={}; its values are {}",
                            Printable(store.path().string(), false), KeyOf(by.parameter),
                            FormatValue(by.parameter, value), ListOf(by.parameter, values)));
  }
  return ValuePair{by.parameter, by.values[0], by.values[1]};
}

namespace {

// "host: A was measured on x, B on y"; nothing where that is the same, or not known.
void AddHosts(const std::string& first, const std::set<std::string>& hosts_of_first,
              const std::string& second, const std::set<std::string>& hosts_of_second,
              std::vector<std::string>& differences) {
  if (hosts_of_first.empty() || hosts_of_second.empty() || hosts_of_first == hosts_of_second)
    return;
  differences.push_back(fmt::format("host: {} was measured on {}, {} on {}", first,
                                    fmt::join(hosts_of_first, ", "), second,
                                    fmt::join(hosts_of_second, ", ")));
}

void AddKindOfFile(const ResultsStore& store, std::vector<std::string>& differences) {
  const std::string file = store.path().string();
  if (store.metadata().replayed) {
    differences.push_back(fmt::format("{}: replayed from a recording", file));
  }
  if (store.metadata().mixed) {
    differences.push_back(fmt::format("{}: mixes samples of different identities", file));
  }
}

}  // namespace

std::vector<std::string> DifferencesBetween(const ResultsStore& store, const ValuePair& by) {
  std::map<std::string, std::string> hosts;  // by start
  for (const StartRecord& start : store.metadata().starts) hosts[start.id] = start.host;
  std::set<std::string> of_value[2];
  for (const CellResult& result : store.results()) {
    const int value = result.cell[by.parameter];
    if (value != by.first && value != by.second) continue;
    for (const VisitRecord& visit : result.visits) {
      const auto host = hosts.find(visit.start);
      if (host == hosts.end() || host->second.empty()) continue;
      of_value[value == by.first ? 0 : 1].insert(host->second);
    }
  }
  std::vector<std::string> differences;
  const auto name = [&by](int value) {
    return fmt::format("{}={}", KeyOf(by.parameter), FormatValue(by.parameter, value));
  };
  AddHosts(name(by.first), of_value[0], name(by.second), of_value[1], differences);
  AddKindOfFile(store, differences);
  return differences;
}

namespace {

// What the label of a start says; empty where it has none.
std::string ValueOf(const StartRecord& start, const std::string& label) {
  if (label == kHost) return start.host;
  const auto found = start.labels.find(label);
  return found == start.labels.end() ? std::string() : found->second;
}

// In the order of their first start.
std::vector<std::string> ValuesOf(const std::vector<StartRecord>& starts,
                                  const std::string& label) {
  std::map<std::string, std::string> first;  // of each value
  for (const StartRecord& start : starts) {
    const std::string value = ValueOf(start, label);
    if (value.empty()) continue;
    const auto [place, is_new] = first.emplace(value, start.started);
    if (!is_new) place->second = std::min(place->second, start.started);
  }
  std::vector<std::string> values;
  for (const auto& [value, began] : first) values.push_back(value);
  std::sort(values.begin(), values.end(), [&first](const std::string& a, const std::string& b) {
    return std::pair(first[a], a) < std::pair(first[b], b);
  });
  return values;
}

std::string LabelsOf(const std::vector<StartRecord>& starts) {
  std::set<std::string> labels;
  for (const StartRecord& start : starts) {
    for (const auto& [label, value] : start.labels) labels.insert(label);
  }
  if (labels.empty()) return "its starts have no labels; --label gives them one";
  return fmt::format("its labels are {}", fmt::join(labels, ", "));
}

LabelledResults ResultsWith(const ResultsStore& store, const std::string& label,
                            const std::string& value) {
  LabelledResults chosen{value, {}, {}};
  std::set<std::string> starts;
  for (const StartRecord& start : store.metadata().starts) {
    if (ValueOf(start, label) != value) continue;
    starts.insert(start.id);
    if (!start.host.empty()) chosen.hosts.insert(start.host);
  }
  for (CellResult result : store.results()) {
    std::erase_if(result.visits,
                  [&starts](const VisitRecord& visit) { return !starts.contains(visit.start); });
    std::set<std::string> visits;
    for (const VisitRecord& visit : result.visits) visits.insert(visit.id);
    std::erase_if(result.samples,
                  [&visits](const Sample& sample) { return !visits.contains(sample.visit); });
    if (!result.visits.empty()) chosen.results.push_back(std::move(result));
  }
  return chosen;
}

}  // namespace

Expected<std::pair<LabelledResults, LabelledResults>, SessionError> ChooseLabelled(
    const ResultsStore& store, const CompareByLabel& by) {
  const std::vector<StartRecord>& starts = store.metadata().starts;
  const std::vector<std::string> known = ValuesOf(starts, by.label);
  const std::string file = Printable(store.path().string(), false);
  if (known.empty()) {
    return Fail(ExitCode::kUsage,
                fmt::format("{} is no parameter, and no start of {} has such a label: {}{}",
                            by.label, file, LabelsOf(starts), Alternatives(store)));
  }
  std::vector<std::string> values = by.values;
  if (values.empty() && known.size() < 2) {
    return Fail(ExitCode::kUsage,
                fmt::format("{} has one value of the label {}, {}", file, by.label, known.front()));
  }
  if (values.empty()) values.assign(known.end() - 2, known.end());
  for (const std::string& value : values) {
    if (std::find(known.begin(), known.end(), value) != known.end()) continue;
    return Fail(ExitCode::kUsage,
                fmt::format("no start of {} has the label {}={}; its values are {}", file, by.label,
                            Printable(value, false), fmt::join(known, ", ")));
  }
  return std::pair(ResultsWith(store, by.label, values[0]),
                   ResultsWith(store, by.label, values[1]));
}

std::vector<std::string> DifferencesBetween(const ResultsStore& store, const CompareByLabel& by,
                                            const LabelledResults& first,
                                            const LabelledResults& second) {
  std::vector<std::string> differences;
  if (by.label != kHost) {
    const auto name = [&by](const LabelledResults& results) {
      return by.label + "=" + results.value;
    };
    AddHosts(name(first), first.hosts, name(second), second.hosts, differences);
  }
  AddKindOfFile(store, differences);
  return differences;
}

}  // namespace ollama_bench
