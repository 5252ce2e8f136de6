#include "ollama_bench/session/compared_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

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
  const auto parameter = ParameterFromKey(text.substr(0, equals));
  if (!parameter) {
    std::vector<std::string_view> keys;
    for (const ParameterInfo& info : AllParameters()) keys.push_back(info.key);
    return problem(fmt::format("no parameter; there are {}", fmt::join(keys, ", ")));
  }
  CompareBy by{*parameter, {}};
  if (equals == std::string::npos) return by;
  const std::string values = text.substr(equals + 1);
  const auto comma = values.find(',');
  const std::string_view key = KeyOf(*parameter);
  if (comma == std::string::npos || values.find(',', comma + 1) != std::string::npos) {
    return problem(fmt::format("write two values, before and after: {}=A,B", key));
  }
  for (const std::string& value : {values.substr(0, comma), values.substr(comma + 1)}) {
    const auto parsed = ParseValue(*parameter, value);
    if (!parsed) return problem(fmt::format("\"{}\" is no value of {}", value, key));
    by.values.push_back(*parsed);
  }
  if (by.values[0] == by.values[1]) return problem("both values are the same");
  return by;
}

Expected<ValuePair, SessionError> ChooseValues(const ResultsStore& store, const CompareBy& by) {
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
  if (!of_value[0].empty() && !of_value[1].empty() && of_value[0] != of_value[1]) {
    differences.push_back(
        fmt::format("host: {0}={1} was measured on {2}, {0}={3} on {4}", KeyOf(by.parameter),
                    FormatValue(by.parameter, by.first), fmt::join(of_value[0], ", "),
                    FormatValue(by.parameter, by.second), fmt::join(of_value[1], ", ")));
  }
  const std::string file = store.path().string();
  if (store.metadata().replayed) {
    differences.push_back(fmt::format("{}: replayed from a recording", file));
  }
  if (store.metadata().mixed) {
    differences.push_back(fmt::format("{}: mixes samples of different identities", file));
  }
  return differences;
}

}  // namespace ollama_bench
