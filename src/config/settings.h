#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "error_list.h"
#include "ollama_bench/config/config_keys.h"
#include "yaml_tree.h"

namespace ollama_bench {

/// One value as somebody wrote it.
struct Setting {
  std::string text;
  bool quoted = false;
  Place place;
};

/// The values of a file, of the command line, or of both, by the keys of the parameter table; none
/// of them is checked yet.
struct Settings {
  std::map<std::string, Setting, std::less<>> values;              ///< "model", "num_ctx.step"
  std::map<std::string, std::vector<Setting>, std::less<>> lists;  ///< by axis: "num_ctx"
  std::map<std::string, Place, std::less<>> places;  ///< of the keys that hold a list or a range
  /// Keys that were given something that is no value at all; an error says so already.
  std::set<std::string, std::less<>> refused;

  [[nodiscard]] const Setting* Find(std::string_view key) const;
  [[nodiscard]] const std::vector<Setting>* FindList(std::string_view key) const;
  /// Whether the key is set in any way.
  [[nodiscard]] bool Gives(std::string_view key) const;
  /// Values of an axis that were written as one text: a list whose entries are values or ranges
  /// "2-16:2", separated by commas or blanks.
  void AddValues(std::string_view axis, std::string_view text, bool quoted, const Place& place);
};

/// Start, end and step of an entry such as "2-16:2"; empty where it is no range.
std::optional<std::array<Setting, 3>> PartsOfRange(const Setting& setting);

/// "num_ctx", "step" -> "num_ctx.step".
std::string Join(std::string_view axis, std::string_view part);

/// The keys that `root` holds, with an error for each that is unknown, doubled or of a wrong shape.
Settings SettingsOfFile(const YamlNode& root, const std::filesystem::path& file, ErrorList& errors);
Settings SettingsOfFlags(const ConfigOverrides& overrides);
/// `file` with everything replaced that `flags` say otherwise.
Settings Merge(Settings file, const Settings& flags);

}  // namespace ollama_bench
