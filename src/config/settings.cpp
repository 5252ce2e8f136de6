#include "settings.h"

#include <array>
#include <initializer_list>

namespace ollama_bench {
namespace {

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

std::vector<Setting> SplitAtCommas(std::string_view text, const Place& place) {
  std::vector<Setting> parts;
  for (;;) {
    const std::size_t comma = text.find(',');
    parts.push_back({std::string(text.substr(0, comma)), false, place});
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

// "2-16:2" as its three numbers.
std::optional<std::array<std::string, 3>> PartsOfRange(std::string_view text) {
  const auto dash = text.find('-', 1);
  const auto colon = text.find(':');
  if (dash == std::string_view::npos || colon == std::string_view::npos || colon < dash) {
    return std::nullopt;
  }
  return std::array<std::string, 3>{std::string(text.substr(0, dash)),
                                    std::string(text.substr(dash + 1, colon - dash - 1)),
                                    std::string(text.substr(colon + 1))};
}

}  // namespace

void Settings::AddValues(std::string_view axis, std::string_view text, bool quoted,
                         const Place& place) {
  const std::string key(axis);
  places[key] = place;
  const auto range = quoted ? std::nullopt : PartsOfRange(text);
  if (!range) {
    lists[key] = quoted ? std::vector<Setting>{{std::string(text), true, place}}
                        : SplitAtCommas(text, place);
    return;
  }
  for (std::size_t i = 0; i < range->size(); ++i) {
    values[Join(axis, kParts[i])] = {(*range)[i], false, place};
  }
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

}  // namespace ollama_bench
