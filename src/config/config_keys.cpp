#include "ollama_bench/config/config_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace ollama_bench {
namespace {

constexpr int kMostTimeout = 7 * 24 * 3600;

ConfigKey Text(std::string key, std::string flag, std::string help, std::string example) {
  return {std::move(key),
          std::move(flag),
          std::move(help),
          std::move(example),
          0,
          0,
          {},
          false,
          false,
          false,
          {}};
}

ConfigKey Number(std::string key, std::string flag, std::string help, std::string example,
                 int lowest, int highest) {
  return {std::move(key),
          std::move(flag),
          std::move(help),
          std::move(example),
          lowest,
          highest,
          {},
          false,
          false,
          false,
          {}};
}

// The parts of a range have flags of their own where the old script's settings had them.
ConfigKey PartOfRange(const ParameterInfo& info, const char* part, std::string help,
                      std::string example) {
  return {fmt::format("{}.{}", info.key, part),
          IsOfUsualPair(info.parameter) ? fmt::format("{}-{}", info.flag, part) : std::string(),
          std::move(help),
          std::move(example),
          info.lowest,
          info.highest,
          {},
          false,
          false,
          false,
          info.parameter};
}

std::string HelpOf(const ParameterInfo& info) {
  switch (info.type) {
    case ParameterType::kName:
      return std::string(info.help);
    case ParameterType::kCount:
      return fmt::format("{} values, a list or ranges START-END:STEP: {}", info.key, info.help);
    default:
      return fmt::format("{} values, a list: {}", info.key, info.help);
  }
}

void AddParameter(std::vector<ConfigKey>& keys, const ParameterInfo& info) {
  std::string example(info.example);
  keys.push_back({std::string(info.key),
                  std::string(info.flag),
                  HelpOf(info),
                  example,
                  info.lowest,
                  info.highest,
                  {},
                  false,
                  false,
                  false,
                  info.parameter});
  if (info.type != ParameterType::kCount) return;
  const std::string first = example.substr(0, example.find(','));
  keys.push_back(PartOfRange(info, "start", fmt::format("first {} of a range", info.key), first));
  keys.push_back(PartOfRange(
      info, "end", fmt::format("end of the {} range, included when a step hits it", info.key),
      example.substr(example.rfind(',') + 1)));
  keys.push_back(PartOfRange(info, "step", fmt::format("step of the {} range", info.key), first));
  keys.back().lowest = 1;
}

std::vector<ConfigKey> MakeKeys() {
  std::vector<ConfigKey> keys;
  AddParameter(keys, Describe(Parameter::kModel));
  keys.push_back(
      Text("modelfile", "--modelfile", "Modelfile to take instead of a model", "./Modelfile"));
  keys.push_back(
      Text("workload", "--workload", "what is measured: prefill, generate or load", "prefill"));
  for (const ParameterInfo& info : AllParameters()) {
    if (info.parameter != Parameter::kModel) AddParameter(keys, info);
  }
  const std::vector<ConfigKey> others = {
      Text("prompt_file", "--prompt-file", "file that holds the prompt", "./prompt.txt"),
      Text("prompt", "--prompt", "the prompt itself", "\"some long text\""),
      Number("repetitions", "--repetitions", "counted runs of each cell, or auto", "auto", 1,
             1'000),
      Number("extra", "--extra",
             "loads after the pass, at most, that decide between the best cells; 0: none", "27", 0,
             10'000),
      Number("confirm", "--confirm", "six extra loads for each of these", "3", 0, 10),
      Text("arrival", "--arrival", "when requests of a rate are sent: poisson or constant",
           "poisson"),
      Number("requests", "--requests", "requests that a window of load counts at least", "72", 1,
             100'000),
      Text("duration_s", "--duration",
           "length of a window of load, in place of a number of requests", "60"),
      Text("slo", "--slo", "service level objectives that a level of load must meet",
           "ttft_p95=2s,tpot_p50=100ms"),
      Number("timeout_s", "--timeout", "seconds that one create, and one run, may take", "360", 1,
             kMostTimeout),
  };
  keys.insert(keys.end(), others.begin(), others.end());
  for (ConfigKey& key : keys) {
    if (key.key == "repetitions") key.word = "auto";
    key.is_hidden = key.key == "confirm";
    key.is_of_load_alone = key.key == "arrival" || key.key == "requests" ||
                           key.key == "duration_s" || key.key == "slo" ||
                           (key.parameter && Describe(*key.parameter).scope == Scope::kTraffic);
    key.is_of_run_alone = key.key == "repetitions" || key.key == "extra" || key.key == "confirm";
  }
  return keys;
}

}  // namespace

std::span<const ConfigKey> AllConfigKeys() {
  static const std::vector<ConfigKey> kKeys = MakeKeys();
  return kKeys;
}

const ConfigKey& ConfigKeyOf(std::string_view key) {
  const auto keys = AllConfigKeys();
  return *std::find_if(keys.begin(), keys.end(),
                       [key](const ConfigKey& known) { return known.key == key; });
}

}  // namespace ollama_bench
