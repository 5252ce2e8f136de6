#include "field_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "ollama_bench/core/text.h"
#include "store_content.h"

namespace ollama_bench {
namespace {

using Json = nlohmann::json;

// Equal length, one character apart: what a flipped bit or a slip of the finger leaves.
bool DifferInOneCharacter(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  int differences = 0;
  for (std::size_t i = 0; i < a.size() && differences < 2; ++i) {
    if (a[i] != b[i]) ++differences;
  }
  return differences == 1;
}

// FNV-1a. Stable over versions and machines: merge knows a sample by it.
std::string ContentId(std::string_view content) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : content) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return fmt::format("old-{:016x}", hash);
}

// What stands for the cell in ids made of content: "1024 64".
std::string ValuesOf(const Cell& cell) {
  std::string text;
  for (const ParameterInfo& info : AllParameters()) {
    if (!cell.Sets(info.parameter)) continue;
    if (!text.empty()) text += ' ';
    text += FormatValue(info.parameter, cell[info.parameter]);
  }
  return text;
}

// A sample from before there were samples: the entry itself.
Sample SampleOfOldEntry(const CellResult& result, double rate) {
  Sample sample;
  sample.id = ContentId(fmt::format("{} {} {}", ValuesOf(result.cell), rate, result.timestamp));
  sample.metrics.printed_prompt_eval_rate = rate;
  sample.unverified = true;
  return sample;
}

// The failure that an entry has itself: the one of a visit of it, written once more for older
// readers, or one from before there were visits, which counts as a visit.
void AddFailedVisit(const Failure& failure, CellResult& result) {
  const bool is_known =
      std::any_of(result.visits.begin(), result.visits.end(), [&](const VisitRecord& visit) {
        return visit.failure && visit.failure->kind == failure.kind;
      });
  if (is_known) return;
  VisitRecord visit;
  visit.id =
      ContentId(fmt::format("{} {} {} {} {}", ValuesOf(result.cell), Describe(failure.kind).key,
                            failure.message, failure.attempts, result.timestamp));
  visit.started = result.timestamp;
  visit.failure = failure;
  result.visits.push_back(std::move(visit));
}

}  // namespace

const Json* FieldReader::Take(std::string_view key) {
  const auto found = object_->find(key);
  if (found == object_->end()) {
    absent_.push_back(key);
    return nullptr;
  }
  ++present_;
  return found->is_null() ? nullptr : &*found;
}

void FieldReader::Complain(std::string_view key, std::string_view what) {
  if (!problem_.empty()) return;
  problem_ = fmt::format("\"{}\"{}{}", key, what.starts_with(':') ? "" : " ", what);
}

void FieldReader::RefuseMisspelt() {
  constexpr std::size_t kShortest = 5;  // shorter keys have too many innocent neighbours
  if (present_ == object_->size()) return;
  for (const auto& [key, value] : object_->items()) {
    if (key.size() < kShortest) continue;
    for (const std::string_view absent : absent_) {
      if (!DifferInOneCharacter(key, absent)) continue;
      Complain(Printable(key), fmt::format("is almost \"{}\", which is missing here", absent));
    }
  }
}

std::optional<std::int64_t> FieldReader::Integer(std::string_view key, std::int64_t least,
                                                 std::int64_t most) {
  const Json* found = Take(key);
  if (found == nullptr) return std::nullopt;
  if (!found->is_number_integer()) {
    Complain(key, "is not a whole number");
    return std::nullopt;
  }
  const bool too_large =
      found->is_number_unsigned() && found->get<std::uint64_t>() > static_cast<std::uint64_t>(most);
  if (too_large || found->get<std::int64_t>() < least) {
    Complain(key, fmt::format("is not between {} and {}", least, most));
    return std::nullopt;
  }
  return found->get<std::int64_t>();
}

void FieldReader::operator()(std::string_view key, std::string& value) {
  const Json* found = Take(key);
  if (found == nullptr) return;
  if (!found->is_string()) return Complain(key, "is not a text");
  // A file from somebody else must not reach the terminal with control characters.
  value = Printable(found->get_ref<const std::string&>());
}

void FieldReader::operator()(std::string_view key, bool& value) {
  const Json* found = Take(key);
  if (found == nullptr) return;
  if (!found->is_boolean()) return Complain(key, "is neither true nor false");
  value = found->get<bool>();
}

void FieldReader::operator()(std::string_view key, int& value) {
  const auto number = Integer(key, 0, std::numeric_limits<int>::max());
  if (number) value = static_cast<int>(*number);
}

void FieldReader::operator()(std::string_view key, std::int64_t& value) {
  value = Integer(key, 0, kLargestInteger).value_or(value);
}

void FieldReader::operator()(std::string_view key, std::optional<int>& value) {
  // num_predict alone; Ollama gives -1 and -2 a meaning.
  const auto number = Integer(key, -2, std::numeric_limits<int>::max());
  if (number) value = static_cast<int>(*number);
}

void FieldReader::operator()(std::string_view key, std::optional<std::int64_t>& value) {
  if (const auto number = Integer(key, 0, kLargestInteger)) value = number;
}

void FieldReader::operator()(std::string_view key, std::optional<double>& value) {
  const Json* found = Take(key);
  if (found == nullptr) return;
  if (!found->is_number()) return Complain(key, "is not a number");
  const double number = found->get<double>();
  if (!(number >= 0 && number <= kHighestRate)) return Complain(key, "is out of range");
  value = number;
}

void FieldReader::operator()(std::string_view key, std::optional<std::chrono::nanoseconds>& value) {
  const Json* found = Take(key);
  if (found == nullptr) return;
  if (!found->is_number()) return Complain(key, "is not a number");
  const double nanoseconds = found->get<double>() * 1e6;
  if (!(nanoseconds >= 0 && nanoseconds <= static_cast<double>(kLongestDuration.count()))) {
    return Complain(key, "is not between 0 and 10 days");
  }
  value = std::chrono::nanoseconds(std::llround(nanoseconds));
}

void FieldReader::operator()(std::string_view key, Parameter& value) {
  std::string name;
  (*this)(key, name);
  const auto parameter = ParameterFromKey(name);
  if (!parameter) return Complain(key, "is no parameter that this version knows");
  value = *parameter;
}

std::optional<int> FieldReader::DecimalFrom(const ParameterInfo& info, const Json& value) {
  const double units = value.is_number() ? value.get<double>() * kDecimalUnit : 0;
  // Not exact: 0.001 times 1000 is none.
  const bool is_decimal = std::abs(units - std::round(units)) <= 1e-9 * std::abs(units);
  if (is_decimal && units >= info.lowest && units <= info.highest) {
    return static_cast<int>(std::lround(units));
  }
  Complain(info.key, fmt::format("is not a number from {} to {} with at most three decimals",
                                 FormatValue(info.parameter, info.lowest),
                                 FormatValue(info.parameter, info.highest)));
  return std::nullopt;
}

std::optional<int> FieldReader::WordFrom(const ParameterInfo& info, const Json& value) {
  const auto word = value.is_string()
                        ? ParseValue(info.parameter, value.get_ref<const std::string&>())
                        : std::nullopt;
  if (word && *word != kAutoValue) return word;
  Complain(info.key, "is no value that this version knows");
  return std::nullopt;
}

std::optional<int> FieldReader::SettingFrom(const ParameterInfo& info, const Json& value) {
  if (info.type == ParameterType::kSwitch) {
    if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
    Complain(info.key, "is neither true nor false");
    return std::nullopt;
  }
  if (info.type == ParameterType::kDecimal) return DecimalFrom(info, value);
  if (info.type != ParameterType::kCount) return WordFrom(info, value);
  // What was parsed is unsigned, what this program made may be either.
  const bool is_too_large = value.is_number_unsigned() &&
                            value.get<std::uint64_t>() > static_cast<std::uint64_t>(info.highest);
  if (value.is_number_integer() && !is_too_large) {
    const auto number = value.get<std::int64_t>();
    if (number >= info.lowest && number <= info.highest) return static_cast<int>(number);
  }
  Complain(info.key, fmt::format("is not a whole number from {} to {}", info.lowest, info.highest));
  return std::nullopt;
}

void FieldReader::Setting(const ParameterInfo& info, Cell& cell) {
  const Json* found = Take(info.key);
  if (found == nullptr) return;
  if (const auto value = SettingFrom(info, *found)) cell.Set(info.parameter, *value);
}

void FieldReader::Values(std::string_view key, Axis& axis) {
  const Json* found = Take(key);
  if (found == nullptr || !found->is_array() || found->empty()) {
    return Complain(key, "is not a list of values");
  }
  std::set<int> seen;
  for (const Json& element : *found) {
    const bool is_auto = element == FormatValue(axis.parameter, kAutoValue);
    const auto value =
        is_auto ? std::optional(kAutoValue) : SettingFrom(Describe(axis.parameter), element);
    if (!value) return;
    if (!seen.insert(*value).second) return Complain(key, "holds a value twice");
    axis.values.push_back(*value);
  }
}

void FieldReader::operator()(std::string_view key, SampleRole& value) {
  const Json* found = Take(key);
  // A warm-up whose role is lost would count.
  if (found == nullptr) return Complain(key, "is missing");
  if (!found->is_string()) return Complain(key, "is not a text");
  const auto role = SampleRoleFromKey(found->get_ref<const std::string&>());
  if (!role) return Complain(key, "is no role that this version knows");
  value = *role;
}

void FieldReader::operator()(std::string_view key, std::optional<Exclusion>& value) {
  const Json* found = Take(key);
  if (found == nullptr) return;
  if (!found->is_string()) return Complain(key, "is not a text");
  value = ExclusionFromKey(found->get_ref<const std::string&>());
  if (!value) Complain(key, "is no reason that this version knows");
}

void FieldReader::operator()(std::string_view key, FailureKind& value) {
  const Json* found = Take(key);
  if (found == nullptr) return Complain(key, "is missing");
  if (!found->is_string()) return Complain(key, "is not a text");
  const auto kind = FailureKindFromKey(found->get_ref<const std::string&>());
  if (!kind) return Complain(key, "is no kind that this version knows");
  value = *kind;
}

void FieldReader::operator()(std::string_view key, std::vector<std::string>& values) {
  const Json* found = Take(key);
  if (found == nullptr) return;
  if (!found->is_array()) return Complain(key, "is not a list");
  for (const Json& element : *found) {
    if (!element.is_string()) return Complain(key, "holds something that is not a text");
    values.push_back(Printable(element.get_ref<const std::string&>()));
  }
}

void FieldReader::operator()(std::string_view key, std::map<std::string, std::string>& values) {
  const Json* found = Take(key);
  if (found == nullptr) return;
  if (!found->is_object()) return Complain(key, "is not an object");
  for (const auto& [name, element] : found->items()) {
    if (!element.is_string()) return Complain(key, "holds something that is not a text");
    values[Printable(name)] = Printable(element.get_ref<const std::string&>());
  }
}

void FieldReader::operator()(std::string_view key, std::map<std::string, std::int64_t>& values) {
  const Json* found = Take(key);
  if (found == nullptr) return;
  if (!found->is_object()) return Complain(key, "is not an object");
  for (const auto& [name, element] : found->items()) {
    const bool is_count = element.is_number_integer() && element.get<std::int64_t>() >= 0;
    if (!is_count) return Complain(key, "holds something that is no count");
    values[Printable(name)] = element.get<std::int64_t>();
  }
}

void FieldReader::operator()(std::string_view key, std::optional<bool>& value) {
  const Json* found = Take(key);
  if (found == nullptr) return;
  if (!found->is_boolean()) return Complain(key, "is neither true nor false");
  value = found->get<bool>();
}

void FieldReader::Derived(std::string_view key, std::optional<double> /*unused*/) {
  std::optional<double> ignored;
  (*this)(key, ignored);
}

void FieldReader::Error(std::string_view key, const CellResult& /*result*/) {
  std::string error;
  (*this)(key, error);
  if (!error.empty()) entry_failure_ = Failure{FailureKindFromOldError(error), error, {}, 1};
}

void FieldReader::EntryFailure(std::string_view key, const CellResult& /*result*/) {
  const Json* found = Take(key);
  if (found != nullptr) ReadNested(key, *found, entry_failure_.emplace());
}

template <IsRow T>
void FieldReader::Rows(std::string_view key, std::vector<T>& rows) {
  const Json* found = Take(key);
  if (found == nullptr) return;
  if (!found->is_array()) return Complain(key, "is not a list");
  rows.reserve(found->size());
  std::set<std::string> ids;
  for (const Json& element : *found) {
    FieldReader nested(element);
    T row;
    if (element.is_object()) {
      ReadRow(nested, element, row);
    } else {
      nested.Complain(key, "holds something that is not an object");
    }
    if (nested.problem().empty() && !ids.insert(row.id).second) {
      nested.Complain("id", fmt::format("{} is there twice in one entry", row.id));
    }
    if (!nested.problem().empty()) {
      if (problem_.empty()) {
        problem_ = nested.problem();
        if (Is<T, Sample>) problem_sample_ = rows.size();
      }
      return;
    }
    rows.push_back(std::move(row));
  }
}

void ReadRow(FieldReader& reader, const Json& object, Sample& sample) {
  VisitFields(reader, sample);
  reader.RefuseMisspelt();
  if (sample.id.empty()) {
    sample.id = ContentId(object.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
}

void ReadRow(FieldReader& reader, const Json& /*object*/, VisitRecord& visit) {
  VisitFields(reader, visit);
  reader.RefuseMisspelt();
  if (visit.id.empty()) reader.Complain("id", "of a visit is missing");
}

void ReadEntry(FieldReader& reader, const Json& entry, CellResult& result) {
  VisitFields(reader, result);
  reader.RefuseMisspelt();
  if (!reader.problem().empty()) return;
  if (reader.entry_failure()) AddFailedVisit(*reader.entry_failure(), result);
  const auto samples = entry.find("samples");
  if (samples != entry.end() && !samples->is_null()) return;
  const auto rate = entry.find("prompt_eval_rate");
  if (rate != entry.end() && rate->is_number()) {
    result.samples.push_back(SampleOfOldEntry(result, rate->get<double>()));
  }
}

}  // namespace ollama_bench
