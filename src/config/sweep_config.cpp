#include "ollama_bench/config/sweep_config.h"

#include <algorithm>

namespace ollama_bench {

bool SweepsThePairAlone(const SweepConfig& config) {
  if (config.workload != WorkloadKind::kPrefill) return false;
  return std::all_of(config.space.axes.begin(), config.space.axes.end(), [](const Axis& axis) {
    switch (axis.parameter) {
      case Parameter::kNumCtx:
      case Parameter::kNumBatch:
        return true;
      case Parameter::kPromptTokens:
      case Parameter::kNumPredict:
        return axis.values.size() == 1;
      default:
        return false;
    }
  });
}

void HoldRequestForAll(SweepConfig& config) {
  if (const Axis* tokens = config.space.Find(Parameter::kPromptTokens)) {
    config.prompt = BuiltInPrompt{tokens->values.front()};
    config.space.Set(Parameter::kPromptTokens, {});
  }
  if (const Axis* tokens = config.space.Find(Parameter::kNumPredict)) {
    config.num_predict = tokens->values.front();
    config.space.Set(Parameter::kNumPredict, {});
  }
}

}  // namespace ollama_bench
