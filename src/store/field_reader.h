#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fields.h"

namespace ollama_bench {

/// A visitor that fills a value from a JSON object. Absent and null keys leave the value as it is.
/// The first thing that is wrong is kept; what comes after it is not reliable.
class FieldReader {
 public:
  explicit FieldReader(const nlohmann::json& object) : object_(&object) {}

  void operator()(std::string_view key, std::string& value);
  void operator()(std::string_view key, bool& value);
  void operator()(std::string_view key, int& value);
  void operator()(std::string_view key, std::int64_t& value);
  void operator()(std::string_view key, std::optional<int>& value);
  void operator()(std::string_view key, std::optional<std::int64_t>& value);
  void operator()(std::string_view key, std::optional<double>& value);
  void operator()(std::string_view key, std::optional<std::chrono::nanoseconds>& value);
  void operator()(std::string_view key, Parameter& value);
  void operator()(std::string_view key, SampleRole& value);
  void operator()(std::string_view key, std::optional<Exclusion>& value);
  void operator()(std::string_view key, FailureKind& value);
  void operator()(std::string_view key, std::vector<std::string>& values);
  void operator()(std::string_view key, std::map<std::string, std::string>& values);
  void operator()(std::string_view key, std::map<std::string, std::int64_t>& values);
  void operator()(std::string_view key, std::optional<bool>& value);
  template <HasFields T>
  void operator()(std::string_view key, std::vector<T>& values) {
    const nlohmann::json* found = Take(key);
    if (found == nullptr) return;
    if (!found->is_array()) return Complain(key, "is not a list");
    for (const nlohmann::json& element : *found) ReadNested(key, element, values.emplace_back());
  }
  template <HasFields T>
  void operator()(std::string_view key, T& value) {
    const nlohmann::json* found = Take(key);
    if (found != nullptr) ReadNested(key, *found, value);
  }
  template <HasFields T>
  void operator()(std::string_view key, std::optional<T>& value) {
    const nlohmann::json* found = Take(key);
    if (found != nullptr) ReadNested(key, *found, value.emplace());
  }

  void Derived(std::string_view key, std::optional<double> unused);
  /// The old script's wording of a failure, and what takes its place since: kept in
  /// entry_failure().
  void Error(std::string_view key, const CellResult& result);
  void EntryFailure(std::string_view key, const CellResult& result);
  void Setting(const ParameterInfo& info, Cell& cell);
  void Values(std::string_view key, Axis& axis);
  void Flag(std::string_view key, bool& value) { (*this)(key, value); }
  void Labels(std::string_view key, std::map<std::string, std::string>& labels) {
    (*this)(key, labels);
  }
  template <IsRow T>
  void Rows(std::string_view key, std::vector<T>& rows);

  /// The value at `key`; nullptr where it is absent or null.
  const nlohmann::json* Take(std::string_view key);
  void Complain(std::string_view key, std::string_view what);
  /// Call after all fields: a key that differs from an absent one in a single letter is damage
  /// rather than a key of somebody else's, and its loss would change what the rest means.
  void RefuseMisspelt();

  [[nodiscard]] const std::optional<Failure>& entry_failure() const { return entry_failure_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }
  /// Index of the sample that the problem is in, if it is in one.
  [[nodiscard]] std::optional<std::size_t> problem_sample() const { return problem_sample_; }

 private:
  std::optional<int> SettingFrom(const ParameterInfo& info, const nlohmann::json& value);
  std::optional<int> DecimalFrom(const ParameterInfo& info, const nlohmann::json& value);
  std::optional<int> WordFrom(const ParameterInfo& info, const nlohmann::json& value);
  std::optional<std::int64_t> Integer(std::string_view key, std::int64_t least, std::int64_t most);

  template <HasFields T>
  void ReadNested(std::string_view key, const nlohmann::json& object, T& value) {
    if (!object.is_object()) return Complain(key, "is not an object");
    FieldReader nested(object);
    VisitFields(nested, value);
    nested.RefuseMisspelt();
    if (!nested.problem().empty()) Complain(key, ": " + nested.problem());
  }

  const nlohmann::json* object_;
  std::vector<std::string_view> absent_;
  std::size_t present_ = 0;
  std::optional<Failure> entry_failure_;
  std::string problem_;
  std::optional<std::size_t> problem_sample_;
};

/// An entry of "results", old or new.
void ReadEntry(FieldReader& reader, const nlohmann::json& entry, CellResult& result);
/// A sample of an entry. Without an id it gets one from its content.
void ReadRow(FieldReader& reader, const nlohmann::json& object, Sample& sample);
/// A visit of an entry. It must have an id, for samples name it.
void ReadRow(FieldReader& reader, const nlohmann::json& object, VisitRecord& visit);

}  // namespace ollama_bench
