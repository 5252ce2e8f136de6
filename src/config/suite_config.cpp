#include "ollama_bench/config/suite_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

#include "error_list.h"
#include "ollama_bench/config/config_keys.h"
#include "sources.h"
#include "yaml_tree.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using Kind = YamlNode::Kind;

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;
constexpr std::array<std::string_view, 5> kCommands = {"run", "tune", "load", "scale", "prompts"};
constexpr std::array<std::string_view, 9> kPathFlags = {"--config", "--modelfile", "--prompt-file",
                                                        "--input",  "--import",    "--replay",
                                                        "--models", "--tsv",       "--trace"};
constexpr std::array<std::string_view, 10> kOptionsOfSuite = {
    "--results", "--output",  "--json",      "--quiet",     "--save-config",
    "--on-done", "--dry-run", "--log-level", "--histogram", "--label"};
constexpr int kLongestLimit = 7 * 24 * 3600;  // s
constexpr int kMostGpus = 64;

bool IsNameForFiles(std::string_view text) {
  // suite.json is the suite's own.
  return !text.empty() && text != "suite" && text.size() <= 64 && text.front() != '.' &&
         text.front() != '-' &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") ==
             std::string_view::npos;
}

// "num_ctx" has a flag of its own in the table of settings; others are spelt as their flag.
std::string FlagOf(const std::string& key) {
  for (const ConfigKey& known : AllConfigKeys()) {
    if (known.key == key && !known.flag.empty()) return known.flag;
  }
  std::string flag = "--" + key;
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

class SuiteReader {
 public:
  SuiteReader(const fs::path& file, bool quick, ErrorList& errors)
      : file_(file), quick_(quick), errors_(errors) {}

  SuiteConfig Read(const YamlNode& root) {
    SuiteConfig suite;
    if (root.kind != Kind::kMap) {
      Add(root, "", "the file is no map of keys", "write `experiments:` and a list below it");
      return suite;
    }
    const YamlNode* list = nullptr;
    ForEach(root, [&](const YamlNode& key, const YamlNode& value) {
      if (key.text == "experiments") {
        list = &value;
      } else if (key.text == "timeout_s") {
        limit_ = LimitOf(key, value);
      } else if (auto option = OptionOf(key, value)) {
        suite.common.push_back(std::move(*option));
      }
    });
    if (list == nullptr || list->kind != Kind::kList || list->items.empty()) {
      Add(list == nullptr ? root : *list, "experiments", "there are no experiments",
          "write a list, each with `command: run`, load, scale or prompts");
      return suite;
    }
    for (const YamlNode& item : list->items) ReadExperiment(item, suite);
    return suite;
  }

 private:
  void Add(const YamlNode& node, const std::string& field, std::string message,
           std::string remedy) {
    errors_.Add({file_, node.line, field}, node.kind == Kind::kScalar ? node.text : "",
                std::move(message), std::move(remedy));
  }

  // Each pair of the map, with an error for a key that is there twice.
  template <class Action>
  void ForEach(const YamlNode& map, const Action& action) {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
      const YamlNode& key = map.keys[i];
      if (!seen.insert(key.text).second) {
        Add(key, key.text, "the key is there twice", "leave one out");
        continue;
      }
      action(key, map.items[i]);
    }
  }

  void ReadExperiment(const YamlNode& node, SuiteConfig& suite) {
    if (node.kind != Kind::kMap) {
      return Add(node, "experiments", "an experiment is a map of keys",
                 "write `- command: run` and its settings below");
    }
    SuiteExperiment experiment;
    experiment.line = node.line;
    experiment.command = kCommands.front();
    experiment.limit = limit_;
    const YamlNode* quick = nullptr;
    ForEach(node, [&](const YamlNode& key, const YamlNode& value) {
      if (key.text == "quick") {
        quick = &value;
      } else {
        ReadKey(key, value, experiment);
      }
    });
    if (quick != nullptr && !ReadQuick(*quick, experiment)) return;
    if (experiment.name.empty()) experiment.name = experiment.command;
    const bool is_taken =
        std::any_of(suite.experiments.begin(), suite.experiments.end(),
                    [&](const SuiteExperiment& other) { return other.name == experiment.name; });
    if (is_taken) {
      Add(node, "name", fmt::format("two experiments are called {}", experiment.name),
          "give each a name of its own");
    }
    suite.experiments.push_back(std::move(experiment));
  }

  // False where a quick suite leaves the experiment out.
  bool ReadQuick(const YamlNode& quick, SuiteExperiment& experiment) {
    if (quick.kind == Kind::kScalar && quick.text == "false") return !quick_;
    if (quick.kind != Kind::kMap) {
      Add(quick, "quick", "it is neither a map of keys nor false",
          "write the keys that a quick suite replaces, or false to leave the experiment out");
      return true;
    }
    SuiteExperiment replaced = experiment;  // read in any case, for its errors
    ForEach(quick,
            [&](const YamlNode& key, const YamlNode& value) { ReadKey(key, value, replaced); });
    if (quick_) experiment = std::move(replaced);
    return true;
  }

  void ReadKey(const YamlNode& key, const YamlNode& value, SuiteExperiment& experiment) {
    if (key.text == "command") {
      experiment.command = value.text;
      if (std::find(kCommands.begin(), kCommands.end(), value.text) == kCommands.end()) {
        Add(value, key.text, "it is no command that measures",
            fmt::format("write {}", fmt::join(kCommands, ", ")));
      }
    } else if (key.text == "name") {
      experiment.name = value.text;
      if (!IsNameForFiles(value.text)) {
        Add(value, key.text, "files cannot be called so",
            "write letters, digits, '_', '-' and '.', 64 at most");
      }
    } else if (key.text == "timeout_s") {
      experiment.limit = LimitOf(key, value);
    } else if (key.text == "needs_gpus") {
      experiment.needs_gpus = Number(key, value, 0, kMostGpus).value_or(0);
    } else {
      Replace(key, value, experiment.options);
    }
  }

  std::optional<std::chrono::seconds> LimitOf(const YamlNode& key, const YamlNode& value) {
    const auto limit = Number(key, value, 1, kLongestLimit);
    if (!limit) return std::nullopt;
    return std::chrono::seconds(*limit);
  }

  std::optional<int> Number(const YamlNode& key, const YamlNode& value, int lowest, int highest) {
    int number = 0;
    const char* const end = value.text.data() + value.text.size();
    const auto [rest, error] = std::from_chars(value.text.data(), end, number);
    if (value.kind == Kind::kScalar && error == std::errc() && rest == end && number >= lowest &&
        number <= highest) {
      return number;
    }
    Add(value, key.text, fmt::format("it is no whole number from {} to {}", lowest, highest),
        "write one");
    return std::nullopt;
  }

  void Replace(const YamlNode& key, const YamlNode& value, std::vector<SuiteOption>& options) {
    const std::string flag = FlagOf(key.text);
    std::erase_if(options, [&flag](const SuiteOption& other) { return other.flag == flag; });
    if (auto option = OptionOf(key, value)) options.push_back(std::move(*option));
  }

  std::optional<SuiteOption> OptionOf(const YamlNode& key, const YamlNode& value) {
    SuiteOption option{FlagOf(key.text), std::nullopt, key.line};
    if (IsOptionOfSuite(option.flag)) {
      Add(key, key.text, "the suite itself decides it", "leave it out");
      return std::nullopt;
    }
    const bool is_word = value.kind == Kind::kScalar && !value.quoted && !IsSwitch(key.text);
    option.is_off = is_word && value.text == "false";
    if (option.is_off || (is_word && value.text == "true")) return option;
    option.value = TextOf(key, value);
    if (!option.value) return std::nullopt;
    const bool is_path =
        std::find(kPathFlags.begin(), kPathFlags.end(), option.flag) != kPathFlags.end() ||
        (option.flag == "--ollama" && option.value->find('/') != std::string::npos);
    option.is_file = is_path && *option.value != "-";
    if (option.is_file) option.value = (fs::absolute(file_).parent_path() / *option.value).string();
    return option;
  }

  // Parameters whose values are true and false are no flags.
  static bool IsSwitch(const std::string& key) {
    const auto parameter = ParameterFromKey(key);
    return parameter && Describe(*parameter).type == ParameterType::kSwitch;
  }

  std::optional<std::string> TextOf(const YamlNode& key, const YamlNode& value) {
    switch (value.kind) {
      case Kind::kScalar:
        return value.text;
      case Kind::kList: {
        const bool is_plain =
            std::all_of(value.items.begin(), value.items.end(),
                        [](const YamlNode& item) { return item.kind == Kind::kScalar; });
        if (value.items.empty() || !is_plain) break;
        std::string text;
        for (const YamlNode& item : value.items) text += (text.empty() ? "" : ",") + item.text;
        return text;
      }
      case Kind::kMap:
        if (auto range = RangeOf(value)) return range;
        break;
      case Kind::kNull:
        break;
    }
    Add(value, key.text, "it is neither a value, a list of values nor a range",
        "write a value, [A, B] or {start: A, end: B, step: C}");
    return std::nullopt;
  }

  // As the command line writes it.
  static std::optional<std::string> RangeOf(const YamlNode& map) {
    std::array<std::string, 3> parts;
    constexpr std::array<std::string_view, 3> kParts = {"start", "end", "step"};
    if (map.keys.size() != kParts.size()) return std::nullopt;
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
      const auto part = std::find(kParts.begin(), kParts.end(), map.keys[i].text);
      if (part == kParts.end() || map.items[i].kind != Kind::kScalar) return std::nullopt;
      parts.at(static_cast<std::size_t>(part - kParts.begin())) = map.items[i].text;
    }
    return fmt::format("{}-{}:{}", parts[0], parts[1], parts[2]);
  }

  const fs::path& file_;
  bool quick_;
  ErrorList& errors_;
  std::optional<std::chrono::seconds> limit_;  ///< of all experiments without their own
};

}  // namespace

bool IsOptionOfSuite(std::string_view flag) {
  return std::find(kOptionsOfSuite.begin(), kOptionsOfSuite.end(), flag) != kOptionsOfSuite.end();
}

Expected<SuiteConfig, std::vector<ConfigError>> LoadSuiteConfig(const fs::path& file, bool quick) {
  ErrorList errors;
  SuiteConfig suite;
  const auto text = ReadTextFile(file, kLargestFile);
  if (!text) {
    errors.Add({file, 0, {}}, {}, text.error().message, text.error().remedy);
  } else if (const auto root = ParseYaml(*text, file, errors)) {
    suite = SuiteReader(file, quick, errors).Read(*root);
    if (errors.empty() && suite.experiments.empty()) {
      errors.Add({file, 0, "experiments"}, {}, "a quick suite leaves every experiment out",
                 "run it without --quick");
    }
  }
  if (!errors.empty()) return Unexpected<std::vector<ConfigError>>(errors.Take());
  return suite;
}

}  // namespace ollama_bench
