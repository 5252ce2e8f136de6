#include "ollama_bench/config/format_config.h"

#include <yaml-cpp/yaml.h>

#include "ollama_bench/config/config_keys.h"

namespace ollama_bench {
namespace {

void Add(YAML::Emitter& out, const Axis& axis) {
  out << YAML::Key << std::string(KeyOf(axis.parameter)) << YAML::Value << YAML::Flow
      << YAML::BeginSeq;
  for (std::size_t i = 0; i < axis.values.size(); ++i) out << LabelOf(axis, i);
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

}  // namespace

std::string FormatSweepConfig(const SweepConfig& config) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  AddText(out, "model", config.model);
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
  out << YAML::EndMap << YAML::Newline;
  return out.c_str();
}

}  // namespace ollama_bench
