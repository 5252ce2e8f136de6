#include "settings.h"

#include <array>
#include <initializer_list>

namespace ollama_bench {
namespace {

constexpr std::string_view kRowFirst = "test_row_first";

// Ways to say the same thing: a flag of one replaces the file's choice of another.
const std::array<std::initializer_list<std::string_view>, 3> kAlternatives = {{
    {"model", "modelfile"},
    {"prompt", "prompt_file", "prompt_tokens"},
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

void ReplaceAlternatives(Settings& file, const Settings& flags) {
  for (const auto& keys : kAlternatives) {
    bool replaced = false;
    for (const std::string_view key : keys) replaced = replaced || flags.Find(key) != nullptr;
    if (!replaced) continue;
    for (const std::string_view key : keys) Erase(file, key);
  }
}

void ReplaceAxis(Settings& file, const Settings& flags, std::string_view axis) {
  int parts = 0;
  for (const char* part : {"start", "end", "step"}) {
    parts += flags.Find(Join(axis, part)) != nullptr ? 1 : 0;
  }
  if (parts == 3) EraseList(file, axis);
  if (flags.FindList(axis) == nullptr) return;
  EraseList(file, axis);
  for (const char* part : {"start", "end", "step"}) Erase(file, Join(axis, part));
}

bool IsList(std::string_view key) {
  return key == "num_ctx" || key == "num_batch";
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

}  // namespace

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
  for (const Parameter& parameter : AllParameters()) {
    const std::optional<std::string>& text = overrides.*parameter.override_value;
    if (!text) continue;
    const Place place{{}, 0, std::string(parameter.flag)};
    const std::string key(parameter.key);
    if (IsList(key)) {
      settings.lists[key] = SplitAtCommas(*text, place);
      settings.places[key] = place;
    } else {
      settings.values[key] = {*text, false, place};
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
  ReplaceAxis(file, flags, "num_ctx");
  ReplaceAxis(file, flags, "num_batch");
  for (const auto& [key, value] : flags.values) file.values[key] = value;
  for (const auto& [key, list] : flags.lists) file.lists[key] = list;
  for (const auto& [key, place] : flags.places) file.places[key] = place;
  return file;
}

}  // namespace ollama_bench
