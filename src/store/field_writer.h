#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "fields.h"

namespace ollama_bench {

/// A visitor that makes a JSON object of a value. Empty texts and unset values are left out, and so
/// is what the format cannot hold (a negative duration, a NaN), so that all that is written can be
/// read again.
class FieldWriter {
 public:
  void operator()(std::string_view key, const std::string& value);
  void operator()(std::string_view key, bool value);
  void operator()(std::string_view key, int value);
  void operator()(std::string_view key, std::int64_t value);
  void operator()(std::string_view key, const std::optional<int>& value);
  void operator()(std::string_view key, const std::optional<std::int64_t>& value);
  void operator()(std::string_view key, const std::optional<double>& value);
  void operator()(std::string_view key, const std::optional<std::chrono::nanoseconds>& value);
  void operator()(std::string_view key, Parameter value);
  void operator()(std::string_view key, SampleRole value);
  void operator()(std::string_view key, const std::optional<Exclusion>& value);
  void operator()(std::string_view key, FailureKind value);
  void operator()(std::string_view key, const std::vector<std::string>& values);
  void operator()(std::string_view key, const std::map<std::string, std::string>& values);
  void operator()(std::string_view key, const std::map<std::string, std::int64_t>& values);
  void operator()(std::string_view key, const std::optional<bool>& value);
  template <HasFields T>
  void operator()(std::string_view key, const std::vector<T>& values) {
    if (values.empty()) return;
    nlohmann::json list = nlohmann::json::array();
    for (const T& value : values) {
      FieldWriter nested;
      VisitFields(nested, value);
      list.push_back(std::move(nested.object_));
    }
    object_[std::string(key)] = std::move(list);
  }
  template <HasFields T>
  void operator()(std::string_view key, const T& value) {
    FieldWriter nested;
    VisitFields(nested, value);
    object_[std::string(key)] = std::move(nested.object_);
  }
  template <HasFields T>
  void operator()(std::string_view key, const std::optional<T>& value) {
    if (value) (*this)(key, *value);
  }

  void Derived(std::string_view key, std::optional<double> value);
  void Error(std::string_view key, const CellResult& result);
  void EntryFailure(std::string_view key, const CellResult& result);
  void Setting(const ParameterInfo& info, const Cell& cell);
  void Values(std::string_view key, const Axis& axis);
  void Flag(std::string_view key, bool value);
  void Labels(std::string_view key, const std::map<std::string, std::string>& labels);
  template <IsRow T>
  void Rows(std::string_view /*key*/, const std::vector<T>& /*rows*/) {}

  nlohmann::json object_ = nlohmann::json::object();
};

/// A visitor that lists the keys of a value in their order.
class KeyLister {
 public:
  void operator()(std::string_view key, const auto& /*value*/) { keys.push_back(key); }
  void Derived(std::string_view key, std::optional<double> /*value*/) { keys.push_back(key); }
  void Error(std::string_view key, const CellResult& /*result*/) { keys.push_back(key); }
  void EntryFailure(std::string_view key, const CellResult& /*result*/) { keys.push_back(key); }
  void Setting(const ParameterInfo& info, const Cell& /*cell*/) { keys.push_back(info.key); }
  void Values(std::string_view key, const Axis& /*axis*/) { keys.push_back(key); }
  void Flag(std::string_view key, bool /*value*/) { keys.push_back(key); }
  void Labels(std::string_view key, const std::map<std::string, std::string>& /*labels*/) {
    keys.push_back(key);
  }
  template <IsRow T>
  void Rows(std::string_view key, const std::vector<T>& /*rows*/) {
    keys.push_back(key);
  }

  std::vector<std::string_view> keys;
};

/// `value` as an object. A cell's visits and samples are not in it.
template <class T>
nlohmann::json ToJson(const T& value) {
  FieldWriter writer;
  VisitFields(writer, value);
  return std::move(writer.object_);
}

template <class T>
std::vector<std::string_view> KeysOf() {
  KeyLister lister;
  const T value{};
  VisitFields(lister, value);
  return lister.keys;
}

}  // namespace ollama_bench
