#include "field_writer.h"

#include <algorithm>
#include <cmath>

#include "ollama_bench/core/cell_result.h"
#include "store_content.h"

namespace ollama_bench {
namespace {

// Six significant digits: beyond them is only noise.
double Rounded(double rate) {
  if (rate <= 0) return 0;
  const double exponent = 5 - std::floor(std::log10(rate));
  const double power = std::pow(10, std::abs(exponent));
  return exponent >= 0 ? std::round(rate * power) / power : std::round(rate / power) * power;
}

bool IsWritable(double rate) {
  return rate >= 0 && rate <= kHighestRate;
}

// Of a cell that has nothing else to show: the program of before takes an entry with a failure for
// one without a rate.
const Failure* FailureForOldReaders(const CellResult& result) {
  if (HasCountedSample(result)) return nullptr;
  if (const Failure* failure = FailureOf(result)) return failure;
  const VisitRecord* latest = LatestVisit(result);
  return latest != nullptr && latest->failure ? &*latest->failure : nullptr;
}

}  // namespace

void FieldWriter::operator()(std::string_view key, const std::string& value) {
  if (!value.empty()) object_[std::string(key)] = value;
}

void FieldWriter::operator()(std::string_view key, bool value) {
  object_[std::string(key)] = value;
}

void FieldWriter::operator()(std::string_view key, int value) {
  object_[std::string(key)] = std::max(value, 0);
}

void FieldWriter::operator()(std::string_view key, std::int64_t value) {
  object_[std::string(key)] = std::clamp<std::int64_t>(value, 0, kLargestInteger);
}

void FieldWriter::operator()(std::string_view key, const std::optional<int>& value) {
  if (value && *value >= -2) object_[std::string(key)] = *value;
}

void FieldWriter::operator()(std::string_view key, const std::optional<std::int64_t>& value) {
  if (value && *value >= 0 && *value <= kLargestInteger) object_[std::string(key)] = *value;
}

void FieldWriter::operator()(std::string_view key, const std::optional<double>& value) {
  if (value && IsWritable(*value)) object_[std::string(key)] = *value;
}

void FieldWriter::operator()(std::string_view key,
                             const std::optional<std::chrono::nanoseconds>& value) {
  if (!value || value->count() < 0 || *value > kLongestDuration) return;
  object_[std::string(key)] = static_cast<double>(value->count()) / 1e6;
}

void FieldWriter::operator()(std::string_view key, Parameter value) {
  object_[std::string(key)] = std::string(KeyOf(value));
}

void FieldWriter::Setting(const ParameterInfo& info, const Cell& cell) {
  if (!cell.Sets(info.parameter)) return;
  object_[std::string(info.key)] = ValueAs<nlohmann::json>(info.parameter, cell[info.parameter]);
}

void FieldWriter::Values(std::string_view key, const Axis& axis) {
  nlohmann::json list = nlohmann::json::array();
  for (const int value : axis.values) {
    list.push_back(value == kAutoValue ? nlohmann::json(FormatValue(axis.parameter, value))
                                       : ValueAs<nlohmann::json>(axis.parameter, value));
  }
  object_[std::string(key)] = std::move(list);
}

void FieldWriter::operator()(std::string_view key, SampleRole value) {
  object_[std::string(key)] = std::string(KeyOf(value));
}

void FieldWriter::operator()(std::string_view key, const std::optional<Exclusion>& value) {
  object_[std::string(key)] = value ? nlohmann::json(std::string(KeyOf(*value))) : nullptr;
}

void FieldWriter::operator()(std::string_view key, FailureKind value) {
  object_[std::string(key)] = std::string(Describe(value).key);
}

void FieldWriter::operator()(std::string_view key, const std::vector<std::string>& values) {
  object_[std::string(key)] = values;
}

void FieldWriter::operator()(std::string_view key,
                             const std::map<std::string, std::string>& values) {
  object_[std::string(key)] = values;
}

void FieldWriter::operator()(std::string_view key,
                             const std::map<std::string, std::int64_t>& values) {
  if (!values.empty()) object_[std::string(key)] = values;
}

void FieldWriter::operator()(std::string_view key, const std::optional<bool>& value) {
  if (value) object_[std::string(key)] = *value;
}

void FieldWriter::Derived(std::string_view key, std::optional<double> value) {
  object_[std::string(key)] =
      value && IsWritable(*value) ? nlohmann::json(Rounded(*value)) : nullptr;
}

void FieldWriter::Error(std::string_view key, const CellResult& result) {
  const Failure* failure = FailureForOldReaders(result);
  if (failure == nullptr || MedianPromptEvalRate(result)) return;
  object_[std::string(key)] = std::string(Describe(failure->kind).sentence);
}

void FieldWriter::EntryFailure(std::string_view key, const CellResult& result) {
  if (const Failure* failure = FailureForOldReaders(result)) (*this)(key, *failure);
}

void FieldWriter::Labels(std::string_view key, const std::map<std::string, std::string>& labels) {
  if (!labels.empty()) object_[std::string(key)] = labels;
}

void FieldWriter::Flag(std::string_view key, bool value) {
  if (value) object_[std::string(key)] = true;
}

}  // namespace ollama_bench
