#include "values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <locale>
#include <set>
#include <sstream>

#include "ollama_bench/core/model_name.h"
#include "ollama_bench/core/text.h"
#include "sources.h"

namespace ollama_bench {
namespace {

struct Integer {
  bool is_integer = false;
  std::optional<long long> value;  // empty: does not even fit into 64 bits
};

Integer ParseStrictly(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('-')) digits.remove_prefix(1);
  const bool all_digits = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
  if (!all_digits || (digits.size() > 1 && digits.front() == '0')) return {};
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return {true, std::nullopt};
  return {true, value};
}

std::optional<double> ParseDecimal(const std::string& text) {
  std::istringstream stream(text);
  stream.imbue(std::locale::classic());
  double value = 0;
  if (!(stream >> value) || stream.peek() != std::istringstream::traits_type::eof()) {
    return std::nullopt;
  }
  return value;
}

// What somebody most likely meant by a spelling that is refused: 2048.0, 0x800, 32k, 2_048.
std::optional<long long> GuessNumber(std::string_view text, const ConfigKey& parameter) {
  if (text.size() > 40) return std::nullopt;
  std::string plain;
  for (const char c : text) {
    if (c != '_' && c != '\'') plain += c;
  }
  double guess = 0;
  if (plain.starts_with("0x") || plain.starts_with("0X")) {
    unsigned value = 0;
    const char* end = plain.data() + plain.size();
    const auto result = std::from_chars(plain.data() + 2, end, value, 16);
    if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
    guess = value;
  } else {
    const bool kilo = plain.ends_with('k') || plain.ends_with('K');
    if (kilo) plain.pop_back();
    const auto value = ParseDecimal(plain);
    if (!value) return std::nullopt;
    guess = *value * (kilo ? 1024 : 1);
  }
  const bool in_range = guess >= parameter.lowest && guess <= parameter.highest;
  if (!in_range || guess != std::floor(guess)) return std::nullopt;
  return static_cast<long long>(guess);
}

// What to write in place of a list in quotes.
std::optional<std::string> GuessList(std::string_view text, const ConfigKey& parameter) {
  if (!parameter.parameter || parameter.key.find('.') != std::string::npos) return std::nullopt;
  const std::string_view inner = Trim(text, " \t[]");
  constexpr std::string_view kOfLists = "0123456789, \t";
  const bool is_list = inner.find_first_of(", \t") != std::string_view::npos &&
                       inner.find_first_not_of(kOfLists) == std::string_view::npos;
  if (!is_list) return std::nullopt;
  return fmt::format("write [{}]", inner);
}

std::string Wanted(const ConfigKey& parameter) {
  return fmt::format("write a whole number from {} to {}{}{}", parameter.lowest, parameter.highest,
                     parameter.word.empty() ? "" : ", or ", parameter.word);
}

}  // namespace

std::optional<int> ReadNumber(const Setting& setting, std::string_view key, ErrorList& errors) {
  const ConfigKey& parameter = ConfigKeyOf(key);
  const auto [is_integer, value] = ParseStrictly(setting.text);
  const auto add = [&](std::string message, std::string remedy) {
    errors.Add(setting.place, setting.text, std::move(message), std::move(remedy));
    return std::nullopt;
  };
  const std::string shown = setting.text.empty() ? "\"\"" : Shown(setting.text);
  if (!is_integer || setting.quoted) {
    const auto guess = GuessNumber(setting.text, parameter);
    const std::string remedy = guess
                                   ? fmt::format("write {}", *guess)
                                   : GuessList(setting.text, parameter).value_or(Wanted(parameter));
    if (setting.quoted) {
      return add(fmt::format("\"{}\" in quotes is a text", Shown(setting.text)), remedy);
    }
    return add(fmt::format("{} is not a whole number", shown), remedy);
  }
  if (value && *value >= parameter.lowest && *value <= parameter.highest) {
    return static_cast<int>(*value);
  }
  const bool is_low = setting.text.starts_with('-') || (value && *value < parameter.lowest);
  return add(is_low ? fmt::format("{} is below {}", shown, parameter.lowest)
                    : fmt::format("{} is above {}", shown, parameter.highest),
             Wanted(parameter));
}

std::optional<bool> ReadBoolean(const Setting& setting, ErrorList& errors) {
  constexpr std::array kTrue = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"};
  constexpr std::array kFalse = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"};
  const auto is_one_of = [&setting](const auto& spellings) {
    return std::find(spellings.begin(), spellings.end(), setting.text) != spellings.end();
  };
  const bool is_true = is_one_of(kTrue);
  const bool is_false = is_one_of(kFalse);
  if (setting.quoted && (is_true || is_false)) {
    errors.Add(setting.place, setting.text, fmt::format("\"{}\" in quotes is a text", setting.text),
               fmt::format("write {}", is_true));
    return std::nullopt;
  }
  if (is_true || is_false) return is_true;
  errors.Add(setting.place, setting.text,
             fmt::format("{} is neither true nor false",
                         setting.text.empty() ? "\"\"" : Shown(setting.text)),
             "write true or false");
  return std::nullopt;
}

namespace {

constexpr auto kMost = static_cast<std::int64_t>(kMostCells);
constexpr std::array<std::string_view, 3> kParts = {"start", "end", "step"};

// Reads one axis.
class AxisReader {
 public:
  AxisReader(const Settings& settings, const ParameterInfo& info, ErrorList& errors)
      : settings_(settings), info_(info), axis_(info.key), errors_(errors) {}

  /// Without values where the settings say nothing of the axis.
  std::optional<std::vector<int>> Read() {
    if (settings_.refused.contains(axis_)) return std::nullopt;
    const std::vector<Setting>* list = settings_.FindList(axis_);
    if (list != nullptr) return CheckNoRange() ? ReadList(*list) : std::nullopt;
    if (AnyPart() == nullptr && !settings_.places.contains(axis_)) return std::vector<int>();
    return ReadRange();
  }

 private:
  [[nodiscard]] const ConfigKey& Of(std::string_view part) const {
    return ConfigKeyOf(Join(axis_, part));
  }

  [[nodiscard]] const Setting* AnyPart() const {
    for (const std::string_view part : kParts) {
      if (const Setting* setting = settings_.Find(Join(axis_, part))) return setting;
    }
    return nullptr;
  }

  // A flag such as --ctx-step has nothing to change in a list.
  bool CheckNoRange() {
    const Setting* part = AnyPart();
    if (part == nullptr) return true;
    const Place& list = settings_.places.find(axis_)->second;
    errors_.Add(part->place, part->text,
                fmt::format("has no effect on a list of values ({})", Name(list)),
                fmt::format("give {}, {} and {} together, or {} alone", Of("start").flag,
                            Of("end").flag, Of("step").flag, ConfigKeyOf(axis_).flag));
    return false;
  }

  std::optional<std::vector<int>> ReadList(const std::vector<Setting>& list) {
    if (list.empty()) {
      errors_.Add(settings_.places.find(axis_)->second, {}, "the list is empty",
                  fmt::format("write \"{}: [{}]\"", axis_, ConfigKeyOf(axis_).example));
      return std::nullopt;
    }
    if (!CheckNoneEmpty(list)) return std::nullopt;
    std::vector<int> values;
    std::set<int> seen;
    bool sound = true;
    for (const Setting& setting : list) {
      const auto entry = ReadEntry(setting);
      sound = sound && entry;
      if (!entry) continue;
      for (const int value : *entry) {
        if (!seen.insert(value).second) {
          errors_.Add(setting.place, setting.text,
                      fmt::format("{} is in the list twice", FormatValue(info_.parameter, value)),
                      "keep one of them");
          sound = false;
          break;
        }
        values.push_back(value);
      }
    }
    if (!sound) return std::nullopt;
    return values;
  }

  bool CheckNoneEmpty(const std::vector<Setting>& list) {
    std::vector<std::string> texts;
    const Setting* empty = nullptr;
    for (const Setting& setting : list) {
      if (setting.text.empty() && !setting.quoted) {
        empty = &setting;
      } else {
        texts.push_back(Shown(setting.text));
      }
    }
    if (empty == nullptr) return true;
    const std::string wanted =
        texts.empty() ? ConfigKeyOf(axis_).example : fmt::format("{}", fmt::join(texts, ","));
    errors_.Add(empty->place, {}, texts.empty() ? "no value is given" : "there is a comma too many",
                fmt::format("write {}", wanted));
    return false;
  }

  std::optional<std::vector<int>> ReadEntry(const Setting& setting) {
    const bool is_count = info_.type == ParameterType::kCount;
    if (const auto range = is_count ? PartsOfRange(setting) : std::nullopt) {
      const auto start = ReadNumber((*range)[0], Join(axis_, "start"), errors_);
      const auto end = ReadNumber((*range)[1], Join(axis_, "end"), errors_);
      const auto step = ReadNumber((*range)[2], Join(axis_, "step"), errors_);
      if (!start || !end || !step) return std::nullopt;
      return ValuesOfRange({*start, *end, *step}, (*range)[1], (*range)[2]);
    }
    if (is_count && !setting.quoted && !(CheckNoOtherList(setting) && CheckNoHalfRange(setting))) {
      return std::nullopt;
    }
    const auto value = ReadValue(setting);
    if (!value) return std::nullopt;
    return std::vector<int>{*value};
  }

  // "4096;8192" and "4096|8192" are lists elsewhere.
  bool CheckNoOtherList(const Setting& setting) {
    constexpr std::string_view kMarks = ";|/";
    const std::string_view text = setting.text;
    if (text.find_first_of(kMarks) == std::string_view::npos ||
        text.find_first_not_of("0123456789;|/") != std::string_view::npos) {
      return true;
    }
    std::string list(Trim(text, kMarks));
    if (list.empty()) return true;
    for (char& letter : list) letter = kMarks.find(letter) == std::string_view::npos ? letter : ',';
    errors_.Add(setting.place, text, fmt::format("{} is no list", Shown(text)),
                fmt::format("write {}", Shown(list)));
    return false;
  }

  // "4096-8192", "4096..8192" and "4096:8192" are ranges elsewhere.
  bool CheckNoHalfRange(const Setting& setting) {
    const std::string_view text = setting.text;
    constexpr std::string_view kDigits = "0123456789";
    const auto begin = text.find_first_not_of(kDigits);
    const auto end = begin == std::string_view::npos ? begin : text.find_first_of(kDigits, begin);
    if (begin == 0 || end == std::string_view::npos) return true;
    const std::string_view mark = text.substr(begin, end - begin);
    const bool is_range = mark == "-" || mark == ".." || mark == "..." || mark == ":";
    if (!is_range || text.find_first_not_of(kDigits, end) != std::string_view::npos) return true;
    errors_.Add(setting.place, setting.text,
                fmt::format("{} is a range without a step", Shown(text)),
                fmt::format("write {}-{}:STEP", text.substr(0, begin), text.substr(end)));
    return false;
  }

  std::optional<int> ReadValue(const Setting& setting) {
    if (info_.scope == Scope::kServer && setting.text == "auto") return kAutoValue;
    switch (info_.type) {
      case ParameterType::kCount:
        return ReadNumber(setting, axis_, errors_);
      case ParameterType::kDecimal:
        return ReadDecimal(setting);
      case ParameterType::kSwitch:
        return ReadBoolean(setting, errors_);
      case ParameterType::kName:
        return ReadName(setting);
      case ParameterType::kChoice:
        return ReadWord(setting, fmt::format("write {}", fmt::join(info_.choices, ", ")));
      case ParameterType::kSet:
        return ReadWord(setting, "write numbers from 0, joined by +, such as 0+1");
    }
    return std::nullopt;
  }

  std::optional<int> ReadWord(const Setting& setting, std::string remedy) {
    if (const auto value = ParseValue(info_.parameter, setting.text)) return value;
    errors_.Add(setting.place, setting.text,
                fmt::format("{} is no value of {}",
                            setting.text.empty() ? "\"\"" : Shown(setting.text), axis_),
                std::move(remedy));
    return std::nullopt;
  }

  std::optional<int> ReadName(const Setting& setting) {
    if (info_.parameter == Parameter::kOllama) {
      const auto path = ReadProgram(setting, errors_);
      return path ? std::optional(ValueOfName(*path)) : std::nullopt;
    }
    if (IsValidModelName(setting.text)) return ValueOfName(setting.text);
    errors_.Add(setting.place, setting.text,
                fmt::format("\"{}\" is not a model name", Shown(setting.text)),
                "write [host/][namespace/]model[:tag], for example qwen3:4b, each part beginning "
                "with a letter, a digit or _");
    return std::nullopt;
  }

  std::optional<int> ReadDecimal(const Setting& setting) {
    const auto value = setting.quoted ? std::nullopt : ParseValue(info_.parameter, setting.text);
    if (value && *value >= info_.lowest && *value <= info_.highest) return value;
    errors_.Add(setting.place, setting.text,
                fmt::format("{} is not a number from {} to {} with at most three decimals",
                            setting.text.empty() ? "\"\"" : Shown(setting.text),
                            FormatValue(info_.parameter, info_.lowest),
                            FormatValue(info_.parameter, info_.highest)),
                fmt::format("write {}", ConfigKeyOf(axis_).example));
    return std::nullopt;
  }

  std::optional<int> ReadPart(std::string_view part) {
    const std::string key = Join(axis_, part);
    if (settings_.refused.contains(key)) return std::nullopt;
    if (const Setting* setting = settings_.Find(key)) return ReadNumber(*setting, key, errors_);
    const auto in_file = settings_.places.find(axis_);
    const bool from_flags = in_file == settings_.places.end();
    errors_.Add(from_flags ? Place{{}, 0, std::string(Of(part).flag)}
                           : Place{in_file->second.file, in_file->second.line, key},
                {}, "is missing",
                from_flags
                    ? fmt::format("give it, for example {} {}", Of(part).flag, Of(part).example)
                    : fmt::format("write \"{}: {}\" there", part, Of(part).example));
    return std::nullopt;
  }

  std::optional<std::vector<int>> ReadRange() {
    const auto start = ReadPart("start");
    const auto end = ReadPart("end");
    const auto step = ReadPart("step");
    if (!start || !end || !step) return std::nullopt;
    return ValuesOfRange({*start, *end, *step}, *settings_.Find(Join(axis_, "end")),
                         *settings_.Find(Join(axis_, "step")));
  }

  struct Range {
    int start;
    int end;
    int step;
  };
  std::optional<std::vector<int>> ValuesOfRange(const Range& range, const Setting& end,
                                                const Setting& step) {
    if (range.end < range.start) {
      errors_.Add(end.place, end.text,
                  fmt::format("{} is below the start, {}", range.end, range.start),
                  fmt::format("write {} or more, or a smaller start", range.start));
      return std::nullopt;
    }
    const std::int64_t count = (std::int64_t{range.end} - range.start) / range.step + 1;
    if (count > kMost) {
      errors_.Add(step.place, step.text,
                  fmt::format("{} makes {} values, more than {}", range.step, count, kMost),
                  "write a larger step or a smaller range");
      return std::nullopt;
    }
    std::vector<int> values;
    for (std::int64_t i = 0; i < count; ++i) {
      values.push_back(static_cast<int>(range.start + i * range.step));
    }
    return values;
  }

  const Settings& settings_;
  const ParameterInfo& info_;
  const std::string axis_;
  ErrorList& errors_;
};

}  // namespace

std::optional<Space> ReadSpace(const Settings& settings, const std::filesystem::path& file,
                               ErrorList& errors) {
  Space space;
  bool sound = true;
  for (const ParameterInfo& info : AllParameters()) {
    auto values = AxisReader(settings, info, errors).Read();
    sound = sound && values;
    if (values) space.Set(info.parameter, std::move(*values));
  }
  if (!sound) return std::nullopt;
  // As written: the lines of the file, then flags in the order of the parameters.
  const auto line = [&settings](const Axis& axis) {
    const auto place = settings.places.find(KeyOf(axis.parameter));
    const bool is_of_file = place != settings.places.end() && place->second.line > 0;
    return is_of_file ? place->second.line : std::numeric_limits<int>::max();
  };
  std::stable_sort(space.axes.begin(), space.axes.end(),
                   [&line](const Axis& a, const Axis& b) { return line(a) < line(b); });
  if (space.CellCount() <= kMostCells) return space;
  std::vector<std::string> names;
  std::vector<std::size_t> counts;
  for (const Axis& axis : space.axes) {
    if (axis.values.size() == 1) continue;
    names.emplace_back(KeyOf(axis.parameter));
    counts.push_back(axis.values.size());
  }
  errors.Add({file, 0, fmt::format("{}", fmt::join(names, " x "))}, {},
             fmt::format("{} = {} cells are more than {}", fmt::join(counts, " x "),
                         space.CellCount(), kMostCells),
             "write larger steps or smaller ranges");
  return std::nullopt;
}

}  // namespace ollama_bench
