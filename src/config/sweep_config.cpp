#include "ollama_bench/config/sweep_config.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "ollama_bench/config/config_keys.h"
#include "ollama_bench/core/go_duration.h"
#include "settings.h"
#include "sources.h"
#include "values.h"

namespace ollama_bench {

bool SweepsThePairAlone(const SweepConfig& config) {
  if (config.workload != WorkloadKind::kPrefill) return false;
  return std::all_of(config.space.axes.begin(), config.space.axes.end(), [](const Axis& axis) {
    return IsOfUsualPair(axis.parameter) ||
           (Describe(axis.parameter).scope == Scope::kRequest && axis.values.size() == 1);
  });
}

void HoldPromptForAll(SweepConfig& config) {
  if (const Axis* tokens = config.space.Find(Parameter::kPromptTokens)) {
    config.prompt = BuiltInPrompt{tokens->values.front()};
    config.space.Set(Parameter::kPromptTokens, {});
  }
}

void HoldRequestForAll(SweepConfig& config) {
  HoldPromptForAll(config);
  if (const Axis* tokens = config.space.Find(Parameter::kNumPredict)) {
    config.num_predict = tokens->values.front();
    config.space.Set(Parameter::kNumPredict, {});
  }
}

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;

// Empty when the file as a whole cannot be used; there is no sense in checking further then.
std::optional<Settings> ReadFile(const fs::path& file, ErrorList& errors) {
  const auto text = ReadTextFile(file, kLargestFile);
  if (!text) {
    errors.Add({file, 0, {}}, {}, text.error().message, text.error().remedy);
    return std::nullopt;
  }
  const auto root = ParseYaml(*text, file, errors);
  if (!root) return std::nullopt;
  Settings settings = SettingsOfFile(*root, file, errors);
  if (root->kind != YamlNode::Kind::kMap) return std::nullopt;
  return settings;
}

void ReadInto(int& target, std::string_view key, const Settings& settings, ErrorList& errors) {
  if (const Setting* setting = settings.Find(key)) {
    target = ReadNumber(*setting, key, errors).value_or(target);
  }
}

void ReadRepetitions(const Settings& settings, SweepConfig& config, ErrorList& errors) {
  const Setting* setting = settings.Find("repetitions");
  if (setting != nullptr && setting->text != ConfigKeyOf("repetitions").word) {
    config.repetitions = ReadNumber(*setting, "repetitions", errors);
  }
}

void ReadWorkload(const Settings& settings, SweepConfig& config, ErrorList& errors) {
  const Setting* setting = settings.Find("workload");
  if (setting == nullptr) return;
  if (const auto kind = WorkloadFromKey(setting->text)) {
    config.workload = *kind;
    return;
  }
  std::vector<std::string_view> known;
  for (const WorkloadInfo& info : AllWorkloads()) known.push_back(info.key);
  errors.Add(setting->place, setting->text, fmt::format("{} is no workload", Shown(setting->text)),
             fmt::format("write {}", fmt::join(known, " or ")));
}

// What was once asked for as loads of each of six cells.
void ReadExtra(const Settings& settings, SweepConfig& config, ErrorList& errors) {
  constexpr int kCellsConfirmed = 6;
  const Setting* confirm = settings.Find("confirm");
  if (confirm != nullptr) {
    if (const auto loads = ReadNumber(*confirm, "confirm", errors)) {
      config.extra = kCellsConfirmed * *loads;
    }
  }
  if (const Setting* extra = settings.Find("extra")) {
    config.extra = ReadNumber(*extra, "extra", errors);
  }
}

// Whole seconds, or a time with its unit.
void ReadWindowLength(const Settings& settings, SweepConfig& config, ErrorList& errors) {
  const Setting* setting = settings.Find("duration_s");
  if (setting == nullptr) return;
  const bool is_bare = setting->text.find_first_not_of("0123456789") == std::string::npos;
  const auto length = ParseGoDuration(is_bare ? setting->text + "s" : setting->text);
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(
      length.value_or(std::chrono::nanoseconds(0)));
  if (whole.count() < 1 || whole > std::chrono::hours(24)) {
    errors.Add(setting->place, setting->text,
               fmt::format("{} is no time from a second to a day", Shown(setting->text)),
               "write seconds, or a time such as 90s or 10m");
    return;
  }
  config.traffic.duration = whole;
}

// A file may serve several commands, a flag is meant for this one.
void RefuseFlagsOfLoad(const Settings& settings, const SweepConfig& config, ErrorList& errors) {
  if (config.workload == WorkloadKind::kLoad) return;
  for (const ConfigKey& key : AllConfigKeys()) {
    const Setting* setting = settings.Find(key.key);
    const bool is_flag = setting != nullptr && setting->place.file.empty();
    if (!key.is_of_load_alone || key.parameter || !is_flag) continue;
    errors.Add(setting->place, setting->text,
               fmt::format("has no effect on the workload {}", Describe(config.workload).key),
               "leave it out, or use `ollama-bench load`");
  }
}

void ReadTraffic(const Settings& settings, SweepConfig& config, ErrorList& errors) {
  RefuseFlagsOfLoad(settings, config, errors);
  if (const Setting* setting = settings.Find("arrival")) {
    const auto arrival = ArrivalFromKey(setting->text);
    if (arrival) config.traffic.arrival = *arrival;
    if (!arrival) {
      errors.Add(setting->place, setting->text,
                 fmt::format("{} is no arrival process", Shown(setting->text)),
                 "write poisson or constant");
    }
  }
  ReadInto(config.traffic.requests, "requests", settings, errors);
  ReadWindowLength(settings, config, errors);
  if (const Setting* setting = settings.Find("slo")) {
    std::string problem;
    auto objectives = ParseObjectives(setting->text, problem);
    if (objectives) config.traffic.objectives = std::move(*objectives);
    if (!objectives) {
      errors.Add(setting->place, setting->text, problem, "write \"ttft_p95=2s,tpot_p50=100ms\"");
    }
  }
}

// One of the two says how many requests there are.
void CheckLevels(const Settings& settings, const SweepConfig& config, ErrorList& errors) {
  const Axis* users = config.space.Find(Parameter::kConcurrency);
  const Axis* rates = config.space.Find(Parameter::kRequestRate);
  const Axis* given = rates != nullptr ? rates : users;
  if (given == nullptr) return;
  const auto place = settings.places.find(KeyOf(given->parameter));
  const Place where = place == settings.places.end() ? Place() : place->second;
  if (config.workload != WorkloadKind::kLoad) {
    errors.Add(where, {},
               fmt::format("has no effect on the workload {}", Describe(config.workload).key),
               "write \"workload: load\", or use `ollama-bench load`");
  } else if (users != nullptr && rates != nullptr) {
    errors.Add(where, {}, "is given beside concurrency",
               "give one of them: users who wait for their answers, or requests that come whatever "
               "the server does");
  }
}

// The first of the names; one alone holds for all cells and is no axis.
std::string TakeName(Space& space, Parameter parameter) {
  const Axis* axis = space.Find(parameter);
  if (axis == nullptr) return {};
  std::string name(NameOfValue(axis->values.front()));
  if (axis->values.size() == 1) space.Set(parameter, {});
  return name;
}

SweepConfig Check(const Settings& settings, const fs::path& file, ErrorList& errors) {
  SweepConfig config;
  ReadModelfile(settings, config, errors);
  ReadWorkload(settings, config, errors);
  config.space = ReadSpace(settings, file, errors).value_or(Space());
  config.model = TakeName(config.space, Parameter::kModel);
  config.ollama = TakeName(config.space, Parameter::kOllama);
  ReadPrompt(settings, config, errors);
  if (const Setting* row_first = settings.Find("test_row_first")) {
    config.row_first = ReadBoolean(*row_first, errors).value_or(false);
  }
  config.num_predict = Describe(config.workload).num_predict;
  ReadRepetitions(settings, config, errors);
  ReadExtra(settings, config, errors);
  int timeout_s = static_cast<int>(config.timeout.count());
  ReadInto(timeout_s, "timeout_s", settings, errors);
  config.timeout = std::chrono::seconds(timeout_s);
  ReadTraffic(settings, config, errors);
  CheckLevels(settings, config, errors);
  return config;
}

}  // namespace

Expected<SweepConfig, std::vector<ConfigError>> LoadSweepConfig(const std::optional<fs::path>& file,
                                                                const ConfigOverrides& overrides) {
  ErrorList errors;
  std::optional<Settings> settings = Settings{};
  if (file) settings = ReadFile(*file, errors);
  SweepConfig config;
  if (settings) {
    config = Check(Merge(std::move(*settings), SettingsOfFlags(overrides)),
                   file.value_or(fs::path()), errors);
  }
  if (!errors.empty()) return Unexpected<std::vector<ConfigError>>(errors.Take());
  return config;
}

bool IsSweepConfig(std::string_view text) {
  if (!CheckText(text)) return false;
  ErrorList errors;
  const auto root = ParseYaml(text, {}, errors);
  if (!root || root->kind != YamlNode::Kind::kMap || root->keys.empty()) return false;
  SettingsOfFile(*root, {}, errors);
  return errors.empty();
}

namespace {

void Add(YAML::Emitter& out, const Axis& axis) {
  out << YAML::Key << std::string(KeyOf(axis.parameter)) << YAML::Value << YAML::Flow
      << YAML::BeginSeq;
  const bool is_text = Describe(axis.parameter).type == ParameterType::kName;
  for (std::size_t i = 0; i < axis.values.size(); ++i) {
    if (is_text) out << YAML::DoubleQuoted;
    out << LabelOf(axis, i);
  }
  out << YAML::EndSeq;
}

void AddText(YAML::Emitter& out, const char* key, const std::string& text) {
  if (!text.empty()) out << YAML::Key << key << YAML::Value << YAML::DoubleQuoted << text;
}

void AddPrompt(YAML::Emitter& out, const Prompt& prompt) {
  if (const auto* built_in = std::get_if<BuiltInPrompt>(&prompt)) {
    if (built_in->tokens) out << YAML::Key << "prompt_tokens" << YAML::Value << *built_in->tokens;
    return;
  }
  const auto& text = std::get<PromptText>(prompt);
  if (!text.file.empty()) {
    AddText(out, "prompt_file", text.file.string());
  } else {
    AddText(out, "prompt", text.text);
  }
}

void AddTraffic(YAML::Emitter& out, const TrafficOptions& traffic) {
  AddText(out, "arrival", std::string(KeyOf(traffic.arrival)));
  if (traffic.duration) {
    out << YAML::Key << "duration_s" << YAML::Value << traffic.duration->count();
  }
  out << YAML::Key << "requests" << YAML::Value << traffic.requests;
  std::vector<std::string> objectives;
  for (const Objective& objective : traffic.objectives) {
    objectives.push_back(FormatObjective(objective));
  }
  AddText(out, "slo", fmt::format("{}", fmt::join(objectives, ",")));
}

}  // namespace

std::string FormatSweepConfig(const SweepConfig& config) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  if (config.space.Find(Parameter::kModel) == nullptr) AddText(out, "model", config.model);
  if (config.space.Find(Parameter::kOllama) == nullptr) AddText(out, "ollama", config.ollama);
  AddText(out, "modelfile", config.modelfile.string());
  AddPrompt(out, config.prompt);
  if (config.workload != WorkloadKind::kPrefill) {
    AddText(out, "workload", std::string(Describe(config.workload).key));
  }
  for (const Axis& axis : config.space.axes) Add(out, axis);
  out << YAML::Key << "test_row_first" << YAML::Value << config.row_first;
  // Written without need, it would be read as an axis.
  if (config.num_predict != Describe(config.workload).num_predict) {
    out << YAML::Key << "num_predict" << YAML::Value << config.num_predict;
  }
  out << YAML::Key << "repetitions" << YAML::Value;
  if (config.repetitions) {
    out << *config.repetitions;
  } else {
    out << std::string(ConfigKeyOf("repetitions").word);
  }
  if (config.extra) out << YAML::Key << "extra" << YAML::Value << *config.extra;
  out << YAML::Key << "timeout_s" << YAML::Value << static_cast<int>(config.timeout.count());
  if (config.workload == WorkloadKind::kLoad) AddTraffic(out, config.traffic);
  out << YAML::EndMap << YAML::Newline;
  return out.c_str();
}

}  // namespace ollama_bench
