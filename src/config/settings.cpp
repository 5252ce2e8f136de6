#include "settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kSeparators = ", \t\r\n";
constexpr std::string_view kRowFirst = "test_row_first";
constexpr std::array<const char*, 3> kParts = {"start", "end", "step"};
constexpr std::string_view kPromptTokens = "prompt_tokens";

// Ways to say the same thing: a flag of one replaces the file's choice of another.
const std::array<std::initializer_list<std::string_view>, 3> kAlternatives = {{
    {"model", "modelfile"},
    {"prompt", "prompt_file", kPromptTokens},
    {"extra", "confirm"},
}};

void Erase(Settings& settings, std::string_view key) {
  if (const auto found = settings.values.find(key); found != settings.values.end()) {
    settings.values.erase(found);
  }
}

void EraseList(Settings& settings, std::string_view axis) {
  if (const auto found = settings.lists.find(axis); found != settings.lists.end()) {
    settings.lists.erase(found);
  }
}

void EraseAxis(Settings& file, std::string_view axis) {
  EraseList(file, axis);
  for (const char* part : kParts) Erase(file, Join(axis, part));
  if (const auto place = file.places.find(axis); place != file.places.end()) {
    file.places.erase(place);
  }
}

void ReplaceAlternatives(Settings& file, const Settings& flags) {
  for (const auto& keys : kAlternatives) {
    bool replaced = false;
    for (const std::string_view key : keys) replaced = replaced || flags.Gives(key);
    if (!replaced) continue;
    for (const std::string_view key : keys) {
      Erase(file, key);
      EraseAxis(file, key);
    }
  }
}

void ReplaceAxis(Settings& file, const Settings& flags, std::string_view axis) {
  int parts = 0;
  for (const char* part : kParts) {
    parts += flags.Find(Join(axis, part)) != nullptr ? 1 : 0;
  }
  if (parts == 3) EraseList(file, axis);
  if (flags.FindList(axis) == nullptr) return;
  EraseList(file, axis);
  for (const char* part : kParts) Erase(file, Join(axis, part));
}

// Without the blanks inside a range: "4096 - 8192 : 1024". Where one is before the dash alone, a
// negative number begins.
std::string WithoutBlanksInRanges(std::string_view text) {
  std::string joined;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t next = text.find_first_not_of(kBlanks, i);
    if (next == i || next == std::string_view::npos) {
      joined += text[i];
      continue;
    }
    const bool follows_mark = !joined.empty() && (joined.back() == '-' || joined.back() == ':');
    const bool before_mark =
        text[next] == ':' || (text[next] == '-' && next + 1 < text.size() &&
                              kBlanks.find(text[next + 1]) != std::string_view::npos);
    if (!follows_mark && !before_mark) joined += ' ';
    i = next - 1;
  }
  return joined;
}

// Entries of a list that commas or blanks separate. One is empty where a comma stands alone.
std::vector<Setting> SplitList(std::string_view text, const Place& place) {
  text = Trim(text, kBlanks);
  // As YAML has it, on the command line.
  if (text.starts_with('[') && text.ends_with(']')) text = Trim(text.substr(1, text.size() - 2));
  const std::string joined = WithoutBlanksInRanges(text);
  std::string_view rest = joined;
  std::vector<Setting> entries;
  for (;;) {
    const std::size_t end = rest.find_first_of(kSeparators);
    entries.push_back({std::string(rest.substr(0, end)), false, place});
    if (end == std::string_view::npos) return entries;
    rest = Trim(rest.substr(end), kBlanks);
    if (rest.starts_with(',')) rest = Trim(rest.substr(1), kBlanks);
  }
}

// A name may hold blanks, colons and dashes.
std::vector<Setting> SplitNames(std::string_view text, const Place& place) {
  std::vector<Setting> names;
  for (;;) {
    const std::size_t end = text.find(',');
    names.push_back({std::string(Trim(text.substr(0, end), kBlanks)), false, place});
    if (end == std::string_view::npos) return names;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::optional<std::array<Setting, 3>> PartsOfRange(const Setting& setting) {
  const std::string_view text = setting.text;
  const auto dash = text.find('-', 1);
  const auto colon = text.find(':');
  if (setting.quoted || dash == std::string_view::npos || colon == std::string_view::npos ||
      colon < dash) {
    return std::nullopt;
  }
  const auto part = [&setting](std::string_view value, const char* name) {
    Place place = setting.place;
    place.field += fmt::format(" ({})", name);
    return Setting{std::string(value), false, place};
  };
  return std::array<Setting, 3>{part(text.substr(0, dash), kParts[0]),
                                part(text.substr(dash + 1, colon - dash - 1), kParts[1]),
                                part(text.substr(colon + 1), kParts[2])};
}

void Settings::AddValues(std::string_view axis, std::string_view text, bool quoted,
                         const Place& place) {
  const std::string key(axis);
  const auto parameter = ParameterFromKey(axis);
  const bool are_names = parameter && Describe(*parameter).type == ParameterType::kName;
  places[key] = place;
  lists[key] = quoted      ? std::vector<Setting>{{std::string(text), true, place}}
               : are_names ? SplitNames(text, place)
                           : SplitList(text, place);
  if (are_names) return;
  // A range by itself is as if its parts were given, so that a flag can replace one of them.
  const auto range = lists[key].size() == 1 ? PartsOfRange(lists[key].front()) : std::nullopt;
  if (!range) return;
  lists.erase(key);
  for (std::size_t i = 0; i < range->size(); ++i) values[Join(axis, kParts[i])] = (*range)[i];
}

bool Settings::Gives(std::string_view key) const {
  return Find(key) != nullptr || FindList(key) != nullptr || places.contains(key);
}

const Setting* Settings::Find(std::string_view key) const {
  const auto found = values.find(key);
  return found == values.end() ? nullptr : &found->second;
}

const std::vector<Setting>* Settings::FindList(std::string_view key) const {
  const auto found = lists.find(key);
  return found == lists.end() ? nullptr : &found->second;
}

std::string Join(std::string_view axis, std::string_view part) {
  return std::string(axis).append(".").append(part);
}

Settings SettingsOfFlags(const ConfigOverrides& overrides) {
  Settings settings;
  for (const ConfigKey& key : AllConfigKeys()) {
    const auto given = overrides.values.find(key.key);
    if (given == overrides.values.end()) continue;
    const Place place{{}, 0, key.flag};
    if (ParameterFromKey(key.key)) {
      settings.AddValues(key.key, given->second, false, place);
    } else {
      settings.values[key.key] = {given->second, false, place};
    }
  }
  if (overrides.row_first) {
    settings.values[std::string(kRowFirst)] = {
        *overrides.row_first ? "true" : "false", false, {{}, 0, "--row-first"}};
  }
  return settings;
}

Settings Merge(Settings file, const Settings& flags) {
  ReplaceAlternatives(file, flags);
  for (const ParameterInfo& info : AllParameters()) ReplaceAxis(file, flags, info.key);
  for (const auto& [key, value] : flags.values) file.values[key] = value;
  for (const auto& [key, list] : flags.lists) file.lists[key] = list;
  for (const auto& [key, place] : flags.places) file.places[key] = place;
  return file;
}

namespace {

using Kind = YamlNode::Kind;

// What other programs call the parts of a range.
const std::map<std::string_view, std::string_view> kSynonyms = {
    {"begin", "start"}, {"first", "start"},     {"from", "start"},     {"min", "start"},
    {"last", "end"},    {"max", "end"},         {"stop", "end"},       {"to", "end"},
    {"by", "step"},     {"inc", "step"},        {"increment", "step"}, {"stride", "step"},
    {"ctx", "num_ctx"}, {"batch", "num_batch"},
};

struct KeyInfo {
  std::string name;
  std::string example;     // what may follow the colon
  bool is_hidden = false;  ///< not named in messages
};

std::vector<KeyInfo> TopKeys() {
  std::vector<KeyInfo> keys = {{"test_row_first", "false"}};
  for (const ConfigKey& key : AllConfigKeys()) {
    if (key.key.find('.') != std::string::npos) continue;
    keys.push_back(
        {key.key, key.parameter ? fmt::format("[{}]", key.example) : key.example, key.is_hidden});
  }
  return keys;
}

std::vector<KeyInfo> RangeKeys(std::string_view axis) {
  std::vector<KeyInfo> keys;
  for (const char* part : {"start", "end", "step"}) {
    keys.push_back({part, ConfigKeyOf(Join(axis, part)).example});
  }
  return keys;
}

// Reads one file's tree; knows shapes, not values.
class TreeReader {
 public:
  TreeReader(const std::filesystem::path& file, ErrorList& errors) : file_(file), errors_(errors) {}

  Settings Read(const YamlNode& root) {
    if (root.kind == Kind::kNull) {
      errors_.Add({file_, 0, {}}, {}, "holds no settings",
                  "write num_ctx and num_batch, as the files in configs/ do");
    } else if (root.kind != Kind::kMap) {
      errors_.Add({file_, root.line, {}}, root.text, "keys with values are expected",
                  "write lines such as \"num_predict: 2\"");
    } else {
      ForEachKnownKey(root, {}, TopKeys(),
                      [this](const KeyInfo& key, int line, const YamlNode& value) {
                        ReadTop(key, line, value);
                      });
    }
    return std::move(settings_);
  }

 private:
  // Calls `read(key, line of the key, value)` for each key of `map` that is known and there once.
  template <class Read>
  void ForEachKnownKey(const YamlNode& map, std::string_view prefix,
                       const std::vector<KeyInfo>& known, Read read) {
    std::map<std::string, int> lines;
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
      const YamlNode& key = map.keys[i];
      const Place place{file_, key.line, std::string(prefix) + Shown(key.text)};
      if (key.kind != Kind::kScalar) {
        errors_.Add({file_, key.line, std::string(prefix.substr(0, prefix.find('.')))}, {},
                    "a key must be a word", "write one of the known keys before the colon");
        continue;
      }
      if (const auto [first, is_new] = lines.emplace(key.text, key.line); !is_new) {
        errors_.Add(place, key.text, fmt::format("is given twice, first in line {}", first->second),
                    "keep one of them");
        continue;
      }
      const auto info = std::find_if(known.begin(), known.end(),
                                     [&key](const KeyInfo& k) { return k.name == key.text; });
      if (info == known.end()) {
        AddUnknownKey(place, key.text, known, prefix.empty() ? known : MissingIn(map, known));
      } else {
        read(*info, key.line, map.items[i]);
      }
    }
  }

  // What a misspelt key of a range may have meant: all three parts are needed.
  static std::vector<KeyInfo> MissingIn(const YamlNode& map, std::vector<KeyInfo> known) {
    std::erase_if(known, [&map](const KeyInfo& info) {
      return std::any_of(map.keys.begin(), map.keys.end(), [&info](const YamlNode& key) {
        return key.kind == Kind::kScalar && key.text == info.name;
      });
    });
    return known;
  }

  void AddUnknownKey(const Place& place, const std::string& key, const std::vector<KeyInfo>& known,
                     const std::vector<KeyInfo>& meant) {
    // "{start:8192}" is one word to YAML.
    const std::size_t colon = key.find(':');
    std::vector<std::string> names;
    std::vector<std::string> shown;
    for (const KeyInfo& info : known) {
      if (info.name == key.substr(0, colon) && colon != std::string::npos) {
        errors_.Add(place, key, "there is no blank after the colon",
                    fmt::format("write \"{}: {}\"", info.name, Shown(key.substr(colon + 1))));
        return;
      }
      if (!info.is_hidden) shown.push_back(info.name);
    }
    for (const KeyInfo& info : meant) names.push_back(info.name);
    const auto synonym = kSynonyms.find(key);
    const bool is_synonym = synonym != kSynonyms.end();
    const bool is_there =
        is_synonym && std::find(names.begin(), names.end(), synonym->second) == names.end();
    const std::string nearest = is_there     ? std::string()
                                : is_synonym ? std::string(synonym->second)
                                             : NearestSpelling(key, names);
    errors_.Add(place, key, "is no known key",
                nearest.empty() ? fmt::format("write one of {}", fmt::join(shown, ", "))
                                : fmt::format("did you mean {}?", nearest));
  }

  void ReadTop(const KeyInfo& key, int line, const YamlNode& value) {
    const Place place{file_, line, key.name};
    const auto parameter = ParameterFromKey(key.name);
    if (!parameter) {
      ReadScalar(key, place, value);
      return;
    }
    settings_.places[key.name] = place;
    if (value.kind == Kind::kMap && Describe(*parameter).type == ParameterType::kCount) {
      ForEachKnownKey(value, key.name + ".", RangeKeys(key.name),
                      [this, &key](const KeyInfo& part, int part_line, const YamlNode& number) {
                        const std::string name = Join(key.name, part.name);
                        ReadScalar({name, part.example}, {file_, part_line, name}, number);
                      });
    } else if (value.kind == Kind::kList) {
      ReadList(key, value);
    } else if (value.kind == Kind::kScalar) {
      settings_.AddValues(key.name, value.text, value.quoted, {file_, value.line, key.name});
    } else {
      AddWrongShape(key, place, "has no value");
    }
  }

  void ReadList(const KeyInfo& key, const YamlNode& list) {
    std::vector<Setting>& settings = settings_.lists[key.name];
    const bool are_names = Describe(*ParameterFromKey(key.name)).type == ParameterType::kName;
    for (const YamlNode& item : list.items) {
      const Place place{file_, item.line, key.name};
      if (item.kind == Kind::kScalar && !item.quoted && !are_names) {
        const std::vector<Setting> entries = SplitList(item.text, place);
        settings.insert(settings.end(), entries.begin(), entries.end());
      } else if (item.kind == Kind::kScalar) {
        settings.push_back({item.text, item.quoted, place});
      } else {
        AddWrongShape(key, place, "an entry of the list is not a value");
      }
    }
  }

  void ReadScalar(const KeyInfo& key, const Place& place, const YamlNode& value) {
    if (value.kind == Kind::kScalar) {
      settings_.values[key.name] = {value.text, value.quoted, {file_, value.line, key.name}};
    } else {
      AddWrongShape(key, place,
                    value.kind == Kind::kNull   ? "has no value"
                    : value.kind == Kind::kList ? "is a list, but takes one value"
                                                : "is a map, but takes one value");
    }
  }

  void AddWrongShape(const KeyInfo& key, const Place& place, std::string message) {
    settings_.refused.insert(key.name);
    const std::string word = key.name.substr(key.name.find('.') + 1);
    errors_.Add(place, {}, std::move(message), fmt::format("write \"{}: {}\"", word, key.example));
  }

  const std::filesystem::path& file_;
  ErrorList& errors_;
  Settings settings_;
};

}  // namespace

Settings SettingsOfFile(const YamlNode& root, const std::filesystem::path& file,
                        ErrorList& errors) {
  return TreeReader(file, errors).Read(root);
}

}  // namespace ollama_bench
